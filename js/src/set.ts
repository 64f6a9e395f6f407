import { fromByteString, isExact, toByteString, toText } from "./bytes.js";
import type { CacheOptions } from "./cache.js";
import { corrupt, hasCode, TpkError } from "./errors.js";
import { xxh64 } from "./hash.js";
import { optionalSet, parseTrailer, trailerSize } from "./layout.js";
import { type Opened, type Opener, openSide, type Side } from "./opening.js";
import { join, type Source } from "./source.js";

// Shard sets: FORMAT.md, 2.4.

const listName = /^(.*)-of-(\d{5})(\.tar\.gz|\.tgz|)\.tps$/;
const maxShards = 65_536;

/** isSetName reports whether a file name is that of the list of a set. */
export function isSetName(name: string): boolean {
  return listName.test(name);
}

/** The list of a set. */
interface List {
  entries: number;
  digest: bigint;
  shards: { size: number; digest: bigint }[];
}

/** parseList reads the text of a list, and refuses any other text. */
function parseList(b: Uint8Array, name: string): List {
  const text = toByteString(b);
  const m = /^tpk set 1\nentries (0|[1-9]\d*)\nindex ([0-9a-f]{16})\n((?:shard (?:0|[1-9]\d*) [0-9a-f]{16}\n)*)hash ([0-9a-f]{16})\n$/
    .exec(text);
  const other = /^tpk set (\d{1,9})\n/.exec(text);
  if (other && other[1] !== "1") {
    throw new TpkError("VERSION", `${name}: version ${other[1]} of the list is unknown to this ` +
      "reader: a newer one is needed");
  }
  if (!m) throw corrupt(name, "not the list of a set");
  const [, entries, digest, lines, hash] = m as unknown as string[];
  const end = text.length - "hash 0123456789abcdef\n".length;
  if (xxh64(b.subarray(0, end)) !== BigInt("0x" + hash)) throw corrupt(name, "its hash is wrong");
  const shards = lines!.split("\n").slice(0, -1).map((line) => {
    const [, size, shard] = line.split(" ") as [string, string, string];
    return { size: Number(size), digest: BigInt("0x" + shard) };
  });
  const total = shards.reduce((sum, s) => sum + s.size, 0);
  if (shards.some((s) => s.size < trailerSize)) throw corrupt(name, "the size of a shard");
  if (shards.length > maxShards || !isExact(total)) throw corrupt(name, "too many shards");
  return { entries: Number(entries), digest: BigInt("0x" + digest), shards };
}

/** temporary returns the name that a file has until its set is complete: FORMAT.md, 1.5. */
function temporary(name: string): string {
  if (name.length > 96) {
    const hash = xxh64(fromByteString(name)).toString(16).padStart(16, "0");
    name = `${hash}-${name.slice(-56).replace(/^[\x80-\xbf]+/, "")}`;
  }
  return `.${name}.tpk-tmp`;
}

/**
 * openSet opens a set. name is that of its list, and open opens a file beside it. Both names are
 * byte strings.
 */
export async function openSet(
  name: string, open: (name: string) => Opener, options: CacheOptions,
): Promise<Opened> {
  const [, base, count, suffix] = listName.exec(name) as unknown as [string, string, string, string];
  const { source: file, bytes } = await open(name)({ offset: 0, length: 64 * maxShards });
  await file.close?.();
  const shown = toText(name);
  const list = parseList(bytes, shown);
  if (list.shards.length !== Number(count)) throw corrupt(shown, `${list.shards.length} shards`);
  const index = name + ".tpi";
  const side = await openIndex([open(index), open(temporary(index))], shown, list, options);
  const content = join(shown, list.shards.map((s, i) => {
    const number = String(i).padStart(5, "0");
    const final = `${base}-${number}-of-${count}${suffix}`;
    const names = [final, temporary(`${base}-${number}-of-set${suffix}`)];
    return { size: s.size, open: () => openShard(names.map((n) => open(n)), toText(final), s) };
  }));
  return {
    content, side: side.cache, header: side.header, embedded: false,
    check: async () => side.source.check?.(),
    close: async () => {
      await content.close?.();
      await side.source.close?.();
    },
  };
}

/** openIndex opens the index of a set under the first name where it is that of the list. */
async function openIndex(
  openers: Opener[], name: string, list: List, options: CacheOptions,
): Promise<Side> {
  const total = list.shards.reduce((sum, s) => sum + s.size, 0);
  for (const open of openers) {
    let side: Side;
    try {
      side = await openSide(open, options);
    } catch (error) {
      if (!hasCode(error, "NOT_FOUND", "DENIED", "CORRUPT")) throw error;
      continue;
    }
    const { header } = side;
    if (header.digest === list.digest && header.entries === list.entries &&
      header.archiveSize === total && header.optional & optionalSet) return side;
    await side.source.close?.();
  }
  throw new TpkError("NO_INDEX", `${name}: its index is missing, damaged or that of another set`);
}

/** openShard opens a shard under the first name where it is the one of the list. */
async function openShard(
  openers: Opener[], name: string, shard: List["shards"][number],
): Promise<Source> {
  for (const open of openers) {
    let source: Source | undefined;
    try {
      const got = await open({ offset: shard.size - trailerSize, length: trailerSize });
      source = got.source;
      const t = parseTrailer(got.bytes, name);
      if (source.size === shard.size && t?.end === "T" && t.digest === shard.digest &&
        t.offset === shard.size - trailerSize) return source;
    } catch (error) {
      if (!hasCode(error, "NOT_FOUND", "DENIED", "ANSWER", "VERSION")) throw error;
    }
    await source?.close?.();
  }
  throw new TpkError("CHANGED", `${name}: is missing, or is not the shard that the list names`);
}
