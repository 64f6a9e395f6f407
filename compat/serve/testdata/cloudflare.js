// Prints how Cloudflare Pages answers, by its own code: standard input is JSON, a list of {redirects, headers, files,
// requests}, standard output a list of lists of {status, to, body, fields}. esbuild bundles it: see cloudflare_test.go.

import fs from 'node:fs'
import { generateHandler } from './asset-server/handler'
import { createMetadataObject } from './metadata-generator/createMetadataObject'
import { parseHeaders } from './metadata-generator/parseHeaders'
import { parseRedirects } from './metadata-generator/parseRedirects'

const answer = async (metadata, files, target) => {
  const r = await generateHandler({
    request: new Request('http://127.0.0.1' + target),
    metadata,
    findAssetEntryForPath: async (path) => (path in files ? path : null),
    getAssetKey: (path) => path,
    negotiateContent: () => ({ encoding: null }),
    fetchAsset: async (path) => ({ body: files[path], contentType: 'text/plain' }),
    logError: (err) => { throw err },
  })
  const fields = {}
  for (const [name, value] of r.headers) if (name.startsWith('x-t-')) fields[name] = value
  return { status: r.status, to: r.headers.get('location') ?? '', body: await r.text(), fields }
}

const main = async () => {
  const answers = []
  for (const { redirects, headers, files, requests } of JSON.parse(fs.readFileSync(0, 'utf8'))) {
    const parsed = { redirects: parseRedirects(redirects), headers: parseHeaders(headers) }
    for (const { invalid } of Object.values(parsed)) if (invalid.length) throw new Error(JSON.stringify(invalid))
    const metadata = createMetadataObject(parsed)
    const list = []
    for (const target of requests) list.push(await answer(metadata, files, target))
    answers.push(list)
  }
  process.stdout.write(JSON.stringify(answers))
}

main()
