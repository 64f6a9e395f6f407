'use strict'

// Prints what Netlify's own program finds in _redirects: standard input is JSON, a list of {rules, requests}, standard
// output a list of lists of {to, status, force}, or null where no rule matches.

const fs = require('node:fs')
const redirector = require('netlify-redirector')

const ask = (site, target) => {
  const [path, query = ''] = target.split('?')
  return site.match({ scheme: 'http', host: '127.0.0.1', path, query, headers: {}, getHeader: () => '', getCookie: () => '' })
}

const main = async () => {
  const answers = []
  for (const { rules, requests } of JSON.parse(fs.readFileSync(0, 'utf8'))) {
    const site = await redirector.parsePlain(rules, {})
    answers.push(requests.map((target) => {
      const found = ask(site, target)
      return found && { to: found.to, status: found.status, force: found.force }
    }))
  }
  process.stdout.write(JSON.stringify(answers))
}

main()
