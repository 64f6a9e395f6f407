// A server of files with ranges, which counts requests and can be made to misbehave.
import { createServer } from "node:http";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * serve starts a server. files are contents by path; what is not there comes from root. tamper is
 * called with each answer, { status, headers, body }, before it is sent, and may change it; if it
 * returns false, the connection is closed after half of the body. A host with ignoresMatch set
 * takes no notice of If-Match.
 */
export async function serve({ root, files = {}, tamper = () => {} }) {
  const host = { requests: [], bytes: 0, files, tamper };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://h").pathname).slice(1);
    host.requests.push({ method: request.method, path, headers: request.headers });
    if (host.ignoresMatch) delete request.headers["if-match"];
    const a = answer(request, host.files[path] ?? readFile(root, path));
    const whole = host.tamper(a, request, path) !== false;
    host.bytes += a.body.length;
    response.writeHead(a.status, { "content-length": a.body.length, ...a.headers });
    if (whole) return response.end(request.method === "HEAD" ? "" : a.body);
    response.write(a.body.subarray(0, a.body.length >> 1), () => response.destroy());
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  host.url = `http://127.0.0.1:${server.address().port}/`;
  host.close = async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return host;
}

function readFile(root, path) {
  if (root === undefined) return undefined;
  const name = join(root, path);
  return statSync(name, { throwIfNoEntry: false })?.isFile() ? readFileSync(name) : undefined;
}

const tagOf = (b) => `"${b.length}-${b.subarray(-40).toString("hex")}"`;

function answer(request, b) {
  if (b === undefined) return { status: 404, headers: {}, body: Buffer.from("not here") };
  const headers = { etag: tagOf(b) };
  const match = request.headers["if-match"];
  if (match !== undefined && match !== headers.etag) {
    return { status: 412, headers, body: Buffer.alloc(0) };
  }
  const m = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  if (!m) return { status: 200, headers, body: b };
  const start = m[1] === "" ? Math.max(0, b.length - Number(m[2])) : Number(m[1]);
  const end = m[1] === "" || m[2] === "" ? b.length : Math.min(Number(m[2]) + 1, b.length);
  if (start >= end) {
    return { status: 416, headers: { "content-range": `bytes */${b.length}` }, body: Buffer.alloc(0) };
  }
  headers["content-range"] = `bytes ${start}-${end - 1}/${b.length}`;
  return { status: 206, headers, body: b.subarray(start, end) };
}
