import { concat } from "./bytes.js";
import { BlockCache, type CacheOptions } from "./cache.js";
import { corrupt, hasCode, TpkError } from "./errors.js";
import { type First, within } from "./http.js";
import {
  checkFeatures, embeddedRuns, type Header, headerSize, indexMember, optionalSet, parseHeader,
  parseIndexMember, parsePlace, parseTrailer, tailSize, type Trailer, trailerSize,
} from "./layout.js";
import { lent, readWithin, slice, type Source } from "./source.js";

/** An Opener opens a file and reads a first range of it, which may end earlier than asked for. */
export type Opener = (first: First) =>
  Promise<{ source: Source; offset: number; bytes: Uint8Array }>;

/** opener returns the Opener of a source that is open already. What it opens does not close it. */
export function opener(source: Source): Opener {
  return async (first) => {
    const { offset, length } = within(first, source.size);
    return { source: lent(source), offset, bytes: await readWithin(source, offset, length) };
  };
}

/** closing returns an archive that closes sources, too. */
export function closing(o: Opened, ...sources: readonly Source[]): Opened {
  return {
    ...o,
    close: async () => {
      await o.close();
      for (const s of sources) await s.close?.();
    },
  };
}

/** An archive, or a set, and the index that belongs to it. */
export interface Opened {
  content: Source;
  side: BlockCache;
  header: Header;
  /** The index is a part of the archive. */
  embedded: boolean;
  /** Throws CHANGED if there is another version now. */
  check: () => Promise<void>;
  close: () => Promise<void>;
}

/** A sidecar that is sound; whether it belongs to the archive is not known yet. */
export interface Side {
  source: Source;
  cache: BlockCache;
  header: Header;
}

/** openArchive opens an archive and its index: FORMAT.md, section 3. */
export async function openArchive(
  archive: Opener, index: Opener | undefined, options: CacheOptions,
): Promise<Opened> {
  let problem = noIndex("there is no index, neither beside the archive nor in it");
  let side: Side | undefined;
  try {
    side = index && await openSide(index, options);
  } catch (error) {
    // The archive may have an index in itself. A missing index of another origin is UNAVAILABLE if
    // the server's 404 does not allow pages to see it.
    if (hasCode(error, "CORRUPT")) problem = noIndex((error as Error).message);
    else if (hasCode(error, "NO_RANGES", "COMPRESSED", "ANSWER", "UNAVAILABLE")) {
      problem = () => error as TpkError;
    }
    else if (!hasCode(error, "NOT_FOUND", "DENIED")) throw error;
  }
  if (side) {
    let opened: Opened | undefined;
    try {
      opened = await withSide(archive, side);
    } finally {
      if (!opened) await side.source.close?.();
    }
    if (opened) return opened;
    problem = noIndex("the index beside it belongs to another version of the archive");
  }
  const got = await archive({ tail: tailSize });
  try {
    return await openTail(got, options, problem);
  } catch (error) {
    await got.source.close?.();
    throw error;
  }
}

/** A Problem returns the error for an archive, by its name, that has no index in itself either. */
type Problem = (name: string) => TpkError;

const noIndex = (what: string): Problem =>
  (name) => new TpkError("NO_INDEX", `${name}: ${what}`);

/** openSide opens a sidecar and checks its header. */
export async function openSide(index: Opener, options: CacheOptions): Promise<Side> {
  const { source, bytes } = await index({ offset: 0, length: headerSize });
  try {
    const header = parseHeader(bytes, source.name);
    if (header.size !== source.size) {
      throw corrupt(source.name, `it has ${source.size} bytes, not ${header.size}`);
    }
    return { source, cache: new BlockCache(source, options), header };
  } catch (error) {
    await source.close?.();
    throw error;
  }
}

/** withSide opens the archive that a sidecar belongs to, or returns undefined if it is another. */
async function withSide(archive: Opener, { source: file, cache, header }: Side) {
  const size = header.archiveSize;
  if (size < trailerSize || header.optional & optionalSet) return undefined;
  let got;
  try {
    got = await archive({ offset: size - trailerSize, length: trailerSize });
  } catch (error) {
    if (hasCode(error, "ANSWER")) return undefined; // the archive may be shorter
    throw error;
  }
  const { source, bytes } = got;
  try {
    const t = parseTrailer(bytes, source.name);
    if (t && belongs(header, t, size - trailerSize) &&
      (source.size === size ? t.end === "T" : t.end !== "F")) {
      return {
        content: limited(source, size), side: cache, header, embedded: false,
        check: async () => file.check?.(),
        close: async () => {
          await source.close?.();
          await file.close?.();
        },
      };
    }
  } catch (error) {
    await source.close?.();
    throw error;
  }
  await source.close?.();
  return undefined;
}

/** limited is a source that ends at size. What follows is of an archive that is growing. */
function limited(source: Source, size: number): Source {
  return source.size === size ? source : slice(source, 0, size);
}

/** belongs reports whether the trailer at an offset names the digest, features and entries of h. */
function belongs(h: Header, t: Trailer, offset: number): boolean {
  return t.offset === offset && t.digest === h.digest && t.entries === h.entries &&
    t.required === h.required && t.optional === h.optional;
}

/** openTail opens an archive by its last bytes: an index in it, or the record of a larger file. */
async function openTail(
  { source, offset, bytes }: Awaited<ReturnType<Opener>>, options: CacheOptions, problem: Problem,
): Promise<Opened> {
  if (bytes.length < trailerSize) throw corrupt(source.name, "not a tpk archive");
  const last = bytes.subarray(-trailerSize);
  const place = parsePlace(last, source.name);
  if (place) return openPlace(source, place, options);
  const t = parseTrailer(last, source.name);
  if (t?.end !== "T" || t.offset !== source.size - trailerSize) {
    throw corrupt(source.name, "not a tpk archive, or it is truncated or has bytes after its end");
  }
  checkFeatures(source.name, t.required);
  const read = async (at: number, length: number) => at >= offset
    ? bytes.slice(at - offset, at - offset + length) : source.read(at, length);
  const e = t.offset < indexMember ? undefined
    : parseIndexMember(await read(t.offset - indexMember, 54), t.offset);
  if (!e || e.digest !== t.digest) throw problem(source.name);
  const f = parseTrailer(await read(e.base - trailerSize, trailerSize), source.name);
  const broken = (what: string) => noIndex(`the index in it can't be used: ${what}`)(source.name);
  if (f?.end !== "F" || f.offset !== e.base - trailerSize || f.entries !== t.entries ||
    f.required !== t.required || f.optional !== t.optional) {
    throw broken("it is not complete");
  }
  const header = parseHeader(await read(t.offset - 522, headerSize), source.name);
  if (!belongs(header, t, t.offset) || header.archiveSize !== source.size ||
    header.size !== e.length) {
    throw broken("it belongs to another archive");
  }
  const inside: Source = {
    name: source.name,
    size: e.length,
    read: async (at, length) => {
      const runs = embeddedRuns(e, at, length);
      const all = [runs[0]!, runs.at(-1)!];
      const from = all[0]!.offset;
      const b = await read(from, all[1]!.offset + all[1]!.length - from);
      return concat(runs.map((r) => b.subarray(r.offset - from, r.offset - from + r.length)));
    },
  };
  return {
    content: source, side: new BlockCache(inside, options), header, embedded: true,
    check: async () => source.check?.(),
    close: async () => source.close?.(),
  };
}

/** openPlace opens an archive that lies in a larger file: 3.2. */
async function openPlace(
  source: Source, place: NonNullable<ReturnType<typeof parsePlace>>, options: CacheOptions,
): Promise<Opened> {
  const { size, index, indexLength } = place;
  if (size < trailerSize || size + trailerSize > source.size ||
    index < size || index + indexLength > source.size) {
    throw corrupt(source.name, "the record at its end");
  }
  const archive = slice(source, 0, size);
  const t = parseTrailer(await archive.read(size - trailerSize, trailerSize), source.name);
  if (t?.digest !== place.digest) throw corrupt(source.name, "the record at its end");
  const side = indexLength > 0 ? opener(slice(source, index, indexLength)) : undefined;
  return closing(await openArchive(opener(archive), side, options), source);
}
