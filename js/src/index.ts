/**
 * Reads tpk archives: .tar.gz files with an index that says where each file is. Files are read by
 * ranges, from a server, a Blob or another source, without reading the rest.
 *
 * ```js
 * import { open } from "tpk-reader";
 * const archive = await open("https://example.org/site.tar.gz");
 * console.log(await archive.text("docs/index.html"));
 * for await (const entry of archive.list("docs")) console.log(entry.name, entry.size);
 * ```
 *
 * @module
 */
import { Archive } from "./archive.js";
import { escapeURL, unescapeURL } from "./bytes.js";
import type { CacheOptions } from "./cache.js";
import { type HttpOptions, HttpSource } from "./http.js";
import type { Inflate } from "./inflate.js";
import { closing, openArchive, type Opened, type Opener, opener } from "./opening.js";
import { isSetName, openSet } from "./set.js";
import { blobSource, type Source } from "./source.js";

export { Archive, type Entry, type Path, type Range } from "./archive.js";
export { type ErrorCode, TpkError } from "./errors.js";
export type { Generation, HttpOptions, Keep } from "./http.js";
export { HttpSource } from "./http.js";
export type { Coding, Content, EntryType } from "./records.js";
export { blobSource, bytesSource, type Source } from "./source.js";

/** Options of open. */
export interface OpenOptions extends HttpOptions {
  /**
   * The index, if it is not beside the archive under the archive's name and ".tpi": a URL for a URL,
   * else a Blob or a source. null: use only an index that is in the archive.
   */
  index?: string | URL | Blob | Source | null;
  /** Bytes of the index that are kept in memory. The default is 64 MiB. */
  cacheSize?: number;
  /**
   * Bytes of the index that a request fetches at least, a power of two. The default is 512, which
   * grows to 65,536 with the number of requests.
   */
  blockSize?: number;
}

/** What open accepts. */
export type Input = string | URL | Blob | Source;

/** cacheOptions returns the options of the block cache of an index. */
export function cacheOptions(o: OpenOptions): CacheOptions {
  const block = o.blockSize ?? 512;
  if (block < 64 || block > 1 << 26 || !Number.isInteger(Math.log2(block))) {
    throw new RangeError(`blockSize ${block}: not a power of two from 64 to 2^26`);
  }
  return { block, maxAhead: 64 << 10, maxBlocks: Math.ceil((o.cacheSize ?? 64 << 20) / block) };
}

/**
 * Opens an archive, or the list of a shard set (".tps"): by its URL, or from a Blob or a source. In
 * Node a string without a scheme is the path of a file.
 */
export async function open(input: Input, options: OpenOptions = {}): Promise<Archive> {
  return openAny(input, options);
}

/** openAny is open with a way to inflate. */
export async function openAny(
  input: Input, options: OpenOptions, inflate?: Inflate,
): Promise<Archive> {
  const cache = cacheOptions(options);
  if (typeof input === "string" || input instanceof URL) {
    const url = new URL(input, (globalThis as { location?: { href?: string } }).location?.href);
    url.hash = "";
    const name = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
    if (isSetName(name)) {
      const open = (file: string) => web(beside(url, escapeURL(file)), options);
      return new Archive(await openSet(unescapeURL(name), open, cache), inflate);
    }
    return new Archive(await openBeside(web(url, options), options.index, cache,
      (i) => web(i === undefined ? beside(url, name + ".tpi") : new URL(i, url), options),
    ), inflate);
  }
  const { index } = options;
  if (typeof index === "string" || index instanceof URL) {
    throw new TypeError("index: a URL can be given for an archive with a URL only");
  }
  const sources = [toSource(input), ...index ? [toSource(index)] : []];
  const [archive, side] = sources.map(opener);
  const opened = await openArchive(archive!, side, cache);
  return new Archive(closing(opened, ...sources), inflate);
}

/**
 * openBeside opens an archive with the index of the options. named opens an index by its name, or
 * the usual one if that is undefined.
 */
export async function openBeside(
  archive: Opener, index: OpenOptions["index"], cache: CacheOptions,
  named: (index: string | URL | undefined) => Opener,
): Promise<Opened> {
  if (index === null) return openArchive(archive, undefined, cache);
  if (index === undefined || typeof index === "string" || index instanceof URL) {
    return openArchive(archive, named(index), cache);
  }
  const source = toSource(index);
  return closing(await openArchive(archive, opener(source), cache), source);
}

/** web returns the Opener of a URL. */
function web(url: URL, options: HttpOptions): Opener {
  return (first) => HttpSource.open(url.href, first, options);
}

/** beside returns the URL of a file in the same folder. */
function beside(url: URL, name: string): URL {
  const u = new URL(url);
  u.pathname = u.pathname.slice(0, u.pathname.lastIndexOf("/") + 1) + name;
  return u;
}

function toSource(x: Blob | Source): Source {
  if (x instanceof Blob) return blobSource(x);
  if (typeof x?.read === "function" && Number.isInteger(x.size)) return x;
  throw new TypeError("neither a URL, a Blob nor a source: bytesSource makes a source of bytes");
}
