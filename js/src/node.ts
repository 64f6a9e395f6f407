/** What index.ts has, and archives in files. @module */
import { constants } from "node:fs";
import { type FileHandle, open as openHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { Archive } from "./archive.js";
import { toByteString, toText } from "./bytes.js";
import { TpkError } from "./errors.js";
import { inflateNode } from "./inflate-node.js";
import { cacheOptions, type Input, openAny, openBeside, type OpenOptions } from "./index.js";
import { type Opener, opener } from "./opening.js";
import { isSetName, openSet } from "./set.js";
import type { Source } from "./source.js";

export {
  Archive, blobSource, bytesSource, HttpSource, TpkError, type Coding, type Content, type Entry,
  type EntryType, type ErrorCode, type Generation, type HttpOptions, type Input, type Keep,
  type OpenOptions, type Path, type Range, type Source,
} from "./index.js";

/** Opens an archive, or the list of a shard set: a path, a file: or http: URL, a Blob or a source. */
export async function open(input: Input, options: OpenOptions = {}): Promise<Archive> {
  const path = pathOf(input);
  if (path === undefined) return openAny(input, options, inflateNode);
  const cache = cacheOptions(options);
  const name = basename(path);
  if (isSetName(name)) {
    const open = (name: string) => file(join(dirname(path), toText(name)));
    return new Archive(await openSet(toByteString(name), open, cache), inflateNode);
  }
  return new Archive(await openBeside(file(path), options.index, cache,
    (index) => file(index === undefined ? path + ".tpi" : pathOf(index) ?? String(index)),
  ), inflateNode);
}

/** pathOf returns the path that a string or a file: URL names, or undefined. */
function pathOf(input: Input): string | undefined {
  if (input instanceof URL) return input.protocol === "file:" ? fileURLToPath(input) : undefined;
  if (typeof input !== "string") return undefined;
  if (input.startsWith("file:")) return fileURLToPath(input);
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(input) ? undefined : input;
}

function file(path: string): Opener {
  return async (first) => {
    const source = await fileSource(path);
    try {
      return { ...await opener(source)(first), source };
    } catch (error) {
      await source.close?.();
      throw error;
    }
  };
}

/** fileSource opens a file. */
async function fileSource(path: string): Promise<Source> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK it would wait for somebody to write to a FIFO.
    handle = await openHandle(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw failed(path, error);
  }
  let size: number;
  try {
    const info = await handle.stat();
    if (!info.isFile()) throw new TpkError("NOT_FOUND", `${path}: not a regular file`);
    size = info.size;
  } catch (error) {
    await handle.close();
    throw failed(path, error);
  }
  return {
    name: path,
    size,
    read: async (offset, length) => {
      const b = new Uint8Array(length);
      for (let n = 0; n < length;) {
        const { bytesRead } = await handle.read(b, n, length - n, offset + n)
          .catch((error: unknown) => { throw failed(path, error); });
        if (bytesRead === 0) throw new TpkError("CHANGED", `${path}: is shorter than before`);
        n += bytesRead;
      }
      return b;
    },
    close: () => handle.close(),
  };
}

function failed(path: string, error: unknown): TpkError {
  if (error instanceof TpkError) return error;
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
    case "ENOTDIR":
      return new TpkError("NOT_FOUND", `${path}: no such file`, { cause: error });
    case "EACCES":
      return new TpkError("DENIED", `${path}: permission denied`, { cause: error });
  }
  return new TpkError("UNAVAILABLE", `${path}: ${(error as Error).message}`, { cause: error });
}
