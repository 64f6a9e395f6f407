'use strict'

// Stands in for @fastify/send when its tests run: the same interface, with tpk doing the work. $TPK_CONTROL serves a
// directory from an archive, on request, and says where.

const http = require('node:http')
const nodePath = require('node:path')
const { PassThrough } = require('node:stream')

const bases = new Map()

function base (root, dotfiles, cache) {
  const query = new URLSearchParams({ root, dotfiles, cache })
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

async function send (req, path, options = {}) {
  // Without a root the path is one of the file system: the fixtures are what tpk serves.
  let root = options.root
  if (root === undefined || root === null) {
    root = process.env.TPK_FIXTURES
    if (path.startsWith(root)) path = path.slice(root.length)
  }
  root = nodePath.resolve(Array.isArray(root) ? root[0] : root)
  const url = new URL(await base(root, options.dotfiles === 'allow' ? 'allow' : 'ignore', cacheControl(options)))
  if (!path.startsWith('/')) path = '/' + path
  return new Promise((resolve, reject) => {
    const ask = http.request({ host: url.hostname, port: url.port, method: req.method, path, headers: { ...req.headers, connection: 'close' }, agent: false }, (res) => {
      const { connection, server, date, 'transfer-encoding': coding, ...headers } = res.headers
      // supertest waits forever for the end of what it takes for a form.
      if (/^multipart/.test(headers['content-type'])) headers['content-type'] = 'text/plain'
      const status = res.statusCode
      const type = status >= 400 ? 'error' : status === 301 ? 'directory' : 'file'
      const error = Object.assign(new Error(res.statusMessage), { status, statusCode: status })
      resolve({ statusCode: status, headers, stream: res.pipe(new PassThrough()), type, metadata: { error, path: nodePath.join(root, path), requestPath: path } })
    })
    ask.on('error', reject)
    ask.end()
  })
}

module.exports = send
module.exports.send = send
module.exports.default = send
