import { pipeline, Readable } from "node:stream";
import { createInflateRaw } from "node:zlib";

import { type Inflate, watched } from "./inflate.js";

/**
 * inflateNode is the Inflate of Node, by zlib. It notices bytes behind the end of the stream, which
 * DecompressionStream does in browsers, but not in Node 20.
 */
export const inflateNode: Inflate = async function* (raw, packed, size, damaged) {
  let failure: unknown;
  const input = Readable.from(watched(raw, (error) => failure = error), { objectMode: false });
  const z = createInflateRaw();
  pipeline(input, z, () => {}); // errors come out of z
  let left = size;
  try {
    for await (const p of z as AsyncIterable<Uint8Array>) {
      left -= p.length;
      if (left < 0) throw damaged();
      yield new Uint8Array(p.buffer, p.byteOffset, p.length); // and no Buffer
    }
  } catch (error) {
    throw failure ?? (error instanceof damaged().constructor ? error : damaged());
  } finally {
    input.destroy();
    z.destroy();
  }
  if (failure !== undefined) throw failure;
  if (left > 0 || z.bytesWritten !== packed) throw damaged();
};
