import { u40, u64, view } from "./bytes.js";
import type { BlockCache } from "./cache.js";
import { corrupt } from "./errors.js";
import { xxh64 } from "./hash.js";
import { fromByteString } from "./bytes.js";
import { buckets, type Header } from "./layout.js";

const pathMax = 16_384;
const blockStart = 36; // bytes of a block before its longer numbers
const bucketSize = 64;
const noPath = /\0|^\/|\/$|\/\/|(^|\/)\.\.?(\/|$)/;

/** isPath reports whether a byte string can be the path of an entry: FORMAT.md, 1.1. */
export function isPath(path: string): boolean {
  return path !== "" && path.length <= pathMax && !noPath.test(path);
}

/** A block of up to 16 paths. */
interface Block {
  number: number;
  /** Byte strings. */
  paths: string[];
}

/** The paths of an index and the table that leads to them: sections 2, 5 and 6 of FORMAT.md 2.2. */
export class Paths {
  /** The block that was read last, as entries next to each other are in one. */
  private last: { at: number; block: Block } | undefined;

  constructor(private readonly side: BlockCache, private readonly h: Header) {}

  /** path returns the path of entry i, as a byte string. */
  async path(i: number): Promise<string> {
    const [, starts, , , paths] = this.h.sections;
    const k = Math.floor(i / 16);
    const isLast = 8 * (k + 1) === starts.length;
    const v = view(await this.side.read(starts.offset + 8 * k, isLast ? 8 : 16));
    const start = u64(v, 0);
    const end = isLast ? paths.length : u64(v, 8);
    if (!(start < end && end <= paths.length && start % 4 === 0)) {
      throw corrupt(this.side.name, `the place of path block ${k}`);
    }
    const block = await this.block(start);
    if (block.number !== k) throw corrupt(this.side.name, `path block ${k} has another number`);
    return block.paths[i % 16]!;
  }

  /** find returns the ordinal of a path, a byte string, or -1 if there is none. */
  async find(path: string): Promise<number> {
    const { h, side } = this;
    if (!isPath(path)) return -1;
    const table = h.sections[5];
    const hash = xxh64(fromByteString(path));
    const home = Number((hash * BigInt(buckets(h.entries))) >> 64n);
    const tag = Number(hash & 0xffn);
    let reach = 0;
    for (let k = 0; k <= reach; k++) {
      const at = bucketSize * (home + k);
      if (at + bucketSize > table.length) throw corrupt(side.name, "the table ends too early");
      const v = view(await side.read(table.offset + at, bucketSize));
      if (k === 0) reach = v.getUint8(61);
      const count = v.getUint8(60);
      if (v.getUint16(62) !== 0x5450) throw corrupt(side.name, "a bucket of the table");
      if (count > 10) throw corrupt(side.name, "a bucket of the table is too full");
      for (let slot = 0; slot < count; slot++) {
        if (v.getUint8(50 + slot) !== tag) continue;
        const place = u40(v, 5 * slot);
        const block = await this.block((place - (place % 16)) / 4);
        if (block.paths[place % 16] === undefined) throw corrupt(side.name, "a place in the table");
        if (block.paths[place % 16] === path) return 16 * block.number + (place % 16);
      }
    }
    return -1;
  }

  /** block reads the block at an offset of section 5. */
  private async block(at: number): Promise<Block> {
    if (this.last?.at === at) return this.last.block;
    const { h, side } = this;
    const section = h.sections[4];
    const bad = () => corrupt(side.name, "a block of paths");
    if (at + blockStart > section.length || at % 4 !== 0) throw bad();
    const room = section.length - at;
    // Most blocks are shorter than this.
    let b = await side.read(section.offset + at, Math.min(room, 384));
    const v = view(b);
    const number = v.getUint32(32, true);
    const used = Math.min(16, h.entries - 16 * number);
    if (used < 1) throw bad();
    const numbers = [...b.subarray(0, 32)];
    const long = numbers.filter((n) => n === 255).length;
    let p = blockStart + 2 * long;
    if (p > room) throw bad();
    if (long > 0) {
      const exact = view(await side.read(section.offset + at + blockStart, 2 * long));
      let next = 0;
      for (let i = 0; i < 32; i++) {
        if (numbers[i] === 255) numbers[i] = exact.getUint16(2 * next++, true);
      }
    }
    const further = numbers.slice(16).reduce((sum, n) => sum + n, 0);
    if (p + further > room) throw bad();
    if (p + further > b.length) b = await side.read(section.offset + at, p + further);
    const paths: string[] = [];
    for (let i = 0, before = ""; i < used; i++) {
      const [shared, more] = [numbers[i]!, numbers[16 + i]!];
      if (shared > before.length || shared + more > pathMax) throw bad();
      before = before.slice(0, shared) + byteString(b.subarray(p, p + more));
      p += more;
      if (!isPath(before)) throw bad();
      paths.push(before);
    }
    this.last = { at, block: { number, paths } };
    return this.last.block;
  }
}

function byteString(b: Uint8Array): string {
  let s = "";
  for (const c of b) s += String.fromCharCode(c);
  return s;
}
