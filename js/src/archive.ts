import { concat, fromByteString, toByteString, toText } from "./bytes.js";
import { readContent } from "./content.js";
import { corrupt, TpkError } from "./errors.js";
import { xxh64 } from "./hash.js";
import { Paths } from "./index-paths.js";
import { inflate as inflateWeb, type Inflate } from "./inflate.js";
import { recordSize } from "./layout.js";
import type { Opened } from "./opening.js";
import { type Content, type EntryType, parseRecord, type Record } from "./records.js";

/** A path in the archive, without slashes at its ends; "" is the root. Names are bytes: use a
 * Uint8Array for those that are not UTF-8. */
export type Path = string | Uint8Array;

/** Bytes from start up to, but not including, end. Both may be left out, and end may be too large. */
export interface Range {
  start?: number;
  end?: number;
}

/** An entry of an archive. */
export interface Entry {
  /** Its position in path order, from 0. */
  readonly ordinal: number;
  /** Its path. Bytes that are not UTF-8 are U+FFFD. */
  readonly path: string;
  readonly pathBytes: Uint8Array;
  /** The last component of its path. */
  readonly name: string;
  readonly type: EntryType;
  /** Bytes of the content; of a directory, of all files below it; of a symbolic link, of its target. */
  readonly size: number;
  /** Compressed bytes in the archive; of a directory, of all files below it. 0 for hard links. */
  readonly packed: number;
  /** Permissions: 12 bits. */
  readonly mode: number;
  /** Modification time, in seconds since 1970. */
  readonly mtime: number;
  /** Where a symbolic link leads, or the path of a hard link's target. */
  readonly target: string | undefined;
  readonly targetBytes: Uint8Array | undefined;
  /** It is a hard link that was made of a duplicate file. */
  readonly duplicate: boolean;
  /** xxHash64 of the content, 16 hexadecimal digits, for files and hard links. */
  readonly hash: string | undefined;
  /** What the content looks like: FORMAT.md, 2.3. */
  readonly sniff: number;
  /** Of a directory: the ordinal after the last entry below it, and the files and links there. */
  readonly end: number;
  readonly below: number;
  /** Of files and hard links: where the content is. */
  readonly content: Content | undefined;
}

const maxLinks = 40;
const listStep = 64; // records that a list reads together

/** An open archive or shard set. Its methods may be called at the same time. */
export class Archive {
  private readonly paths: Paths;

  /** Use open. */
  constructor(private readonly o: Opened, private readonly inflate: Inflate = inflateWeb) {
    this.paths = new Paths(o.side, o.header);
  }

  /** Number of entries. The root is none. */
  get entries(): number {
    return this.o.header.entries;
  }

  /** Bytes of the archive, or of all shards. */
  get size(): number {
    return this.o.header.archiveSize;
  }

  /** Bytes of all files, hard links included, and of what they take in the archive. */
  get bytes(): number {
    return this.o.header.fileBytes + this.o.header.hardlinkBytes;
  }

  get packed(): number {
    return this.o.header.packedBytes;
  }

  get directories(): number {
    return this.o.header.directories;
  }

  /** Identifies the index, and so the entries: 16 hexadecimal digits. */
  get digest(): string {
    return hex(this.o.header.digest);
  }

  /** The index is a part of the archive. */
  get embedded(): boolean {
    return this.o.embedded;
  }

  /** Returns entry i, in path order. */
  async entry(i: number): Promise<Entry> {
    if (!(Number.isInteger(i) && i >= 0 && i < this.entries)) {
      throw new RangeError(`entry ${i} of ${this.entries}`);
    }
    return this.make(i, await this.paths.path(i), await this.record(i));
  }

  /** Returns the entry of a path, or undefined. Symbolic links are not followed. */
  async lstat(path: Path): Promise<Entry | undefined> {
    return this.find(toByteString(path));
  }

  /**
   * Returns the entry of a path, or undefined. Symbolic links anywhere on it are followed. One leads
   * nowhere if it is absolute, leaves the archive or goes in circles.
   */
  async stat(path: Path): Promise<Entry | undefined> {
    const p = toByteString(path);
    const e = await this.find(p);
    if (e && e.type !== "symlink" || this.o.header.symlinks === 0) return e;
    const names = p.split("/");
    let at: string[] = [];
    let here: Entry | undefined;
    for (let links = 0; names.length > 0;) {
      const name = names.shift()!;
      if (name === "" || name === ".") continue;
      if (here && here.type !== "directory") return undefined;
      if (name === "..") {
        if (at.length === 0) return undefined;
        at.pop();
        here = at.length > 0 ? await this.find(at.join("/")) : undefined;
        continue;
      }
      const next = await this.find([...at, name].join("/"));
      if (!next) return undefined;
      if (next.type !== "symlink") {
        at = [...at, name];
        here = next;
        continue;
      }
      const target = toByteString(next.targetBytes!);
      if (target.startsWith("/") || ++links > maxLinks) return undefined;
      names.unshift(...target.split("/"));
    }
    return here;
  }

  /** Lists the entries of a directory, in path order. from is the ordinal of the first, if not 0. */
  async *list(path: Path | Entry = "", from = 0): AsyncGenerator<Entry> {
    const { start, end, prefix } = await this.below(path);
    for (let i = Math.max(start, from); i < end;) {
      // Records next to each other are likely to be needed, too.
      await this.records(i, Math.min(listStep, end - i));
      const e = await this.entry(i);
      const p = toByteString(e.pathBytes);
      if (!p.startsWith(prefix) || p.indexOf("/", prefix.length) >= 0) {
        throw corrupt(this.o.side.name, `entry ${i} is not in the directory that it is listed in`);
      }
      yield e;
      i = e.type === "directory" ? e.end : i + 1;
    }
  }

  /** Walks through all entries below a directory, in path order. */
  async *walk(path: Path | Entry = ""): AsyncGenerator<Entry> {
    const { start, end } = await this.below(path);
    for (let i = start; i < end; i++) yield this.entry(i);
  }

  /** Returns the content of a file. The CRC-32 of whole contents is checked. */
  async read(path: Path | Entry, range: Range = {}): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const p of await this.parts(path, range)) parts.push(p);
    return concat(parts);
  }

  /** Returns the content of a file as text, in UTF-8. */
  async text(path: Path | Entry): Promise<string> {
    return new TextDecoder().decode(await this.read(path));
  }

  /**
   * Returns the content of a file as a stream. The CRC-32 of whole contents is checked: if it is
   * wrong, the stream ends with an error.
   */
  stream(path: Path | Entry, range: Range = {}): ReadableStream<Uint8Array> {
    let parts: AsyncGenerator<Uint8Array> | undefined;
    return new ReadableStream<Uint8Array>({
      pull: async (control) => {
        parts ??= await this.parts(path, range);
        const next = await parts.next();
        if (next.done) control.close();
        else control.enqueue(next.value);
      },
      cancel: async () => {
        await parts?.return(undefined);
      },
    }, { highWaterMark: 0 });
  }

  /**
   * Reads the whole index, checks the hash of each section, and keeps it: from then on a file takes
   * one request. It is about 70 bytes an entry.
   */
  async loadIndex(): Promise<void> {
    const { side, header } = this.o;
    await side.load();
    for (const [i, s] of header.sections.entries()) {
      if (xxh64(await side.read(s.offset, s.length)) !== s.hash) {
        throw corrupt(side.name, `the hash of section ${i + 1} is wrong`);
      }
    }
  }

  /**
   * Asks the server whether it still has this version, and throws an error with the code "CHANGED"
   * if not. Other sources are not asked.
   */
  async check(): Promise<void> {
    await this.o.check();
  }

  /** Closes the files that it was opened from. */
  async close(): Promise<void> {
    await this.o.close();
  }

  private async find(path: string): Promise<Entry | undefined> {
    const i = await this.paths.find(path);
    return i < 0 ? undefined : this.make(i, path, await this.record(i));
  }

  private async parts(path: Path | Entry, range: Range): Promise<AsyncGenerator<Uint8Array>> {
    const e = await this.resolve(path);
    if (!e.content) throw new TpkError("NOT_FILE", `${e.path}: is not a regular file`);
    const { start = 0, end = e.size } = range;
    if (!(start >= 0 && end >= start)) throw new RangeError(`bytes ${start} to ${end}`);
    return readContent({ ...this.o, inflate: this.inflate }, e.content,
      Math.min(start, e.size), Math.min(end, e.size));
  }

  private async resolve(path: Path | Entry): Promise<Entry> {
    const e = isEntry(path) ? path : await this.stat(path);
    if (!e) throw new TpkError("NO_ENTRY", `${toText(toByteString(path as Path))}: no such entry`);
    return e;
  }

  /** below returns the ordinals below a directory, and what their paths begin with. */
  private async below(path: Path | Entry) {
    if (!isEntry(path) && path.length === 0) return { start: 0, end: this.entries, prefix: "" };
    const e = await this.resolve(path);
    if (e.type !== "directory") throw new TpkError("NO_ENTRY", `${e.path}: is not a directory`);
    return { start: e.ordinal + 1, end: e.end, prefix: toByteString(e.pathBytes) + "/" };
  }

  /** records reads records ahead. */
  private async records(i: number, n: number): Promise<Uint8Array> {
    return this.o.side.read(this.o.header.sections[0].offset + recordSize * i, recordSize * n);
  }

  private async record(i: number): Promise<Record> {
    return parseRecord(await this.records(i, 1), i, this.o.header, this.o.side.name);
  }

  private async make(ordinal: number, path: string, r: Record): Promise<Entry> {
    const { side, header } = this.o;
    let target: string | undefined;
    let { content } = r;
    if (r.type === "symlink") {
      target = toByteString(await side.read(header.sections[2].offset + r.link, r.size));
      if (target.includes("\0")) throw corrupt(side.name, `entry ${ordinal}: its link target`);
    } else if (r.type === "hardlink") {
      const of = await this.record(r.target);
      if (of.type !== "file" || of.size !== r.size || of.hash !== r.hash) {
        throw corrupt(side.name, `entry ${ordinal}: its target`);
      }
      content = of.content;
      target = await this.paths.path(r.target);
    }
    const isFile = r.type === "file" || r.type === "hardlink";
    return {
      ordinal, type: r.type, size: r.size, mode: r.mode, mtime: r.mtime, duplicate: r.duplicate,
      path: toText(path), pathBytes: fromByteString(path),
      name: toText(path.slice(path.lastIndexOf("/") + 1)),
      packed: r.type === "file" ? r.content!.packed : r.packedBelow,
      target: target === undefined ? undefined : toText(target),
      targetBytes: target === undefined ? undefined : fromByteString(target),
      hash: isFile ? hex(r.hash) : undefined, sniff: r.sniff, end: r.end, below: r.below, content,
    };
  }
}

function isEntry(x: Path | Entry): x is Entry {
  return typeof x === "object" && "ordinal" in x;
}

function hex(n: bigint): string {
  return n.toString(16).padStart(16, "0");
}
