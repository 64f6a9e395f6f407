import { view } from "./bytes.js";

const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;
const mask = 0xffffffffffffffffn;

const rotate = (x: bigint, n: bigint) => ((x << n) | (x >> (64n - n))) & mask;
const round = (a: bigint, x: bigint) => (rotate((a + x * P2) & mask, 31n) * P1) & mask;

/** xxh64 returns the XXH64 of some bytes, with the seed 0. It is meant for short inputs. */
export function xxh64(b: Uint8Array): bigint {
  const v = view(b);
  let h = P5;
  let p = 0;
  if (b.length >= 32) {
    const a = [(P1 + P2) & mask, P2, 0n, mask + 1n - P1];
    for (; p + 32 <= b.length; p += 32) {
      for (let i = 0; i < 4; i++) a[i] = round(a[i]!, v.getBigUint64(p + 8 * i, true));
    }
    h = rotate(a[0]!, 1n) + rotate(a[1]!, 7n) + rotate(a[2]!, 12n) + rotate(a[3]!, 18n);
    for (const x of a) h = (((h & mask) ^ round(0n, x)) * P1 + P4) & mask;
  }
  h = (h + BigInt(b.length)) & mask;
  for (; p + 8 <= b.length; p += 8) {
    h = (rotate(h ^ round(0n, v.getBigUint64(p, true)), 27n) * P1 + P4) & mask;
  }
  if (p + 4 <= b.length) {
    h = (rotate(h ^ ((BigInt(v.getUint32(p, true)) * P1) & mask), 23n) * P2 + P3) & mask;
    p += 4;
  }
  for (; p < b.length; p++) h = (rotate(h ^ ((BigInt(b[p]!) * P5) & mask), 11n) * P1) & mask;
  h = ((h ^ (h >> 33n)) * P2) & mask;
  h = ((h ^ (h >> 29n)) * P3) & mask;
  return h ^ (h >> 32n);
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
