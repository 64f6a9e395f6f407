import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { openAsBlob } from "node:fs";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { open, TpkError } from "../dist/node.js";
import { bytesOf, list, readers } from "./list.mjs";
import { serve } from "./server.mjs";

const sha256 = (b) => createHash("sha256").update(b).digest("hex");

/** compare compares all entries of an archive with those of the list. */
async function compare(archive, want) {
  assert.equal(archive.entries, want.length);
  for (const [i, w] of want.entries()) {
    const path = bytesOf(w.path);
    const e = await archive.lstat(path);
    assert.ok(e, w.path);
    assert.deepEqual(await archive.entry(i), e);
    assert.deepEqual(Buffer.from(e.pathBytes), path);
    const type = { dir: "directory", char: "character device", block: "block device" }[w.type] ?? w.type;
    assert.equal(e.ordinal, i);
    assert.equal(e.type, type, w.path);
    assert.equal(e.mode, w.mode, w.path);
    assert.equal(e.mtime, w.mtime, w.path);
    if (w.target !== undefined) assert.deepEqual(Buffer.from(e.targetBytes), bytesOf(w.target));
    if (w.sha256 === undefined) {
      if (type !== "symlink") await assert.rejects(archive.read(path), TpkError);
      continue;
    }
    assert.equal(e.size, w.size, w.path);
    if (want.length > 200 && i % 20 !== 0) continue; // one archive has many small files
    if (w.coding !== undefined && e.type === "file") assert.equal(e.content.coding, w.coding, w.path);
    const all = await archive.read(e);
    assert.equal(all.length, w.size);
    assert.equal(sha256(all), w.sha256, w.path);
    if (i % 30 === 0 || all.length > 60_000) await compareRanges(archive, e, all);
  }
  const there = new Set(want.map((w) => bytesOf(w.path).toString("latin1")));
  for (const path of there) {
    if (!there.has(path + "x")) {
      assert.equal(await archive.lstat(Buffer.from(path + "x", "latin1")), undefined);
    }
  }
  const walked = [];
  for await (const e of archive.walk()) walked.push(e.ordinal);
  assert.deepEqual(walked, want.map((_, i) => i));
  await compareLists(archive, want);
}

async function compareRanges(archive, e, all) {
  const n = all.length;
  const edges = [0, 1, n / 3, 65_534, 65_535, 65_536, 131_070, 1 << 20, (1 << 20) + 1, n - 1, n, n + 9]
    .map(Math.floor).filter((x) => x >= 0 && x <= n + 9);
  for (const start of new Set(edges)) {
    for (const end of [start, start + 1, start + 70_000, n]) {
      if (end < start) continue;
      const got = await archive.read(e, { start, end });
      assert.equal(Buffer.compare(got, all.subarray(start, end)), 0, `${e.path} ${start}-${end}`);
    }
  }
}

/** compareLists lists each directory, and compares it with the paths of the list. */
async function compareLists(archive, want) {
  const paths = want.map((o) => bytesOf(o.path).toString("latin1"));
  for (const w of [{ path: "", type: "dir" }, ...want]) {
    if (w.type !== "dir") continue;
    const dir = bytesOf(w.path).toString("latin1");
    const names = paths.filter((p) => p.slice(0, Math.max(0, p.lastIndexOf("/"))) === dir);
    const got = [];
    for await (const e of archive.list(bytesOf(w.path))) {
      got.push(Buffer.from(e.pathBytes).toString("latin1"));
    }
    assert.deepEqual(got, names);
  }
}

for (const { name, note, archive } of list.good) {
  const { entries } = list.good.find((g) => g.name === name);
  const file = join(readers, archive);
  test(`good: ${name}: ${note}`, async () => {
    const a = await open(file);
    await compare(a, entries);
    await a.close();
  });
  test(`good: ${name} on a server`, async (t) => {
    const host = await serve({ root: join(readers, "..") });
    t.after(host.close);
    const path = new URL(archive, "http://h/readers/").pathname;
    const a = await open(host.url + path.slice(1));
    await compare(a, entries);
    const b = await open(host.url + path.slice(1));
    await b.loadIndex();
    await compare(b, entries);
  });
  if (archive.endsWith(".tps")) continue;
  test(`good: ${name} from a Blob`, async () => {
    const index = existsSync(file + ".tpi") ? await openAsBlob(file + ".tpi") : undefined;
    await compare(await open(await openAsBlob(file), { index }), entries);
  });
}

/** use does what the step "use" of the list does. */
async function use(a) {
  const paths = [];
  for (let i = 0; i < a.entries; i++) paths.push((await a.entry(i)).pathBytes);
  const walk = async (dir, depth = 0) => {
    for await (const e of a.list(dir)) if (e.type === "directory") await walk(e, depth + 1);
  };
  await walk("");
  for (const [i, p] of paths.entries()) {
    const e = await a.lstat(p);
    if (e?.ordinal !== i) throw new TpkError("CORRUPT", "not found again");
    if (e.content) await a.read(e);
  }
}

// The walk of everything is bounded, so that a hostile number of entries can't make it long.
for (const h of list.hostile) {
  test(`hostile: ${h.name}: ${h.note}`, async () => {
    let a;
    try {
      a = await open(join(readers, h.archive));
    } catch (error) {
      assert.ok(error instanceof TpkError, String(error.stack));
      assert.ok(!error.message.includes("\n"));
      if (h.unsupported) assert.equal(error.code, "VERSION", error.message);
      return;
    }
    assert.notEqual(h.refused, "open");
    try {
      await use(a);
    } catch (error) {
      assert.ok(error instanceof TpkError, String(error.stack));
      await a.close();
      return;
    }
    await a.close();
    assert.notEqual(h.refused, "use");
  });
}
