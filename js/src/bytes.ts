/**
 * Little-endian integers at any place of a byte array, and paths as strings with one character for
 * each byte ("byte strings"): names need not be UTF-8.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** view returns a DataView of the very bytes of an array. */
export function view(b: Uint8Array): DataView {
  return new DataView(b.buffer, b.byteOffset, b.byteLength);
}

/** u48 reads 6 bytes. */
export function u48(v: DataView, at: number): number {
  return v.getUint16(at + 4, true) * 2 ** 32 + v.getUint32(at, true);
}

/** u40 reads 5 bytes. */
export function u40(v: DataView, at: number): number {
  return v.getUint8(at + 4) * 2 ** 32 + v.getUint32(at, true);
}

/** i40 reads 5 bytes, in two's complement. */
export function i40(v: DataView, at: number): number {
  return v.getInt8(at + 4) * 2 ** 32 + v.getUint32(at, true);
}

/** u56 reads 7 bytes. Values over 2^53 lose their last bits: see isExact. */
export function u56(v: DataView, at: number): number {
  return v.getUint8(at + 6) * 2 ** 48 + u48(v, at);
}

/** u64 reads 8 bytes. Values over 2^53 lose their last bits: see isExact. */
export function u64(v: DataView, at: number): number {
  return v.getUint32(at + 4, true) * 2 ** 32 + v.getUint32(at, true);
}

/** isExact reports whether a number is an integer that is known exactly. */
export function isExact(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}

/** equal compares two byte arrays. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

/** concat puts byte arrays one after the other. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/** owned returns bytes in a buffer of their own, as a plain Uint8Array. */
export function owned(b: Uint8Array): Uint8Array {
  return b.constructor === Uint8Array && b.length === b.buffer.byteLength ? b : new Uint8Array(b);
}

/** toByteString returns the byte string of a text, in UTF-8, or of bytes. */
export function toByteString(path: string | Uint8Array): string {
  const b = typeof path === "string" ? encoder.encode(path) : path;
  let s = "";
  for (let i = 0; i < b.length; i += 8192) {
    s += String.fromCharCode(...b.subarray(i, i + 8192));
  }
  return s;
}

/** fromByteString returns the bytes of a byte string. */
export function fromByteString(s: string): Uint8Array {
  const b = new Uint8Array(s.length);
  for (let i = 0; i < s.length; i++) b[i] = s.charCodeAt(i);
  return b;
}

/** unescapeURL decodes the escapes (%XX) in a part of a URL to a byte string. */
export function unescapeURL(part: string): string {
  return toByteString(part)
    .replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

/** escapeURL returns a path, a byte string, with what is special in a URL escaped. */
export function escapeURL(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~/!$()*+,;=@]/g,
    (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0"));
}

/** toText decodes a byte string as UTF-8. Bytes that are not UTF-8 become U+FFFD. */
export function toText(s: string): string {
  return /^[\0-\x7f]*$/.test(s) ? s : decoder.decode(fromByteString(s));
}
