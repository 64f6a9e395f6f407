import type { TpkError } from "./errors.js";

/**
 * An Inflate decodes a deflate stream (RFC 1951) of packed bytes, raw, to exactly size bytes. If it
 * is not such a stream, the error is that of damaged; if raw fails, its own.
 */
export type Inflate = (
  raw: AsyncIterable<Uint8Array>, packed: number, size: number, damaged: () => TpkError,
) => AsyncGenerator<Uint8Array>;

/** inflate is the Inflate of browsers, by DecompressionStream. */
export const inflate: Inflate = async function* (raw, _packed, size, damaged) {
  const d = new DecompressionStream("deflate-raw");
  const writer = d.writable.getWriter();
  const reader = (d.readable as ReadableStream<Uint8Array>).getReader();
  let failure: unknown; // of raw, and not of decoding
  const feeding = (async () => {
    try {
      for await (const p of watched(raw, (error) => failure = error)) {
        await writer.ready;
        await writer.write(p as Uint8Array<ArrayBuffer>);
      }
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => {});
    }
  })();
  let left = size;
  try {
    for (;;) {
      let next;
      try {
        next = await reader.read();
      } catch {
        await feeding;
        throw failure ?? damaged();
      }
      if (next.done) break;
      left -= next.value.length;
      if (left < 0) throw damaged();
      yield next.value;
    }
    if (left > 0) throw damaged();
  } finally {
    await reader.cancel().catch(() => {});
    await writer.abort().catch(() => {});
    await feeding;
  }
};

/** watched passes a stream on, and reports the error that ends it. */
export async function* watched(
  stream: AsyncIterable<Uint8Array>, failed: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    failed(error);
    throw error;
  }
}
