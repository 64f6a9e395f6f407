import { type Archive, type Entry, TpkError } from "tpk-reader";

import { escapeURL, fromByteString, toByteString } from "../src/bytes.js";
import { isNamedGzip, hasType, mediaType } from "./media.js";
import { assets, errorPage, listingPage, previewPage } from "./pages.js";
import { isHidden, join, lastName, parsePath } from "./path.js";

// The answer to a request: the rules of tpk serve, package serve/internal/plan, for one archive.

/** Content up to this many bytes is checked before the answer begins. */
const checkedFirst = 1 << 20;

/** A request to the site, with the path behind the base of the site. */
export interface Request {
  path: string;
  query: URLSearchParams;
  search: string;
  method: string;
  range: string | null;
  ifRange: string | null;
}

/** A found file: the entry of its content, and the path that its media type is of. */
interface Found {
  entry: Entry;
  path: string;
}

/** answer returns the response to a request. */
export async function answer(a: Archive, r: Request): Promise<Response> {
  const target = parsePath(r.path);
  if (!target) return missing(a, r);
  const s = new Site(a, r, target.path);
  if (target.doubled) return s.merged(target.slash);
  return target.slash ? s.directory() : s.file();
}

class Site {
  constructor(
    private readonly a: Archive, private readonly r: Request, private readonly path: string,
  ) {}

  /** file answers a path that does not end in a slash. */
  async file(): Promise<Response> {
    const { a, r, path } = this;
    const e = await this.stat(path);
    if (e?.content && this.asksOwn() && r.query.has("view")) return previewPage(a, e, path);
    if (e?.content) return send(a, r, { entry: e, path });
    if (e?.type === "directory" && this.asksOwn()) return this.redirect("./", lastName(path) + "/");
    // A page about.html wins over a folder about.
    const page = await this.clean();
    if (page) return send(a, r, page);
    if (e?.type === "directory") return this.redirect("./", lastName(path) + "/");
    // The page that started the worker may have this name, in an archive that has none.
    if (path === "index.html") return this.redirect("./", "");
    return missing(a, r);
  }

  /** directory answers a path that ended in a slash, or the root. */
  async directory(): Promise<Response> {
    const { a, r, path } = this;
    const asset = r.query.get("asset");
    if (path === "" && this.asksOwn() && asset) return assets(asset) ?? missing(a, r);
    const e = await this.stat(path);
    const dir = e?.type === "directory" ? e : undefined;
    if (dir && this.asksOwn()) return listingPage(a, dir, path, r.query);
    const index = await this.found(join(path, "index.html"));
    if (index) return send(a, r, index);
    if (dir) return listingPage(a, dir, path, r.query);
    if (!e && await this.clean()) return this.redirect("../", lastName(path));
    return missing(a, r);
  }

  /** merged answers a path with empty components. */
  async merged(slash: boolean): Promise<Response> {
    const { a, r, path } = this;
    const e = await this.stat(path);
    if (!e?.content && e?.type !== "directory") return missing(a, r);
    const end = path !== "" && (slash || e?.type === "directory" && !await this.clean()) ? "/" : "";
    const up = r.path.split("/").length - 1;
    return this.redirect(up > 0 ? "../".repeat(up) : "./", path + end);
  }

  /** stat returns the entry of a path. What is hidden is missing. */
  private async stat(path: string): Promise<Entry | undefined> {
    if (isHidden(path)) return undefined;
    const e = await this.a.stat(fromByteString(path));
    return e && isHidden(toByteString(e.pathBytes)) ? undefined : e;
  }

  /** found returns the file at a path. */
  private async found(path: string): Promise<Found | undefined> {
    const entry = await this.stat(path);
    return entry?.content ? { entry, path } : undefined;
  }

  /** clean returns the page of a path without an extension: about.html for about. */
  private async clean(): Promise<Found | undefined> {
    return this.path === "" ? undefined : this.found(this.path + ".html");
  }

  /** asksOwn reports whether the query has the key that is reserved for pages of the viewer. */
  private asksOwn(): boolean {
    return this.r.query.has("list");
  }

  private redirect(prefix: string, path: string): Response {
    return new Response(null, {
      status: 301, headers: { Location: prefix + escapeURL(path) + this.r.search },
    });
  }
}

/** missing answers a path that names nothing: with 404.html of the root, if there is one. */
async function missing(a: Archive, r: Request): Promise<Response> {
  const entry = await a.stat("404.html");
  if (!entry?.content) return errorPage(404, "404 Not Found", "There is no such page in this archive.");
  return send(a, { ...r, range: null }, { entry, path: "404.html" }, 404);
}

/** send answers with a file, or with the range of it that is asked for. */
async function send(a: Archive, r: Request, { entry, path }: Found, status = 200) {
  if (!hasType(path)) path = toByteString(entry.pathBytes);
  const headers = new Headers({ "Content-Type": mediaType(path, entry) });
  if (status === 200) {
    headers.set("Last-Modified", new Date(Math.max(0, entry.mtime) * 1000).toUTCString());
    headers.set("ETag", `"${entry.hash}"`);
  }
  if (isNamedGzip(path, entry)) {
    const body = r.method === "HEAD" ? null : a.stream(entry)
      .pipeThrough(new DecompressionStream("gzip") as ReadableWritablePair<Uint8Array, Uint8Array>);
    return new Response(body as BodyInit | null, { status, headers });
  }
  if (status === 200) headers.set("Accept-Ranges", "bytes");
  const range = r.method === "GET" && r.range && holds(r.ifRange, headers)
    ? parseRange(r.range, entry.size) : undefined;
  if (range === "unsatisfiable") {
    return new Response("416 Range Not Satisfiable\n", {
      status: 416, headers: { "Content-Range": `bytes */${entry.size}`, "Content-Type": "text/plain" },
    });
  }
  const { start, end } = range ?? { start: 0, end: entry.size };
  if (range) {
    status = 206;
    headers.set("Content-Range", `bytes ${start}-${end - 1}/${entry.size}`);
  }
  headers.set("Content-Length", String(end - start));
  if (r.method === "HEAD") return new Response(null, { status, headers });
  const body = end - start <= checkedFirst ? await a.read(entry, { start, end })
    : await begun(a.stream(entry, { start, end }));
  return new Response(body as BodyInit, { status, headers });
}

/** holds reports whether a range is to be sent, by If-Range (RFC 9110 section 13.1.5). */
function holds(ifRange: string | null, headers: Headers): boolean {
  const value = ifRange?.trim();
  return !value || value === headers.get("ETag") || value === headers.get("Last-Modified");
}

/**
 * begun reads the first part of a stream, so that an error there, such as a replaced archive, comes
 * before the answer.
 */
async function begun(stream: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
  const reader = stream.getReader();
  let first: Awaited<ReturnType<typeof reader.read>> | undefined = await reader.read();
  return new ReadableStream({
    pull: async (control) => {
      const next = first ?? await reader.read();
      first = undefined;
      if (next.done) control.close();
      else control.enqueue(next.value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

const maxRanges = 32;

/**
 * parseRange reads a Range field (RFC 9110 section 14.2). If it has several ranges that are not
 * empty, or is not understood, it counts as none.
 */
export function parseRange(
  field: string, size: number,
): { start: number; end: number } | "unsatisfiable" | undefined {
  const set = /^\s*bytes\s*=(.*)$/i.exec(field)?.[1]?.split(",").map((spec) => spec.trim())
    .filter((spec) => spec !== "");
  if (!set?.length || set.length > maxRanges || size === 0) return undefined;
  const found = [];
  for (const spec of set) {
    const m = /^(\d*)-(\d*)$/.exec(spec);
    if (!m || m[1] === "" && m[2] === "") return undefined;
    const last = m[2] === "" ? Infinity : Number(m[2]);
    const start = m[1] === "" ? Math.max(0, size - last) : Number(m[1]);
    if (m[1] !== "" && last < start) return undefined;
    const end = m[1] === "" ? size : Math.min(last + 1, size);
    if (start < end) found.push({ start, end });
  }
  return found.length > 1 ? undefined : found[0] ?? "unsatisfiable";
}

/** problemPage answers with a page that explains an error. */
export function problemPage(error: unknown): Response {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof TpkError ? error.code : "";
  const [status, title] = code === "UNAVAILABLE" ? [503, "The archive can't be reached"]
    : code === "CHANGED" || code === "NO_INDEX" ? [503, "The archive can't be opened now"]
    : code === "NO_RANGES" || code === "COMPRESSED" ? [502, "This server can't serve an archive"]
    : [502, "The archive can't be read"];
  return errorPage(status as number, title as string, message);
}
