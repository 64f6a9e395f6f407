import { equal, isExact, u56, u64, view } from "./bytes.js";
import { corrupt, TpkError } from "./errors.js";
import { xxh64 } from "./hash.js";

// The fixed places of FORMAT.md: the trailer T (1.2), the sidecar's header (2.1), a member of an
// embedded index (1.6), and the record of an archive in a larger file (3.2).

export const trailerSize = 64;
export const headerSize = 512;
export const recordSize = 44;

/** The last bytes of an archive, which hold T, the header, and all of a small embedded index. */
export const tailSize = 32_768;

const version = 1;
const required = 1; // bit 0: the final format
const entriesMax = 2 ** 32 - 2;

export const optionalShard = 1;
export const optionalSet = 2;

/** What T holds, or F, the trailer that it was. */
export interface Trailer {
  required: number;
  optional: number;
  entries: number;
  offset: number;
  digest: bigint;
  /**
   * How it ends: as T; as F, because the archive has grown behind it; or as a mix of both, because a
   * writer was stopped before that write was done.
   */
  end: "T" | "F" | "torn";
}

const start = [0x1f, 0x8b, 0x08, 4, 0, 0, 0, 0, 0, 0xff, 34, 0, 0x54, 0x50, 30, 0, 0x54];
// 1,024 zeros in fixed codes, their CRC-32 and ISIZE; and what F has instead of the last 18 bytes.
const endT = [
  0x63, 0x18, 0x05, 0xa3, 0x60, 0x14, 0x8c, 0x58, 0, 0, 0x2e, 0xaf, 0xb5, 0xef, 0, 4, 0, 0];
const endF = [0, 0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];

const has = (b: Uint8Array, at: number, want: readonly number[]) =>
  want.every((x, i) => b[at + i] === x);

/** parseTrailer reads the 64 bytes of T or F, or returns undefined if they are something else. */
export function parseTrailer(b: Uint8Array, name: string): Trailer | undefined {
  if (b.length !== trailerSize || !has(b, 0, start)) return undefined;
  if (b[17] !== version) throw unknown(name, `format version ${b[17]}`);
  const end = has(b, 46, endF) ? "F" : has(b, 46, endT) ? "T" : "torn";
  const v = view(b);
  return {
    required: v.getUint16(18, true), optional: v.getUint16(20, true), entries: u64(v, 22),
    offset: u64(v, 30), digest: v.getBigUint64(38, true), end,
  };
}

const unknown = (name: string, what: string) =>
  new TpkError("VERSION", `${name}: ${what} is unknown to this reader: a newer one is needed`);

/** checkFeatures throws if a set of required features is not one that this reader knows. */
export function checkFeatures(name: string, features: number): void {
  if ((features & 1) === 0) {
    throw new TpkError("VERSION", `${name}: a draft of the format, from before version 1 was final`);
  }
  for (let bit = 0; bit < 16; bit++) {
    if (features & ~required & (1 << bit)) throw unknown(name, `required feature ${bit}`);
  }
}

/** A section of the sidecar: its place, and its xxHash64. */
export interface Section {
  offset: number;
  length: number;
  hash: bigint;
}

/** The header of a sidecar. */
export interface Header {
  required: number;
  optional: number;
  archiveSize: number;
  entries: number;
  files: number;
  directories: number;
  symlinks: number;
  hardlinks: number;
  specials: number;
  duplicates: number;
  fileBytes: number;
  hardlinkBytes: number;
  packedBytes: number;
  /** Sections 1 to 6. */
  sections: readonly [Section, Section, Section, Section, Section, Section];
  /** The number of bytes of the sidecar. */
  size: number;
  digest: bigint;
}

const sectionNames =
  ["records", "path blocks", "link targets", "segments", "paths", "table"] as const;

/** parseHeader reads and checks the header of a sidecar. */
export function parseHeader(b: Uint8Array, name: string): Header {
  const magic = [...new TextEncoder().encode("TPKINDEX")];
  if (b.length !== headerSize || !has(b, 0, magic)) throw corrupt(name, "not an index");
  const v = view(b);
  if (v.getUint32(8, true) !== version) throw unknown(name, `index version ${v.getUint32(8, true)}`);
  const digest = v.getBigUint64(504, true);
  if (xxh64(b.subarray(0, 504)) !== digest) throw corrupt(name, "the hash of its header is wrong");
  checkFeatures(name, v.getUint16(12, true));
  const n = (at: number) => u64(v, at);
  const entries = n(24);
  const sections = readSections(v, name, entries);
  const h: Header = {
    required: v.getUint16(12, true), optional: v.getUint16(14, true), archiveSize: n(16), entries,
    files: n(32), directories: n(40), symlinks: n(48), hardlinks: n(56), specials: n(64),
    duplicates: n(72), fileBytes: n(80), hardlinkBytes: n(88), packedBytes: n(96),
    sections: sections.slice(0, 6) as unknown as Header["sections"],
    size: sections.at(-1)!.offset + sections.at(-1)!.length, digest,
  };
  if (!isExact(h.archiveSize)) throw unknown(name, "an archive of more than 2^53 bytes");
  if (h.files + h.directories + h.symlinks + h.hardlinks + h.specials !== entries) {
    throw corrupt(name, "the numbers of entries do not add up");
  }
  return h;
}

/** readSections reads the places of the sections, and checks them against the number of entries. */
function readSections(v: DataView, name: string, entries: number): Section[] {
  if (entries > entriesMax) throw corrupt(name, "too many entries");
  const count = v.getUint32(112, true);
  if (count < 6 || count > 16) throw corrupt(name, `${count} sections`);
  const sections: Section[] = [];
  let end = headerSize;
  for (let i = 0; i < count; i++) {
    const at = 120 + 24 * i;
    const s = {
      offset: u56(v, at), length: u64(v, at + 8), hash: v.getBigUint64(at + 16, true),
    };
    if (i < 6 && v.getUint8(at + 7) !== i + 1) throw corrupt(name, `no section ${i + 1}`);
    if (s.offset !== Math.ceil(end / 64) * 64 || !isExact(s.offset + s.length)) {
      throw corrupt(name, `the place of section ${i + 1}`);
    }
    end = s.offset + s.length;
    sections.push(s);
  }
  const length = (i: number) => sections[i]!.length;
  const wrong = [
    length(0) !== recordSize * entries, length(1) !== 8 * Math.ceil(entries / 16), false,
    length(3) < 8, (length(4) === 0) !== (entries === 0) || length(4) % 4 !== 0,
    length(5) % 64 !== 0 || length(5) < 64 * buckets(entries),
  ].indexOf(true);
  if (wrong >= 0) throw corrupt(name, `the length of section ${wrong + 1}, ${sectionNames[wrong]}`);
  return sections;
}

/** buckets returns the number of home buckets of a table. */
export function buckets(entries: number): number {
  return Math.max(1, Math.ceil(entries / 8));
}

export const indexMember = 16_384; // bytes of a member I
const partBytes = 16_320; // of the sidecar in it

/** An index in an archive: members I, from base up to the trailer. */
export interface Embedded {
  base: number;
  /** Bytes of the sidecar. */
  length: number;
  digest: bigint;
}

/**
 * parseIndexMember reads the start of the last member I, which ends where the trailer begins. It
 * returns undefined if there is none.
 */
export function parseIndexMember(b: Uint8Array, trailer: number): Embedded | undefined {
  const first = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 0xea, 0x3f, 0x54, 0x50, 0xe6, 0x3f, 0x49,
    0, 0, 0, 0, 0];
  if (b.length < 54 || !has(b, 0, first)) return undefined;
  const v = view(b);
  const [number, n, length] = [u64(v, 22), u64(v, 30), u64(v, 38)];
  const base = trailer - n * indexMember;
  if (number !== n - 1 || n !== Math.ceil((length + headerSize) / partBytes) || base < trailerSize) {
    return undefined;
  }
  return { base, length, digest: v.getBigUint64(46, true) };
}

/** embeddedRuns returns where a range of an embedded sidecar lies in the archive. */
export function embeddedRuns(
  e: Embedded, offset: number, length: number,
): { offset: number; length: number }[] {
  const runs = [];
  for (const end = offset + length; offset < end;) {
    const part = Math.floor(offset / partBytes);
    const next = Math.min(end, (part + 1) * partBytes);
    runs.push({ offset: e.base + 54 + 64 * part + offset, length: next - offset });
    offset = next;
  }
  return runs;
}

/** The place of an archive in a larger file. */
export interface Place {
  size: number;
  index: number;
  indexLength: number;
  digest: bigint;
}

/** parsePlace reads the 64 bytes of a record of 3.2, or returns undefined. */
export function parsePlace(b: Uint8Array, name: string): Place | undefined {
  if (b.length !== 64 || !equal(b.subarray(0, 8), new TextEncoder().encode("TPKPLACE"))) {
    return undefined;
  }
  const v = view(b);
  if (u64(v, 8) !== 1) throw unknown(name, `version ${u64(v, 8)} of its record`);
  if (xxh64(b.subarray(0, 56)) !== v.getBigUint64(56, true) || u64(v, 16) !== 0) {
    throw corrupt(name, "the record at its end");
  }
  return {
    size: u64(v, 24), index: u64(v, 32), indexLength: u64(v, 40), digest: v.getBigUint64(48, true),
  };
}
