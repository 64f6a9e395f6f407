import { i40, u48, u56, u64, view } from "./bytes.js";
import { corrupt } from "./errors.js";
import { xxh64 } from "./hash.js";
import { type Header } from "./layout.js";

/** The kinds of entries, by their number in a record. */
export const types = [
  "", "file", "directory", "symlink", "hardlink", "character device", "block device", "fifo",
] as const;
export type EntryType = Exclude<(typeof types)[number], "">;

/** How the content of a file is stored: FORMAT.md, 1.3. */
export type Coding = "none" | "deflate" | "stored" | "segmented";
const codings: readonly Coding[] = ["none", "deflate", "stored", "segmented"];

/** The content of a file in the archive: the member C. */
export interface Content {
  /** The entry that has it: for a hard link, its target. */
  ordinal: number;
  offset: number;
  /** Bytes of the member; 0 for an empty file. */
  packed: number;
  size: number;
  coding: Coding;
  crc32: number;
  /** xxHash64 of the content. */
  hash: bigint;
}

/** A record of the index: FORMAT.md, 2.2. */
export interface Record {
  type: EntryType;
  size: number;
  /** Seconds since 1970. */
  mtime: number;
  mode: number;
  duplicate: boolean;
  sniff: number;
  hash: bigint;
  /** Of a directory: the ordinal after the last entry below it. */
  end: number;
  /** Of a hard link: the ordinal of its target. */
  target: number;
  /** Of a symbolic link: where its target is in section 3. It has size bytes. */
  link: number;
  /** Of a directory: the names below it that are not directories, and the bytes of their C. */
  below: number;
  packedBelow: number;
  content: Content | undefined;
}

/** parseRecord reads and checks the record of the entry i. */
export function parseRecord(b: Uint8Array, i: number, h: Header, name: string): Record {
  const v = view(b);
  const last = v.getUint8(43);
  const type = types[last & 15];
  const bad = (what: string) => corrupt(name, `entry ${i}: ${what}`);
  if (!type || last & 0x80) throw bad("its type is unknown");
  const r: Record = {
    type, size: u48(v, 8), mtime: i40(v, 36), mode: v.getUint16(41, true), sniff: 0,
    duplicate: (last & 0x40) !== 0, hash: 0n, end: 0, target: 0, link: 0, below: 0,
    packedBelow: 0, content: undefined,
  };
  const coding = codings[(last >> 4) & 3]!;
  if (type !== "file" && coding !== "none") throw bad("only files have a coding");
  if (r.duplicate && type !== "hardlink") throw bad("only hard links are duplicates");
  if (r.mode > 0o7777) throw bad("its mode");
  const headOffset = u48(v, 0) + v.getUint8(23) * 2 ** 48;
  const headLength = v.getUint16(6, true);
  if (type === "directory") {
    r.size = u64(v, 8);
    r.packedBelow = u56(v, 16);
    r.below = v.getUint32(24, true);
    // Its offset has its high byte where the totals of other kinds do not reach.
    r.end = v.getUint32(32, true);
    if (r.end <= i || r.end > h.entries) throw bad("its end");
  } else if (type === "symlink") {
    r.link = u48(v, 16);
    if (r.size < 1 || r.size > 16_384 || r.link + r.size > h.sections[2].length) {
      throw bad("the place of its link target");
    }
  } else if (type === "hardlink") {
    r.target = v.getUint32(32, true);
    r.sniff = v.getUint8(22);
    r.hash = v.getBigUint64(24, true);
    if (r.target >= h.entries || r.target === i) throw bad("its target");
  } else if (type === "file") {
    r.sniff = v.getUint8(22);
    r.hash = v.getBigUint64(24, true);
    const c: Content = {
      ordinal: i, offset: headOffset + headLength, packed: u48(v, 16), size: r.size, coding,
      crc32: v.getUint32(32, true), hash: r.hash,
    };
    const wrong = checkContent(c, v.getUint16(14, true), h.archiveSize);
    if (wrong) throw bad(wrong);
    r.content = c;
  } else {
    r.size = 0;
  }
  if (headOffset + headLength > h.archiveSize) throw bad("it lies outside the archive");
  return r;
}

const emptyHash = xxh64(new Uint8Array(0));

/** checkContent returns what is wrong with the place of a file, or "". */
function checkContent(c: Content, padding: number, archiveSize: number): string {
  if (c.size === 0) {
    return c.packed === 0 && c.coding === "none" && c.crc32 === 0 && c.hash === emptyHash ? ""
      : "an empty file with content";
  }
  if (c.coding === "none" || c.packed < 20) return "a file without content";
  if (c.offset + c.packed + padding > archiveSize) return "it lies outside the archive";
  if (c.coding === "stored" && c.packed !== c.size + 5 * Math.ceil(c.size / 65_535) + 18) {
    return "the length of its stored blocks";
  }
  // Deflate makes at most 1,032 bytes of one (a match of 258 bytes in two bits).
  if (c.size > 1032 * c.packed) return "its size is impossible";
  return "";
}
