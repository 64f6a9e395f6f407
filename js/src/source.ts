import { concat } from "./bytes.js";
import { corrupt, TpkError } from "./errors.js";

/**
 * Bytes that an archive or an index is read from. Its bytes must not change while it is open; a
 * source that finds out that they did throws a TpkError with the code "CHANGED".
 */
export interface Source {
  /** For messages. */
  readonly name: string;
  /** Number of bytes. */
  readonly size: number;
  /** Reads exactly length bytes. The range lies within the source. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Reads a range in parts. Without it, read is called for parts of 1 MiB. */
  parts?(offset: number, length: number): AsyncIterable<Uint8Array>;
  /** Throws a TpkError with the code "CHANGED" if there is another version now. */
  check?(): Promise<void>;
  /** Called by Archive.close. If open fails, its caller still has the source. */
  close?(): Promise<void> | void;
}

const partSize = 1 << 20;

/** parts reads a range of a source in parts. */
export async function* parts(s: Source, offset: number, length: number): AsyncGenerator<Uint8Array> {
  if (length === 0) return;
  if (s.parts) {
    yield* s.parts(offset, length);
    return;
  }
  for (const end = offset + length; offset < end; offset += partSize) {
    yield await s.read(offset, Math.min(partSize, end - offset));
  }
}

/** readWithin reads a range, which may be anything, of a source. */
export async function readWithin(s: Source, offset: number, length: number): Promise<Uint8Array> {
  if (!(offset >= 0 && length >= 0 && offset + length <= s.size)) {
    throw corrupt(s.name, `bytes ${offset} to ${offset + length} of ${s.size}`);
  }
  return length === 0 ? new Uint8Array(0) : s.read(offset, length);
}

/** blobSource returns a source of a Blob, which may be a File that a user has chosen. */
export function blobSource(blob: Blob, name = blob instanceof File ? blob.name : "blob"): Source {
  return {
    name,
    size: blob.size,
    read: async (offset, length) => {
      let b: ArrayBuffer;
      try {
        b = await blob.slice(offset, offset + length).arrayBuffer();
      } catch (error) { // the file that it stands for
        throw new TpkError("CHANGED", `${name}: has changed or can't be read any more`,
          { cause: error });
      }
      return new Uint8Array(b);
    },
  };
}

/** bytesSource returns a source of bytes in memory. */
export function bytesSource(bytes: Uint8Array, name = "bytes"): Source {
  return {
    name,
    size: bytes.length,
    read: async (offset, length) => new Uint8Array(bytes.subarray(offset, offset + length)),
  };
}

/** lent returns a source that does not close the other. */
export function lent(s: Source): Source {
  return { ...slice(s, 0, s.size), close: () => {} };
}

/** slice returns a source of a part of another. Closing it closes the other. */
export function slice(s: Source, start: number, size: number): Source {
  return {
    name: s.name,
    size,
    read: (offset, length) => s.read(start + offset, length),
    parts: (offset, length) => parts(s, start + offset, length),
    check: async () => s.check?.(),
    close: () => s.close?.(),
  };
}

/** join returns a source of sources that stand one after the other. They are opened when needed. */
export function join(
  name: string,
  pieces: readonly { size: number; open: () => Promise<Source> }[],
): Source {
  const starts: number[] = [];
  let size = 0;
  for (const p of pieces) {
    starts.push(size);
    size += p.size;
  }
  const opened = new Map<number, Promise<Source>>();
  const open = (i: number) => {
    let s = opened.get(i);
    if (!s) {
      s = pieces[i]!.open();
      s.catch(() => opened.delete(i)); // the next one who reads tries again
      opened.set(i, s);
    }
    return s;
  };
  async function* each(offset: number, length: number): AsyncGenerator<Uint8Array> {
    let i = starts.findLastIndex((start) => start <= offset);
    for (const end = offset + length; offset < end; i++) {
      const next = Math.min(end, starts[i]! + pieces[i]!.size);
      yield* parts(await open(i), offset - starts[i]!, next - offset);
      offset = next;
    }
  }
  return {
    name,
    size,
    parts: each,
    read: async (offset, length) => {
      const got: Uint8Array[] = [];
      for await (const p of each(offset, length)) got.push(p);
      return concat(got);
    },
    close: async () => {
      for (const s of opened.values()) await (await s.catch(() => undefined))?.close?.();
    },
  };
}
