import { corrupt } from "./errors.js";
import type { Source } from "./source.js";

/** Options of a BlockCache. */
export interface CacheOptions {
  /** Bytes of a block, a power of two. */
  block: number;
  /** Bytes that one request may fetch ahead, once the source was read often. */
  maxAhead: number;
  /** Number of blocks that are kept. */
  maxBlocks: number;
}

/**
 * BlockCache keeps what was read of a source, in blocks. Blocks that are missing next to each other
 * are read together. The first reads are small, as they may be the only ones; each fourth doubles
 * what is read ahead.
 */
export class BlockCache {
  private readonly blocks = new Map<number, Promise<Uint8Array>>();
  private whole: Promise<Uint8Array> | undefined;
  private reads = 0;

  constructor(private readonly source: Source, private readonly o: CacheOptions) {}

  get size(): number {
    return this.source.size;
  }

  get name(): string {
    return this.source.name;
  }

  /** load reads everything, and keeps it. */
  async load(): Promise<void> {
    const whole = this.whole ??= this.source.read(0, this.size);
    try {
      await whole;
    } catch (error) {
      if (this.whole === whole) this.whole = undefined;
      throw error;
    }
    this.blocks.clear();
  }

  /** read returns a copy of a range, which may be anything. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) {
      throw corrupt(this.name, `bytes ${offset} to ${offset + length} of ${this.size}`);
    }
    const out = new Uint8Array(length);
    if (length === 0) return out;
    if (this.whole) {
      out.set((await this.whole).subarray(offset, offset + length));
      return out;
    }
    const { block } = this.o;
    const [first, last] = [Math.floor(offset / block), Math.floor((offset + length - 1) / block)];
    const wanted: Promise<Uint8Array>[] = [];
    for (let k = first; k <= last; k++) {
      let b = this.blocks.get(k);
      if (b) { // it is now the one that was used last
        this.blocks.delete(k);
        this.blocks.set(k, b);
      } else {
        this.fetch(k, last);
        b = this.blocks.get(k)!;
      }
      wanted.push(b);
    }
    for (const [i, promise] of wanted.entries()) {
      const b = await promise;
      const at = (first + i) * block;
      out.set(b.subarray(Math.max(offset - at, 0), Math.min(offset + length - at, b.length)),
        Math.max(at - offset, 0));
    }
    for (const k of this.blocks.keys()) {
      if (this.blocks.size <= this.o.maxBlocks) break;
      this.blocks.delete(k);
    }
    return out;
  }

  /** fetch begins to read the missing blocks from k on: up to last, and a few more. */
  private fetch(k: number, last: number): void {
    const { block, maxAhead } = this.o;
    const ahead = Math.min(maxAhead, block * 2 ** Math.min(this.reads++ >> 2, 40));
    const limit = Math.min(Math.max(last + 1, k + Math.max(1, ahead / block)),
      Math.ceil(this.size / block));
    let end = k + 1;
    while (end < limit && !this.blocks.has(end)) end++;
    const start = k * block;
    const got = this.source.read(start, Math.min(end * block, this.size) - start);
    for (; k < end; k++) {
      const at = k * block - start;
      const b = got.then((all) => all.slice(at, at + block));
      const own = k;
      b.catch(() => this.blocks.delete(own)); // the next read tries again
      this.blocks.set(k, b);
    }
  }
}
