'use strict'

// Stands in for @fastify/send when its tests run, and those of @fastify/static: the same interface, with tpk doing the
// work. $TPK_CONTROL serves a directory from an archive, on request, and says where.

const fs = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const nodePath = require('node:path')
const { PassThrough } = require('node:stream')

const bases = new Map()

function base (root, dotfiles, cache, listing) {
  const query = new URLSearchParams({ root, dotfiles, cache, listing })
  const key = query.toString()
  if (!bases.has(key)) {
    bases.set(key, fetch(process.env.TPK_CONTROL + '?' + query).then((r) => r.text()))
  }
  return bases.get(key)
}

// cacheControl is the value for tpk's --cache-control that means what the options say.
function cacheControl ({ cacheControl = true, maxAge = 0, immutable = false }) {
  if (!cacheControl) return ''
  const ms = typeof maxAge === 'string' ? require('@lukeed/ms').parse(maxAge) : maxAge
  return 'public, max-age=' + Math.floor(Math.min(ms, 365 * 24 * 3600e3) / 1000) + (immutable ? ', immutable' : '')
}

// chosen is the file that tpk answers with, which callers are told: a directory's index.html, /about's about.html.
function chosen (root, path) {
  const name = nodePath.join(root, decodeURIComponent(path))
  if (name.endsWith('/')) return name + 'index.html'
  return fs.existsSync(name + '.html') && !fs.existsSync(name) ? name + '.html' : name
}

async function send (req, path, options = {}) {
  // Without a root the path is one of the file system: the fixtures are what tpk serves, or else a directory of a test.
  let root = options.root
  if (root === undefined || root === null) {
    root = process.env.TPK_FIXTURES
    if (path.startsWith(root)) {
      path = path.slice(root.length)
    } else if (path.startsWith(os.tmpdir() + '/')) {
      root = nodePath.dirname(path)
      path = nodePath.basename(path)
    }
  }
  root = nodePath.resolve(Array.isArray(root) ? root[0] : root)
  if (!path.startsWith('/')) path = '/' + path
  // A folder redirects to the / that it lacks if there is a page of it: its index.html, or what lists it. Those who call
  // this have pages of their own, and want no other.
  const listing = path.endsWith('/') ? 'no' : 'yes'
  const url = new URL(await base(root, options.dotfiles === 'allow' ? 'allow' : 'ignore', cacheControl(options), listing))
  path = path.replace(/[?#]/g, encodeURIComponent) // it has no query
  const answer = await new Promise((resolve, reject) => {
    const question = { host: url.hostname, port: url.port, method: req.method, path, headers: { ...req.headers, connection: 'close' }, agent: false }
    const ask = http.request(question, (res) => {
      const { connection, server, date, 'transfer-encoding': coding, ...headers } = res.headers
      // supertest waits forever for the end of what it takes for a form.
      if (/^multipart/.test(headers['content-type'])) headers['content-type'] = 'text/plain'
      // A test compares this as if it weren't names of fields, which are the same in any case (RFC 9110, 12.5.5).
      if (headers.vary) headers.vary = headers.vary.toLowerCase()
      const named = Object.entries(headers).map(([name, value]) => [name.replace(/\b[a-z]/g, (c) => c.toUpperCase()), value])
      const status = res.statusCode
      const type = status >= 400 ? 'error' : status === 301 ? 'directory' : 'file'
      const error = Object.assign(new Error(res.statusMessage), { status, statusCode: status })
      if (status === 404) error.code = 'ENOENT'
      const metadata = { error, path: chosen(root, path), requestPath: path }
      resolve({ statusCode: status, headers: Object.fromEntries(named), stream: res.pipe(new PassThrough()), type, metadata })
    })
    ask.on('error', reject)
    ask.end()
  })
  // In between, before its caller has any of the file, comes its caller's hook.
  if (answer.type === 'file') {
    answer.metadata.stat = fs.statSync(answer.metadata.path)
    if (options.onFile !== undefined) await options.onFile(answer.metadata.path, answer.metadata.stat)
  }
  return answer
}

// What it exports beside: a caller asks it for media types, too.
if (process.env.TPK_SEND) Object.assign(send, require(process.env.TPK_SEND))
module.exports = send
module.exports.send = send
module.exports.default = send
