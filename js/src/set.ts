import { isExact, toByteString } from "./bytes.js";
import type { CacheOptions } from "./cache.js";
import { corrupt, hasCode, TpkError } from "./errors.js";
import { xxh64 } from "./hash.js";
import { optionalSet, parseTrailer, trailerSize } from "./layout.js";
import { type Opened, type Opener, openSide } from "./opening.js";
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
  if (shards.length > maxShards || !isExact(total)) throw corrupt(name, "too many shards");
  return { entries: Number(entries), digest: BigInt("0x" + digest), shards };
}

/** openSet opens a set. name is that of its list, and open opens a file beside it. */
export async function openSet(
  name: string, open: (name: string) => Opener, options: CacheOptions,
): Promise<Opened> {
  const [, base, count, suffix] = listName.exec(name) as unknown as [string, string, string, string];
  const { source: file, bytes } = await open(name)({ offset: 0, length: 64 * maxShards });
  const list = parseList(bytes, name);
  await file.close?.();
  if (list.shards.length !== Number(count)) throw corrupt(name, `${list.shards.length} shards`);
  const side = await openSide(open(name + ".tpi"), options);
  const { header } = side;
  const total = list.shards.reduce((sum, s) => sum + s.size, 0);
  if (header.digest !== list.digest || header.entries !== list.entries ||
    header.archiveSize !== total || !(header.optional & optionalSet)) {
    await side.source.close?.();
    throw new TpkError("NO_INDEX", `${name}: the index beside it belongs to another set`);
  }
  const content = join(name, list.shards.map((s, i) => {
    const number = String(i).padStart(5, "0");
    const names = [`${base}-${number}-of-${count}${suffix}`, `.${base}-${number}-of-set${suffix}.tpk-tmp`];
    return { size: s.size, open: () => openShard(names.map((n) => open(n)), names[0]!, s) };
  }));
  return {
    content, side: side.cache, header, embedded: false,
    check: async () => side.source.check?.(),
    close: async () => {
      await content.close?.();
      await side.source.close?.();
    },
  };
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
      if (source.size === shard.size && t?.end === "T" && t.digest === shard.digest) return source;
    } catch (error) {
      if (!hasCode(error, "NOT_FOUND", "DENIED", "ANSWER", "VERSION")) throw error;
    }
    await source?.close?.();
  }
  throw new TpkError("CHANGED", `${name}: is missing, or is not the shard that the list names`);
}
