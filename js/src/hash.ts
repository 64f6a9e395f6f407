import { view } from "./bytes.js";

const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;
const mask = 0xffffffffffffffffn;

const rotate = (x: bigint, n: bigint) => ((x << n) | (x >> (64n - n))) & mask;
const round = (a: bigint, x: bigint) => (rotate((a + x * P2) & mask, 31n) * P1) & mask;

// A lane of XXH64 takes 8 bytes of each 32. Its value is in two halves: BigInt is 10 times slower.
const lanes = [(P1 + P2) & mask, P2, 0n, mask + 1n - P1];
const lows = Int32Array.from(lanes, (x) => Number(BigInt.asIntN(32, x)));
const highs = Int32Array.from(lanes, (x) => Number(x >> 32n));

/** Xxh64 computes the XXH64 of bytes that come in parts, with the seed 0. */
export class Xxh64 {
  private readonly low = lows.slice();
  private readonly high = highs.slice();
  private readonly rest = new Uint8Array(32);
  private total = 0;

  /** add adds bytes behind those before. */
  add(b: Uint8Array): void {
    const held = this.total % 32;
    this.total += b.length;
    if (held + b.length < 32) {
      this.rest.set(b, held);
      return;
    }
    let at = 0;
    if (held > 0) {
      at = 32 - held;
      this.rest.set(b.subarray(0, at), held);
      this.stripes(this.rest);
    }
    const end = b.length - (b.length - at) % 32;
    this.stripes(b.subarray(at, end));
    this.rest.set(b.subarray(end));
  }

  /** stripes takes a multiple of 32 bytes. */
  private stripes(b: Uint8Array): void {
    const { low, high } = this;
    const v = view(b);
    for (let p = 0; p < b.length; p += 8) {
      const k = (p >> 3) & 3;
      // The lane and the product of the bytes with P2.
      const x = v.getInt32(p, true);
      const l = (low[k]! >>> 0) + (Math.imul(x, 0x27d4eb4f) >>> 0);
      const h = high[k]! + (l > 0xffffffff ? 1 : 0) + carry(x, 0xeb4f, 0x27d4) +
        Math.imul(v.getInt32(p + 4, true), 0x27d4eb4f) + Math.imul(x, 0xc2b2ae3d);
      // Rotated by 31, and multiplied with P1.
      const rl = (l << 31) | ((h | 0) >>> 1);
      const rh = (h << 31) | ((l | 0) >>> 1);
      low[k] = Math.imul(rl, 0x85ebca87);
      high[k] = carry(rl, 0xca87, 0x85eb) + Math.imul(rh, 0x85ebca87) + Math.imul(rl, 0x9e3779b1);
    }
  }

  /** sum returns the hash. Nothing can be added after it. */
  sum(): bigint {
    const n = this.total % 32;
    const v = view(this.rest);
    let h = P5;
    if (this.total >= 32) {
      const a = lanes.map((_, k) => BigInt(this.high[k]! >>> 0) << 32n | BigInt(this.low[k]! >>> 0));
      h = rotate(a[0]!, 1n) + rotate(a[1]!, 7n) + rotate(a[2]!, 12n) + rotate(a[3]!, 18n);
      for (const x of a) h = (((h & mask) ^ round(0n, x)) * P1 + P4) & mask;
    }
    h = (h + BigInt(this.total)) & mask;
    let p = 0;
    for (; p + 8 <= n; p += 8) {
      h = (rotate(h ^ round(0n, v.getBigUint64(p, true)), 27n) * P1 + P4) & mask;
    }
    if (p + 4 <= n) {
      h = (rotate(h ^ ((BigInt(v.getUint32(p, true)) * P1) & mask), 23n) * P2 + P3) & mask;
      p += 4;
    }
    for (; p < n; p++) h = (rotate(h ^ ((BigInt(this.rest[p]!) * P5) & mask), 11n) * P1) & mask;
    h = ((h ^ (h >> 33n)) * P2) & mask;
    h = ((h ^ (h >> 29n)) * P3) & mask;
    return h ^ (h >> 32n);
  }
}

/** carry returns the high 32 bits of the product of x and a constant, given in halves of 16 bits. */
function carry(x: number, low: number, high: number): number {
  const x0 = x & 0xffff;
  const x1 = x >>> 16;
  const middle = (Math.imul(x1, low) >>> 0) + (Math.imul(x0, low) >>> 16);
  const other = (Math.imul(x0, high) >>> 0) + (middle & 0xffff);
  return (Math.imul(x1, high) + (middle >>> 16) + (other >>> 16)) | 0;
}

/** xxh64 returns the XXH64 of some bytes, with the seed 0. */
export function xxh64(b: Uint8Array): bigint {
  const x = new Xxh64();
  x.add(b);
  return x.sum();
}

/** tables[k][x] is the CRC of the byte x followed by k zero bytes: "slicing by 8". */
const tables: Uint32Array[] = Array.from({ length: 8 }, () => new Uint32Array(256));
for (let x = 0; x < 256; x++) {
  let c = x;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  tables[0]![x] = c >>> 0;
}
for (let k = 1; k < 8; k++) {
  for (let x = 0; x < 256; x++) {
    const c = tables[k - 1]![x]!;
    tables[k]![x] = (c >>> 8) ^ tables[0]![c & 255]!;
  }
}
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Uint32Array, Uint32Array, Uint32Array, Uint32Array,
  Uint32Array, Uint32Array, Uint32Array, Uint32Array,
];

/** crc32 returns the CRC-32 (RFC 1952 section 8) of bytes that follow others with the CRC before. */
export function crc32(b: Uint8Array, before = 0): number {
  let c = ~before;
  let i = 0;
  for (; i + 8 <= b.length; i += 8) {
    c ^= b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24);
    c = t7[c & 255]! ^ t6[(c >>> 8) & 255]! ^ t5[(c >>> 16) & 255]! ^ t4[c >>> 24]! ^
      t3[b[i + 4]!]! ^ t2[b[i + 5]!]! ^ t1[b[i + 6]!]! ^ t0[b[i + 7]!]!;
  }
  for (; i < b.length; i++) c = (c >>> 8) ^ t0[(c ^ b[i]!) & 255]!;
  return ~c >>> 0;
}
