import { u64, view } from "./bytes.js";
import type { BlockCache } from "./cache.js";
import { corrupt } from "./errors.js";
import type { Header } from "./layout.js";
import type { Content } from "./records.js";

/** Some segments of a file, one after the other. */
export interface Run {
  /** Where they begin in the deflate stream of the member, and their length there. */
  offset: number;
  length: number;
  /** The first byte of the file in them. */
  start: number;
  /** Bytes of the file in each of them, except the last one of the file. */
  segment: number;
  /** Where each of them ends in the deflate stream. */
  ends: number[];
}

const rowSize = 16;

/** segmentRun returns the segments that hold the bytes from start up to end of a file. */
export async function segmentRun(
  side: BlockCache, h: Header, c: Content, start: number, end: number,
): Promise<Run> {
  const section = h.sections[3];
  const bad = () => corrupt(side.name, `the segments of entry ${c.ordinal}`);
  const rows = u64(view(await side.read(section.offset, 8)), 0);
  const lists = 8 + rowSize * rows;
  if (lists > section.length) throw bad();
  let [low, high] = [0, rows];
  let row: DataView | undefined;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const v = view(await side.read(section.offset + 8 + rowSize * middle, rowSize));
    const ordinal = v.getUint32(0, true);
    if (ordinal === c.ordinal) {
      row = v;
      break;
    }
    if (ordinal < c.ordinal) low = middle + 1;
    else high = middle;
  }
  const shift = row?.getUint8(4) ?? 0;
  if (!row || shift < 20 || shift > 31) throw bad();
  const size = 2 ** shift;
  const count = Math.ceil(c.size / size);
  const ends = lists + 8 * u64(row, 8);
  if (count < 2 || ends + 8 * count > section.length) throw bad();
  const [first, last] = [Math.floor(start / size), Math.ceil(end / size) - 1];
  const before = first === 0 ? 0 : 1;
  const v = view(await side.read(section.offset + ends + 8 * (first - before),
    8 * (last - first + 1 + before)));
  const from = before ? u64(v, 0) : 0;
  const list = Array.from({ length: last - first + 1 }, (_, i) => u64(v, 8 * (i + before)));
  const whole = c.packed - 18;
  for (let i = 0, previous = from; i < list.length; previous = list[i++]!) {
    if (list[i]! <= previous || list[i]! > whole) throw bad();
  }
  const to = list.at(-1)!;
  if ((last === count - 1) !== (to === whole)) throw bad();
  return { offset: from, length: to - from, start: first * size, segment: size, ends: list };
}
