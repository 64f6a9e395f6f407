import { concat, equal, view } from "./bytes.js";
import type { BlockCache } from "./cache.js";
import { corrupt } from "./errors.js";
import { crc32, Xxh64 } from "./hash.js";
import type { Inflate } from "./inflate.js";
import type { Header } from "./layout.js";
import type { Content } from "./records.js";
import { segmentRun, type Run } from "./segments.js";
import { parts, type Source } from "./source.js";

// The bytes of a file out of its member C: FORMAT.md, 1.3.

const gzipStart = new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
const storedBlock = 65_535;
const emptyBlock = new Uint8Array([3, 0]); // final

/** What content is read from. */
export interface Place {
  content: Source;
  side: BlockCache;
  header: Header;
  inflate: Inflate;
}

/**
 * readContent returns the bytes of a file from start up to end, in parts. The CRC-32 and the
 * xxHash64 are checked at the end of the whole content; a part of it has none.
 */
export async function* readContent(
  at: Place, c: Content, start: number, end: number,
): AsyncGenerator<Uint8Array> {
  if (start >= end) return;
  if (start === 0 && end === c.size) yield* wholeContent(at, c);
  else if (c.coding === "segmented") {
    const run = await segmentRun(at.side, at.header, c, start, end);
    const raw = new Splitter(parts(at.content, c.offset + 10 + run.offset, run.length));
    try {
      yield* range(segments(at, c, run, raw), start - run.start, end - run.start);
    } finally {
      await raw.close();
    }
  } else if (c.coding === "stored") yield* storedRange(at.content, c, start, end);
  else yield* range(wholeContent(at, c), start, end);
}

const bad = (s: Source, c: Content, what = "its content") =>
  corrupt(s.name, `entry ${c.ordinal}: ${what}`);

/** wholeContent reads a member, and checks its header, its trailer, the CRC-32 and the xxHash64. */
async function* wholeContent(at: Place, c: Content): AsyncGenerator<Uint8Array> {
  const run = c.coding === "segmented" &&
    await segmentRun(at.side, at.header, c, 0, c.size);
  const raw = new Splitter(parts(at.content, c.offset, c.packed));
  try {
    if (!equal(await raw.bytes(10), gzipStart)) {
      throw bad(at.content, c, "no gzip member begins there");
    }
    const stream = c.packed - 18;
    let crc = 0;
    const hash = new Xxh64();
    for await (const p of run ? segments(at, c, run, raw)
      : at.inflate(raw.take(stream), stream, c.size, () => bad(at.content, c))) {
      crc = crc32(p, crc);
      hash.add(p);
      yield p;
    }
    const v = view(await raw.bytes(8));
    if (crc !== c.crc32 || v.getUint32(0, true) !== crc ||
      v.getUint32(4, true) !== c.size % 2 ** 32) {
      throw bad(at.content, c, "the CRC-32 of its content is wrong");
    }
    if (hash.sum() !== c.hash) throw bad(at.content, c, "the xxHash64 of its content is wrong");
  } finally {
    await raw.close();
  }
}

/**
 * segments inflates segments of a file, each for itself: none refers to what is before it. raw has
 * their bytes.
 */
async function* segments(
  at: Place, c: Content, run: Run, raw: Splitter,
): AsyncGenerator<Uint8Array> {
  let { offset, start } = run;
  for (const next of run.ends) {
    const end = Math.min(start + run.segment, c.size);
    const more = end < c.size ? emptyBlock : undefined;
    yield* at.inflate(followed(raw.take(next - offset), more),
      next - offset + (more ? more.length : 0), end - start, () => bad(at.content, c));
    [offset, start] = [next, end];
  }
}

/** A Splitter divides a stream. */
class Splitter {
  private readonly stream: AsyncIterator<Uint8Array>;
  private rest = new Uint8Array(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.stream = stream[Symbol.asyncIterator]();
  }

  /** take returns the next n bytes. */
  async *take(n: number): AsyncGenerator<Uint8Array> {
    while (n > 0) {
      if (this.rest.length === 0) {
        const next = await this.stream.next();
        if (next.done) return;
        this.rest = next.value as Uint8Array<ArrayBuffer>;
      }
      const p = this.rest.subarray(0, n);
      this.rest = this.rest.subarray(p.length);
      n -= p.length;
      yield p;
    }
  }

  /** bytes returns the next n bytes, or fewer at the end of the stream. */
  async bytes(n: number): Promise<Uint8Array> {
    const got: Uint8Array[] = [];
    for await (const p of this.take(n)) got.push(p);
    return concat(got);
  }

  async close(): Promise<void> {
    await this.stream.return?.();
  }
}

/** storedRange reads a range out of stored blocks. */
async function* storedRange(
  s: Source, c: Content, start: number, end: number,
): AsyncGenerator<Uint8Array> {
  const place = (i: number) => 10 + 5 * (Math.floor(i / storedBlock) + 1) + i;
  let at = place(start) - 10; // in the deflate stream
  for await (const p of parts(s, c.offset + at + 10, place(end - 1) + 1 - at - 10)) {
    // A block's header of 5 bytes, then its content.
    for (let i = 0; i < p.length;) {
      const inBlock = (at + i) % (storedBlock + 5);
      const n = Math.min(p.length - i, (inBlock < 5 ? 5 : storedBlock + 5) - inBlock);
      if (inBlock >= 5) yield p.subarray(i, i + n);
      i += n;
    }
    at += p.length;
  }
}

/** followed adds bytes to a stream. */
async function* followed(
  stream: AsyncIterable<Uint8Array>, more: Uint8Array | undefined,
): AsyncGenerator<Uint8Array> {
  yield* stream;
  if (more) yield more;
}

/** range returns the bytes from start up to end of a stream. */
async function* range(
  stream: AsyncIterable<Uint8Array>, start: number, end: number,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const p of stream) {
    const b = p.subarray(Math.max(0, start - at), Math.max(0, end - at));
    at += p.length;
    if (b.length > 0) yield b;
    // The last bytes are asked for to the end, so that what follows them is checked.
    if (at > end) return;
  }
}
