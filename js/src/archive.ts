import { concat, fromByteString, owned, toByteString, toText } from "./bytes.js";
import { readContent } from "./content.js";
import { corrupt, TpkError } from "./errors.js";
import { xxh64 } from "./hash.js";
import { isPath, Paths } from "./index-paths.js";
import { inflate as inflateWeb, type Inflate } from "./inflate.js";
import { recordSize } from "./layout.js";
import type { Opened } from "./opening.js";
import { type Content, type EntryType, parseRecord, type Record } from "./records.js";

/** A path in the archive, without slashes at its ends; "" is the root. Names are bytes: use a
 * Uint8Array for those that are not UTF-8. */
export type Path = string | Uint8Array;

/**
 * Bytes from start up to, but not including, end. Both may be left out, and may be behind the end
 * of the file.
 */
export interface Range {
  start?: number;
  end?: number;
}

/** An entry of an archive. */
export interface Entry {
  /** Its position in path order, from 0. The root has none: it is -1. */
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

// As many links and names are followed as by the tpk program.
const maxLinks = 40;
const maxNames = 2048;
const listStep = 64; // records that a list reads together

/** An open archive or shard set. Its methods may be called at the same time. */
export class Archive {
  private readonly paths: Paths;
  private readonly root: Entry;

  /** Use open. */
  constructor(private readonly o: Opened, private readonly inflate: Inflate = inflateWeb) {
    const h = o.header;
    this.paths = new Paths(o.side, h);
    this.root = {
      ordinal: -1, path: "", pathBytes: new Uint8Array(0), name: "", type: "directory",
      size: h.fileBytes + h.hardlinkBytes, packed: h.packedBytes, mode: 0o755, mtime: 0,
      target: undefined, targetBytes: undefined, duplicate: false, hash: undefined, sniff: 0,
      end: h.entries, below: h.entries - h.directories, content: undefined,
    };
  }

  /** Number of entries. The root is none. */
  get entries(): number {
    return this.o.header.entries;
  }

  /** Bytes of the archive, or of all shards. */
  get size(): number {
    return this.o.header.archiveSize;
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
   * Returns the entry of a path, or undefined. Symbolic links anywhere on it are followed. One
   * leads nowhere if it is absolute, leaves the archive or goes in circles.
   */
  async stat(path: Path): Promise<Entry | undefined> {
    let rest = toByteString(path);
    const e = await this.find(rest);
    if (e ? e.type !== "symlink" : !isPath(rest) || this.o.header.symlinks === 0) return e;
    let at = "";
    let here: Entry | undefined = this.root;
    for (let names = 0, links = 0; rest !== ""; names++) {
      if (here?.type !== "directory" || names === maxNames) return undefined;
      const [name] = rest.split("/", 1) as [string];
      rest = rest.slice(name.length + 1);
      if (name === "" || name === ".") continue;
      if (name === "..") {
        if (at === "") return undefined;
        at = at.slice(0, Math.max(0, at.lastIndexOf("/")));
        here = await this.find(at);
        continue;
      }
      const path: string = at === "" ? name : `${at}/${name}`;
      const next: Entry | undefined = await this.find(path);
      if (next?.type !== "symlink") {
        [at, here] = [path, next];
        continue;
      }
      const target = toByteString(next.targetBytes!);
      if (target.startsWith("/") || ++links > maxLinks) return undefined;
      rest = rest === "" ? target : `${target}/${rest}`;
    }
    return here;
  }

  /**
   * Lists the entries of a directory, in path order. from is the ordinal to begin with, if that is
   * not the first: an entry of the directory, or anything below one, which is then left out.
   */
  async *list(path: Path | Entry = "", from = 0): AsyncGenerator<Entry> {
    const dir = await this.directory(path);
    const prefix = dir === this.root ? "" : toByteString(dir.pathBytes) + "/";
    for (let i = Math.max(dir.ordinal + 1, from), ahead = i; i < dir.end;) {
      if (i >= ahead) ahead = await this.readAhead(i, dir.end);
      const e = await this.entry(i);
      const p = toByteString(e.pathBytes);
      const slash = p.indexOf("/", prefix.length);
      const below = slash >= 0 && i === from ? await this.find(p.slice(0, slash)) : undefined;
      if (!p.startsWith(prefix) || slash >= 0 && !(below && below.end > i)) {
        throw corrupt(this.o.side.name, `entry ${i} is not in the directory that it is listed in`);
      }
      if (!below) yield e;
      i = below?.end ?? (e.type === "directory" ? e.end : i + 1);
    }
  }

  /** Walks through all entries below a directory, in path order. */
  async *walk(path: Path | Entry = ""): AsyncGenerator<Entry> {
    const dir = await this.directory(path);
    for (let i = dir.ordinal + 1, ahead = i; i < dir.end; i++) {
      if (i >= ahead) ahead = await this.readAhead(i, dir.end);
      yield this.entry(i);
    }
  }

  /** Returns the content of a file. The CRC-32 and the xxHash64 of whole contents are checked. */
  async read(path: Path | Entry, range: Range = {}): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for await (const p of await this.parts(path, range)) parts.push(p);
    return owned(concat(parts));
  }

  /** Returns the content of a file as text, in UTF-8. */
  async text(path: Path | Entry): Promise<string> {
    return new TextDecoder().decode(await this.read(path));
  }

  /**
   * Returns the content of a file as a stream. The CRC-32 and the xxHash64 of whole contents are
   * checked: if one is wrong, the stream ends with an error.
   */
  stream(path: Path | Entry, range: Range = {}): ReadableStream<Uint8Array> {
    let parts: AsyncGenerator<Uint8Array> | undefined;
    return new ReadableStream<Uint8Array>({
      pull: async (control) => {
        parts ??= await this.parts(path, range);
        const next = await parts.next();
        if (next.done) control.close();
        else control.enqueue(owned(next.value));
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
    if (path === "") return this.root;
    const i = await this.paths.find(path);
    return i < 0 ? undefined : this.make(i, path, await this.record(i));
  }

  private async parts(path: Path | Entry, range: Range): Promise<AsyncGenerator<Uint8Array>> {
    const e = await this.resolve(path);
    if (!e.content) throw new TpkError("NOT_FILE", `${e.path || "the root"}: is not a regular file`);
    const { start = 0, end = Infinity } = range;
    if (!(Number.isInteger(start) && start >= 0 && end >= start &&
      (Number.isInteger(end) || end === Infinity))) {
      throw new RangeError(`bytes ${start} to ${end}`);
    }
    return readContent({ ...this.o, inflate: this.inflate }, e.content,
      Math.min(start, e.size), Math.min(end, e.size));
  }

  /** resolve returns an entry, or what it leads to if it is a symbolic link. */
  private async resolve(path: Path | Entry): Promise<Entry> {
    if (isEntry(path)) {
      if (path.type !== "symlink") return path;
      path = path.pathBytes;
    }
    const e = await this.stat(path);
    if (!e) throw new TpkError("NO_ENTRY", `${toText(toByteString(path))}: no such entry`);
    return e;
  }

  private async directory(path: Path | Entry): Promise<Entry> {
    const e = await this.resolve(path);
    if (e.type !== "directory") throw new TpkError("NOT_DIRECTORY", `${e.path}: is not a directory`);
    return e;
  }

  /** records reads n records. */
  private async records(i: number, n: number): Promise<Uint8Array> {
    return this.o.side.read(this.o.header.sections[0].offset + recordSize * i, recordSize * n);
  }

  /** readAhead reads records from i on, which are likely to be needed. It returns where it ended. */
  private async readAhead(i: number, end: number): Promise<number> {
    const n = Math.min(listStep, end - i);
    await this.records(i, n);
    return i + n;
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
