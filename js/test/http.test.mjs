import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { open, TpkError } from "../dist/node.js";
import { readers } from "./list.mjs";
import { serve } from "./server.mjs";

const golden = join(readers, "../golden/v1");
const many = readFileSync(join(readers, "good/many.tar.gz"));
const codings = readFileSync(join(golden, "codings.tar.gz"));
const codingsIndex = readFileSync(join(golden, "codings.tar.gz.tpi"));
const grown = readFileSync(join(golden, "grown.tar.gz"));
const grownIndex = readFileSync(join(golden, "grown.tar.gz.tpi"));
const beside = { "a.tar.gz": codings, "a.tar.gz.tpi": codingsIndex };
const quick = { retryDelay: 1 };

async function host(t, files, tamper) {
  const h = await serve({ files: { ...files }, tamper });
  t.after(h.close);
  return h;
}

const code = (wanted) => (error) => {
  assert.ok(error instanceof TpkError, String(error.stack));
  assert.equal(error.code, wanted, error.message);
  assert.ok(!error.message.includes("\n"), error.message);
  return true;
};

/** firstFile returns the first file of an archive that is not empty. */
async function firstFile(a, fits = () => true) {
  for await (const e of a.walk()) if (e.type === "file" && e.size > 0 && fits(e)) return e;
}

test("all requests but the first have If-Match and ask for identity", async (t) => {
  const h = await host(t, beside);
  const a = await open(h.url + "a.tar.gz");
  await a.read(await firstFile(a));
  const seen = new Set();
  for (const { path, headers } of h.requests) {
    assert.match(headers.range, /^bytes=\d+-\d+$/);
    assert.equal(headers["accept-encoding"], "identity");
    assert.equal(headers["if-match"] !== undefined, seen.has(path));
    seen.add(path);
  }
});

test("the query of a URL is that of the index, too", async (t) => {
  const h = await host(t, beside);
  let last;
  const a = await open(h.url + "a.tar.gz?v=1#x", { onRequest: (url) => last = url });
  await a.lstat("x");
  assert.equal(last, h.url + "a.tar.gz.tpi?v=1");
});

// What one request can do wrong, at each of the requests that reading a file takes.
const faults = {
  "200 for a range": ["NO_RANGES", (a) => { a.status = 200; }],
  "200, compressed": ["COMPRESSED", (a) => { a.status = 200; a.headers["content-encoding"] = "br"; }],
  "a content coding": ["COMPRESSED", (a) => { a.headers["content-encoding"] = "zstd"; }],
  "no Content-Range": ["ANSWER", (a) => { delete a.headers["content-range"]; }],
  "a Content-Range of no size": ["ANSWER", (a) => {
    a.headers["content-range"] = a.headers["content-range"].replace(/\/.*/, "/*"); }],
  "another range": ["ANSWER", (a) => {
    a.headers["content-range"] = a.headers["content-range"].replace(/bytes \d+/, "bytes 7"); }],
  "a longer body": ["ANSWER", (a) => { a.body = Buffer.concat([a.body, a.body]); }],
  "a shorter body": ["UNAVAILABLE", (a) => { a.body = a.body.subarray(0, -1); }],
  "parts": ["ANSWER", (a) => { delete a.headers["content-range"];
    a.headers["content-type"] = "multipart/byteranges; boundary=x"; }],
  "500": ["UNAVAILABLE", (a) => { a.status = 500; }],
  "429": ["UNAVAILABLE", (a) => { a.status = 429; }],
  "400": ["ANSWER", (a) => { a.status = 400; }],
  "a cut connection": ["UNAVAILABLE", () => false],
};
for (const [name, [wanted, fault]] of Object.entries(faults)) {
  test(`a server's fault: ${name}`, async (t) => {
    const good = await host(t, beside);
    const a = await open(good.url + "a.tar.gz");
    const path = (await firstFile(a)).path;
    good.requests.length = 0;
    const b = await open(good.url + "a.tar.gz");
    await b.read(path);
    const total = good.requests.length;
    assert.ok(total >= 4);
    for (let at = 1; at <= total; at++) {
      let n = 0;
      const h = await serve({ files: beside, tamper: (x) => ++n >= at ? fault(x) : undefined });
      try {
        await assert.rejects(async () => {
          const c = await open(h.url + "a.tar.gz", quick);
          await c.read(path);
        }, code(wanted), `at request ${at}`);
      } finally {
        await h.close();
      }
    }
  });
}

test("a server that fails twice in a row is asked again", async (t) => {
  let n = 0;
  const h = await host(t, beside, (a) => n++ % 3 < 2 ? ((a.status = 503), undefined) : undefined);
  const a = await open(h.url + "a.tar.gz", quick);
  const e = await firstFile(a);
  assert.equal((await a.read(e)).length, e.size);
});

test("a large answer that is cut off goes on where it ended", async (t) => {
  const h = await host(t, beside);
  const want = await open(join(golden, "codings.tar.gz"));
  const e = await firstFile(want, (x) => x.packed > 3000);
  const a = await open(h.url + "a.tar.gz", { ...quick, retries: 9 });
  const same = await a.lstat(e.path);
  h.requests.length = 0;
  h.tamper = (x) => x.body.length < 1000;
  assert.equal(Buffer.compare(await a.read(same), await want.read(e)), 0);
  const starts = h.requests.filter((r) => r.path === "a.tar.gz")
    .map((r) => Number(/=(\d+)/.exec(r.headers.range)[1]));
  assert.ok(starts.length > 2 && starts.every((s, i) => i === 0 || s > starts[i - 1]), String(starts));
});

test("an archive that is replaced", async (t) => {
  for (const ignoresMatch of [false, true]) {
    const h = await host(t, beside);
    const a = await open(h.url + "a.tar.gz", quick);
    const e = await firstFile(a);
    h.ignoresMatch = ignoresMatch;
    h.files["a.tar.gz"] = grown;
    h.files["a.tar.gz.tpi"] = grownIndex;
    await assert.rejects(a.read(e), code("CHANGED"));
    const b = await open(h.url + "a.tar.gz", quick);
    assert.notEqual(b.digest, a.digest);
  }
});

test("the same name and size, but another ETag, by a server that ignores If-Match", async (t) => {
  const h = await host(t, beside);
  const a = await open(h.url + "a.tar.gz", quick);
  const e = await firstFile(a);
  h.tamper = (x) => {
    if (x.status === 412) throw new Error("not reached");
    x.headers.etag = '"other"';
  };
  await assert.rejects(a.read(e), code("CHANGED"));
});

test("a foreign index, none, and none that may be seen", async (t) => {
  for (const [status, index] of [[404, undefined], [403, undefined], [200, grownIndex]]) {
    const h = await host(t, { "a.tar.gz": codings, "a.tar.gz.tpi": index }, (a, _, path) => {
      if (path.endsWith(".tpi") && status === 403) a.status = 403;
    });
    await assert.rejects(open(h.url + "a.tar.gz"), code("NO_INDEX"));
    h.files["a.tar.gz"] = many; // has its index in itself
    const a = await open(h.url + "a.tar.gz");
    assert.ok(a.embedded);
  }
});

test("a host's page in place of the index, or an empty one", async (t) => {
  for (const [wanted, fault] of [
    ["NO_RANGES", (x) => Object.assign(x, { status: 200, headers: { "content-type": "text/html" } })],
    ["COMPRESSED", (x) => { x.headers["content-encoding"] = "br"; }],
    ["ANSWER", (x) => { x.status = 400; }],
    ["UNAVAILABLE", (x) => { x.status = 503; }],
    ["NO_INDEX", (x) => Object.assign(x,
      { status: 416, headers: { "content-range": "bytes */0" }, body: Buffer.alloc(0) })],
  ]) {
    const h = await host(t, { ...beside }, (x, _, path) => { if (path.endsWith(".tpi")) fault(x); });
    await assert.rejects(open(h.url + "a.tar.gz", quick), code(wanted));
    h.files["a.tar.gz"] = many; // has its index in itself
    assert.ok((await open(h.url + "a.tar.gz", quick)).embedded);
  }
});

test("an empty file", async (t) => {
  const h = await host(t, { "a.tar.gz": Buffer.alloc(0) });
  await assert.rejects(open(h.url + "a.tar.gz"), code("CORRUPT"));
});

test("a shorter version on a server that ignores If-Match", async (t) => {
  const h = await host(t, { ...beside });
  h.ignoresMatch = true;
  const a = await open(h.url + "a.tar.gz", quick);
  let last;
  for await (const e of a.walk()) {
    if (e.content?.packed > 0 && !(last?.content.offset > e.content.offset)) last = e;
  }
  h.files["a.tar.gz"] = codings.subarray(0, 100);
  await assert.rejects(a.read(last), code("CHANGED"));
});

/** keepIn is a Keep in memory. */
function keepIn(kept) {
  return {
    last: async (url) => kept.get(url),
    begin: async (url, g) => void kept.set(url, g),
    get: async (url, g, offset, length) => kept.get(`${url} ${g.etag} ${offset} ${length}`),
    put: async (url, g, offset, b) => void kept.set(`${url} ${g.etag} ${offset} ${b.length}`, b),
  };
}

/** silent is a network that answers nothing. */
const silent = (_, { signal }) => new Promise((_, fail) =>
  signal.addEventListener("abort", () => fail(new Error("aborted"))));

test("what is kept is used when the network does not answer", async (t) => {
  for (const files of [beside, { "a.tar.gz": many }]) {
    const h = await host(t, files);
    const keep = keepIn(new Map());
    const url = h.url + "a.tar.gz";
    const options = { ...quick, keep, blockSize: 65_536 };
    const a = await open(url, options);
    const e = await firstFile(a);
    const want = await a.read(e);
    let asked = 0;
    const b = await open(url, { ...options, timeout: 20, fetch: (url, init) => {
      asked++;
      return silent(url, init);
    } });
    assert.deepEqual(await b.read(e.path), want);
    assert.equal(asked, 2); // for the index and for the archive
    await assert.rejects(open(url, { ...quick, timeout: 20, fetch: silent }), code("UNAVAILABLE"));
  }
});

test("missing, forbidden, unreachable, not http", async (t) => {
  const h = await host(t, {});
  await assert.rejects(open(h.url + "a.tar.gz"), code("NOT_FOUND"));
  h.tamper = (a) => { a.status = 401; };
  await assert.rejects(open(h.url + "a.tar.gz"), code("DENIED"));
  await h.close();
  await assert.rejects(open(h.url + "a.tar.gz", quick), (error) =>
    code("UNAVAILABLE")(error) && error.message.endsWith(": can't be reached: ECONNREFUSED"));
  await assert.rejects(open("ftp://127.0.0.1/a.tar.gz", quick), code("UNAVAILABLE"));
  await assert.rejects(open("/no/such/file"), code("NOT_FOUND"));
  await assert.rejects(open("/tmp"), code("NOT_FOUND"));
});

test("a server that stops in the middle", async (t) => {
  const h = await host(t, beside);
  const a = await open(h.url + "a.tar.gz", { retries: 0, timeout: 50, fetch: async (url, init) => {
    const r = await fetch(url, { ...init, signal: undefined }); // the host itself may be slow
    if (url.endsWith(".tpi") || r.headers.get("content-length") === "64") return r;
    // The body has one byte, and then nothing more.
    return new Response(new ReadableStream({
      start(control) {
        control.enqueue(new Uint8Array(1));
        const stop = () => control.error(new Error("aborted"));
        if (init.signal.aborted) stop();
        else init.signal.addEventListener("abort", stop);
      },
    }), { status: r.status, headers: r.headers });
  } });
  await assert.rejects(a.read(await firstFile(a)), code("UNAVAILABLE"));
});

test("a stream that is not read to its end ends its request", async (t) => {
  const h = await host(t, beside);
  const a = await open(h.url + "a.tar.gz");
  const e = await firstFile(a, (x) => x.size > 1 << 20);
  const reader = a.stream(e).getReader();
  assert.ok((await reader.read()).value.length > 0);
  await reader.cancel();
  let got = 0;
  for await (const p of a.stream(e)) got += p.length;
  assert.equal(got, e.size);
});

// The promise of the README. The index of the tree has 1,230 entries.
test("a cold file takes four requests and about 4 KB, and one when the index is there", async (t) => {
  const h = await host(t, { "a.tar.gz": many });
  const first = await open(h.url + "a.tar.gz");
  const e = await firstFile(first, (x) => x.size > 0);
  h.bytes = 0;
  const a = await open(h.url + "a.tar.gz");
  h.requests.length = 0;
  await a.read(e.path);
  assert.ok(h.requests.length <= 4, `${h.requests.length} requests`);
  const opening = 32_768 + 512; // the end of an archive that has its index in itself, and F
  assert.ok(h.bytes - opening - e.packed <= 3072, `${h.bytes} bytes, ${e.packed} of them the file`);
  h.requests.length = 0;
  await a.read(e.path);
  assert.equal(h.requests.length, 1);
  const b = await open(h.url + "a.tar.gz");
  await b.loadIndex();
  h.requests.length = 0;
  await b.read(e.path);
  assert.equal(h.requests.length, 1);
  assert.equal(await b.lstat("not/there"), undefined);
  assert.equal(h.requests.length, 1);
});

test("a walk reads the index ahead", async (t) => {
  const h = await host(t, { "a.tar.gz": many });
  const a = await open(h.url + "a.tar.gz");
  h.requests.length = 0;
  let n = 0;
  for await (const _ of a.walk()) n++;
  assert.equal(n, a.entries);
  assert.ok(h.requests.length <= 40, `${h.requests.length} requests`);
});
