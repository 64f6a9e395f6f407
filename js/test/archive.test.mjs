// What an open archive does, and what it is opened from.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { xxh64, Xxh64 } from "../dist/hash.js";
import { blobSource, bytesSource, open, TpkError } from "../dist/node.js";
import { readers } from "./list.mjs";
import { serve } from "./server.mjs";

const golden = join(readers, "../golden/v1");
const good = (name) => join(readers, "good", name);
const bytes = (name) => readFileSync(name);
const many = bytes(good("many.tar.gz"));

const code = (wanted) => (error) => {
  assert.ok(error instanceof TpkError, String(error.stack));
  assert.equal(error.code, wanted, error.message);
  return true;
};

function directory(t) {
  const dir = mkdtempSync(join(realpathSync(tmpdir()), "tpk-reader-"));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

test("only a path as the archive has it is found, with symbolic links and without", async () => {
  for (const name of [good("everything.tar.gz"), join(golden, "codings.tar.gz")]) {
    const a = await open(name);
    for await (const e of a.walk()) {
      if (e.type === "symlink") continue;
      assert.equal((await a.stat(e.pathBytes)).ordinal, e.ordinal);
      for (const path of [`/${e.path}`, `${e.path}/`, `./${e.path}`, `${e.path}/.`, `x/../${e.path}`,
        e.path.replace("/", "//")]) {
        if (path !== e.path) assert.equal(await a.stat(path), undefined, path);
      }
      if (e.ordinal > 20) break;
    }
    await a.close();
  }
});

test("the root", async () => {
  const a = await open(good("everything.tar.gz"));
  const root = await a.stat("");
  assert.deepEqual(await a.lstat(""), root);
  assert.equal(root.type, "directory");
  assert.equal(root.path, "");
  assert.equal(root.end, a.entries);
  let [size, below] = [0, 0];
  for await (const e of a.walk(root)) {
    if (e.content) size += e.size;
    if (e.type !== "directory") below++;
  }
  assert.equal(root.size, size);
  assert.equal(root.below, below);
  const names = async (list) => {
    const got = [];
    for await (const e of list) got.push(e.path);
    return got;
  };
  assert.deepEqual(await names(a.list(root)), await names(a.list()));
  await assert.rejects(a.read(""), code("NOT_FILE"));
  await a.close();
});

test("a list that begins anywhere, also below a folder", async () => {
  const a = await open(good("many.tar.gz"));
  for (const path of ["", "000"]) {
    const dir = await a.stat(path);
    const all = [];
    for await (const e of a.list(dir)) all.push(e.ordinal);
    assert.ok(all.length > 1);
    for (let from = 0; from < a.entries + 2; from += from < 40 ? 1 : 97) {
      const got = [];
      for await (const e of a.list(dir, from)) got.push(e.ordinal);
      assert.deepEqual(got, all.filter((i) => i >= from), `from ${from} in ${path}`);
    }
  }
});

test("an entry that is a symbolic link is read as its target", async () => {
  const a = await open(good("moved-of-00003.tar.gz.tps"));
  const link = await a.lstat("e");
  assert.equal(link.type, "symlink");
  assert.equal(await a.text(link), "a in 0");
  assert.equal(await a.text(link), await a.text("e"));
  await assert.rejects(async () => { for await (const _ of a.list("e")); }, code("NOT_DIRECTORY"));
  await a.close();
});

test("content is a plain array in a buffer of its own", async () => {
  const file = bytes(join(golden, "codings.tar.gz"));
  const index = bytesSource(bytes(join(golden, "codings.tar.gz.tpi")));
  for (const a of [await open(join(golden, "codings.tar.gz")),
    await open(bytesSource(file), { index })]) {
    const seen = new Set();
    for await (const e of a.walk()) {
      if (e.type !== "file") continue;
      seen.add(e.content.coding);
      const parts = [await a.read(e), await a.read(e, { start: 1, end: 9 })];
      for await (const p of a.stream(e)) parts.push(p);
      for (const p of parts) {
        assert.equal(p.constructor, Uint8Array, e.path);
        assert.equal(p.buffer.byteLength, p.length, e.path);
        assert.notEqual(p.buffer, file.buffer);
      }
    }
    assert.deepEqual([...seen].sort(), ["deflate", "segmented", "stored"]);
  }
});

test("ranges that are none", async () => {
  const a = await open(join(golden, "codings.tar.gz"));
  for await (const e of a.walk()) {
    if (e.type !== "file" || e.size < 10) continue;
    for (const range of [{ start: 1.5 }, { end: 2.5 }, { start: -1 }, { start: 5, end: 4 },
      { start: NaN }, { end: NaN }, { start: Infinity, end: Infinity }, { start: "1" }]) {
      await assert.rejects(a.read(e, range), RangeError);
    }
    assert.equal((await a.read(e, { end: Infinity })).length, e.size);
    assert.equal((await a.read(e, { start: e.size + 5 })).length, 0);
    break;
  }
});

test("a content with another hash than its record has", async () => {
  const a = await open(join(readers, "hostile/hash.tar.gz"));
  await assert.rejects(a.read("a"), code("CORRUPT"));
  await a.close();
});

/** watched is a source that knows how often it was closed, and can't be read after that. */
function watched(name) {
  const s = bytesSource(bytes(name), name);
  return {
    ...s, closed: 0,
    async read(offset, length) {
      assert.equal(this.closed, 0, "read after it was closed");
      return s.read(offset, length);
    },
    close() { this.closed++; },
  };
}

test("a source is closed with its archive, and not before", async () => {
  const archive = watched(good("many.tar.gz")); // has its index in itself
  const foreign = watched(join(golden, "codings.tar.gz.tpi"));
  const a = await open(archive, { index: foreign });
  assert.ok(a.embedded);
  assert.equal((await a.stat("")).end, a.entries);
  await a.close();
  assert.deepEqual([archive.closed, foreign.closed], [1, 1]);
  const bare = watched(join(golden, "codings.tar.gz"));
  await assert.rejects(open(bare), code("NO_INDEX"));
  assert.equal(bare.closed, 0);
  const both = await open(bare, { index: watched(join(golden, "codings.tar.gz.tpi")) });
  await both.close();
  assert.equal(bare.closed, 1);
});

/** place returns an archive in a larger file, with what is given as its index: FORMAT.md 3.2. */
function place(archive, index) {
  const at = Math.ceil(archive.length / 65_536) * 65_536;
  const b = Buffer.alloc(at + index.length + 64);
  archive.copy(b);
  index.copy(b, at);
  const r = b.subarray(-64);
  r.write("TPKPLACE");
  [1n, 0n, BigInt(archive.length), BigInt(at), BigInt(index.length)]
    .forEach((x, i) => r.writeBigUInt64LE(x, 8 + 8 * i));
  archive.copy(r, 48, archive.length - 64 + 38, archive.length - 64 + 46);
  r.writeBigUInt64LE(xxh64(r.subarray(0, 56)), 56);
  return b;
}

test("an archive in a larger file, with its index, another's and none", async (t) => {
  const file = join(directory(t), "disk.img");
  const codings = bytes(join(golden, "codings.tar.gz"));
  const index = bytes(join(golden, "codings.tar.gz.tpi"));
  for (const [b, embedded] of [[place(codings, index), false], [place(many, index), true],
    [place(many, Buffer.alloc(0)), true]]) {
    writeFileSync(file, b);
    const a = await open(file);
    assert.equal(a.embedded, embedded);
    for await (const e of a.walk()) if (e.type === "file") { await a.read(e); break; }
    await a.close();
  }
  writeFileSync(file, place(codings, Buffer.alloc(0)));
  await assert.rejects(open(file), code("NO_INDEX"));
});

test("no file stays open, however an archive was opened", async (t) => {
  if (process.platform !== "linux") return t.skip("counts the files in /proc");
  const dir = directory(t);
  const there = (name, b) => {
    writeFileSync(join(dir, name), b);
    return join(dir, name);
  };
  const index = bytes(join(golden, "codings.tar.gz.tpi"));
  const codings = bytes(join(golden, "codings.tar.gz"));
  there("foreign.tar.gz.tpi", index);
  there("newer.tar.gz.tpi", index);
  const newer = Buffer.from(codings);
  newer[newer.length - 64 + 17] = 2; // the version in T
  const bare = there("bare.tar.gz", codings);
  cpSync(join(readers, "good"), dir, { recursive: true });
  const opened = () => readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // it is closed now
    }
  }).filter((name) => name.startsWith(dir));
  for (const [name, options, wanted] of [
    ...["everything.tar.gz", "moved-of-00003.tar.gz.tps", "many.tar.gz", "stale.tar.gz"]
      .map((name) => [join(dir, name)]),
    [there("foreign.tar.gz", bytes(good("many.tar.gz")))],
    [there("disk.img", place(codings, index))], [there("disk2.img", place(many, index))],
    [bare, { index: join(golden, "codings.tar.gz.tpi") }], [bare, {}, "NO_INDEX"],
    [there("newer.tar.gz", newer), {}, "VERSION"], [there("cut.tar.gz", codings.subarray(9))],
    [there("cut.img", place(codings, Buffer.alloc(0))), {}, "NO_INDEX"],
  ]) {
    try {
      const a = await open(name, options);
      assert.equal(wanted, undefined);
      for await (const e of a.walk()) if (e.content) { await a.read(e); break; }
      await a.close();
    } catch (error) {
      if (!(error instanceof TpkError)) throw error;
      if (wanted) assert.equal(error.code, wanted);
    }
    assert.deepEqual(opened(), [], name);
  }
});

test("inputs that are none", async (t) => {
  const fifo = join(directory(t), "fifo");
  execFileSync("mkfifo", [fifo]);
  await assert.rejects(open(fifo), code("NOT_FOUND"));
  for (const input of [new Uint8Array(9), new ArrayBuffer(9), undefined, null, 5, {}]) {
    await assert.rejects(open(input), TypeError);
  }
  await assert.rejects(open(good("many.tar.gz"), { index: new Uint8Array(9) }), TypeError);
});

test("a File that has changed on disk", async () => {
  const blob = new Blob([bytes(good("many.tar.gz"))]);
  const a = await open({ ...blobSource(blob, "many"), name: "many" });
  const s = blobSource(blob, "many");
  blob.slice = () => ({ arrayBuffer: async () => { throw new DOMException("x", "NotReadableError"); } });
  await assert.rejects(s.read(0, 1), code("CHANGED"));
  assert.ok(a.entries > 0);
});

test("a file that becomes shorter", async (t) => {
  const file = join(directory(t), "a.tar.gz");
  copyFileSync(join(golden, "codings.tar.gz"), file);
  copyFileSync(join(golden, "codings.tar.gz.tpi"), `${file}.tpi`);
  const a = await open(file);
  writeFileSync(file, "");
  for await (const e of a.walk()) {
    if (e.type === "file" && e.size > 0) await assert.rejects(a.read(e), code("CHANGED"));
  }
  await a.close();
});

// Names that python/tpk makes, too.
const long = "日本".repeat(17);
const moved = {
  [`${long}-00000-of-00003.tar.gz`]: bytes(good("moved-00000-of-00003.tar.gz")),
  [`${long}-00001-of-00003.tar.gz`]: bytes(good("moved-00001-of-00003.tar.gz")),
  [`.c03581fdb92aaecc-${"日本".repeat(6)}-00002-of-set.tar.gz.tpk-tmp`]:
    bytes(good(".moved-00002-of-set.tar.gz.tpk-tmp")),
  [`${long}-of-00003.tar.gz.tps`]: bytes(good("moved-of-00003.tar.gz.tps")),
  [`.fb79f1903c542841-${"日本".repeat(5)}-of-00003.tar.gz.tps.tpi.tpk-tmp`]:
    bytes(good("moved-of-00003.tar.gz.tps.tpi")),
};

test("a set with temporary names that were too long, in a folder and on a server", async (t) => {
  const dir = directory(t);
  for (const [name, b] of Object.entries(moved)) writeFileSync(join(dir, name), b);
  const host = await serve({ files: moved });
  t.after(host.close);
  for (const base of [`${dir}/`, host.url]) {
    const a = await open(`${base}${long}-of-00003.tar.gz.tps`);
    assert.equal(await a.text("d/a"), "a in 0");
    assert.equal(await a.text("d/b"), "b in 2");
    await a.close();
  }
});

test("the index of a set: another's under the final name, then none", async (t) => {
  const host = await serve({ files: { ...moved } });
  t.after(host.close);
  const url = `${host.url}${long}-of-00003.tar.gz.tps`;
  host.files[`${long}-of-00003.tar.gz.tps.tpi`] = bytes(good("moved-00000-of-00003.tar.gz.tpi"));
  assert.equal(await (await open(url)).text("d/b"), "b in 2");
  for (const name of Object.keys(host.files)) if (name.includes(".tps.tpi")) delete host.files[name];
  await assert.rejects(open(url), code("NO_INDEX"));
});

test("XXH64, in one piece and in parts", () => {
  // The vectors of its specification's sanity checks, and of the empty input.
  for (const [text, want] of [["", 0xef46db3751d8e999n], ["a", 0xd24ec4f1a98c6e5bn],
    ["abc", 0x44bc2cf5ad770999n],
    ["Call me Ishmael. Some years ago--never mind how long precisely-", 0x02a2e85470d6fd96n]]) {
    assert.equal(xxh64(new TextEncoder().encode(text)), want, text);
  }
  const b = Uint8Array.from({ length: 300 }, (_, i) => Math.imul(i, 2654435761) >>> 24);
  for (let n = 0; n < 200; n++) {
    const want = xxh64(b.subarray(0, n));
    for (const step of [1, 7, 31, 32, 33, 100]) {
      const h = new Xxh64();
      for (let at = 0; at < n; at += step) h.add(b.subarray(at, Math.min(at + step, n)));
      assert.equal(h.sum(), want, `${n} by ${step}`);
    }
  }
});

test("the whole index is loaded once, and after a failure again", async () => {
  let [whole, fails] = [0, true];
  const s = bytesSource(bytes(join(golden, "codings.tar.gz.tpi")));
  const index = { name: "index", size: s.size, read: async (offset, length) => {
    if (length === s.size) {
      whole++;
      if (fails) throw new TpkError("UNAVAILABLE", "no network");
    }
    return s.read(offset, length);
  } };
  const a = await open(bytesSource(bytes(join(golden, "codings.tar.gz"))), { index });
  await assert.rejects(a.loadIndex(), code("UNAVAILABLE"));
  fails = false;
  await Promise.all([a.loadIndex(), a.loadIndex()]);
  assert.equal(whole, 2);
});
