import { concat } from "./bytes.js";
import { corrupt, hasCode, TpkError } from "./errors.js";
import type { Source } from "./source.js";

/** What identifies the bytes that a server has under a URL at a time. */
export interface Generation {
  size: number;
  /** The strong ETag (RFC 9110 section 8.8.3), or "". */
  etag: string;
  /** Last-Modified, or "". */
  modified: string;
}

/** The generation of a file that is not there, or is none, for a Keep. */
const missing: Generation = { size: 0, etag: "", modified: "" };

/** A store of ranges that outlives a page, for use without a network. See the service worker. */
export interface Keep {
  /** Returns the generation that was opened last. One of 0 bytes was no file that can be read. */
  last(url: string): Promise<Generation | undefined>;
  /** Called when a generation is opened. Ranges of others may be dropped. */
  begin(url: string, g: Generation): Promise<void>;
  get(url: string, g: Generation, offset: number, length: number): Promise<Uint8Array | undefined>;
  put(url: string, g: Generation, offset: number, bytes: Uint8Array): Promise<void>;
}

/** Options for archives on servers. */
export interface HttpOptions {
  /** Header fields of every request, such as Authorization. */
  headers?: Record<string, string>;
  /** Used instead of the global fetch. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Attempts after one that failed. The default is 2. */
  retries?: number;
  /** Milliseconds before the first retry; each later one waits four times as long. 250 by default. */
  retryDelay?: number;
  /** Milliseconds without a byte after which an attempt has failed. The default is 30,000. */
  timeout?: number;
  /** Called with each request that is sent. */
  onRequest?: (url: string, range: string) => void;
  keep?: Keep;
}

/** The range that opens a file: a part of it, or its last bytes. */
export type First = { offset: number; length: number } | { tail: number };

/** within returns where a first range is in a file of size bytes. */
export function within(first: First, size: number): { offset: number; length: number } {
  const offset = "tail" in first ? Math.max(0, size - first.tail) : Math.min(first.offset, size);
  return { offset, length: Math.min("tail" in first ? first.tail : first.length, size - offset) };
}

/** The largest range that a Keep is given. */
const maxKept = 4 << 20;

/** Ranges are kept in pieces, so that blocks of an index are found whatever they were read with. */
const piece = 64 << 10;

/** Milliseconds without a byte after which what is kept is used. */
const patience = 3000;

const timedOut = new Error("no answer in time");

/** Attempts that brought as many bytes as this do not count as failed. */
const progress = 64 << 10;

/** A server's answer to a request for a range. */
interface Answer {
  response: Response;
  from: number;
  to: number;
  total: number | undefined;
  etag: string;
  modified: string;
  /** Postpones the timeout. */
  alive: () => void;
  done: () => void;
}

/** One generation of a file on a server. */
export class HttpSource implements Source {
  private constructor(
    readonly name: string,
    readonly generation: Generation,
    private readonly options: HttpOptions,
    private readonly stored: boolean,
  ) {}

  get size(): number {
    return this.generation.size;
  }

  /**
   * Opens a file with a request for a range that is needed anyway. The answer fixes the size and
   * the ETag. It returns what it got of the range, which is less if the file ends earlier.
   */
  static async open(
    url: string, first: First, options: HttpOptions = {},
  ): Promise<{ source: HttpSource; offset: number; bytes: Uint8Array }> {
    const { keep } = options;
    const kept = keep && await firstKept(keep, url, first).catch(() => undefined);
    // A bad network must not hold up what is kept.
    const o = kept === undefined ? options
      : { ...options, retries: 0, timeout: Math.min(options.timeout ?? patience, patience) };
    try {
      const got = await retrying(o, () => firstRange(url, first, o));
      const g: Generation = { size: got.total, etag: got.etag, modified: got.modified };
      const stored = keep !== undefined && g.etag !== "";
      const source = new HttpSource(url, g, options, stored);
      if (stored) {
        await keep.begin(url, g).catch(() => {});
        await keep.put(url, g, got.offset, got.bytes).catch(() => {});
      }
      return { source, offset: got.offset, bytes: got.bytes };
    } catch (error) {
      if (!hasCode(error, "UNAVAILABLE")) {
        if (!kept || hasCode(error, "NOT_FOUND")) await keep?.begin(url, missing).catch(() => {});
        throw error;
      }
      const coding = (error as Error).cause !== timedOut && await codingByHead(url, o);
      if (coding) throw compressed(url, coding);
      if (!kept) throw error;
      const { last, offset, bytes } = kept;
      if (last.size === 0) throw new TpkError("NOT_FOUND", `${url}: was not there`);
      return { source: new HttpSource(url, last, options, true), offset, bytes };
    }
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const kept = this.stored && length <= maxKept;
    const stored = kept && await this.kept(offset, length).catch(() => undefined);
    if (stored) return stored;
    const got: Uint8Array[] = [];
    for await (const p of this.fetched(offset, length)) got.push(p);
    const b = concat(got);
    if (kept) await this.keep(offset, b).catch(() => {});
    return b;
  }

  async *parts(offset: number, length: number): AsyncGenerator<Uint8Array> {
    if (this.stored && length <= maxKept) yield await this.read(offset, length);
    else yield* this.fetched(offset, length);
  }

  /**
   * Asks once whether the server still has this generation, and throws CHANGED if not. It throws
   * UNAVAILABLE if that can't be found out.
   */
  async check(): Promise<void> {
    const at = this.size - 1;
    const a = await ask(this.name, at, at + 1, this.options, this.generation);
    await cancel(a);
  }

  /** kept returns a range if all of its pieces are in the store. */
  private async kept(offset: number, length: number): Promise<Uint8Array | undefined> {
    const got: Uint8Array[] = [];
    for (let at = 0; at < length; at += piece) {
      const n = Math.min(piece, length - at);
      const b = await this.options.keep!.get(this.name, this.generation, offset + at, n);
      if (b?.length !== n) return undefined;
      got.push(b);
    }
    return concat(got);
  }

  private async keep(offset: number, b: Uint8Array): Promise<void> {
    for (let at = 0; at < b.length; at += piece) {
      await this.options.keep!.put(this.name, this.generation, offset + at,
        b.subarray(at, at + piece));
    }
  }

  /** fetched reads a range from the server, and goes on where an answer was cut off. */
  private async *fetched(offset: number, length: number): AsyncGenerator<Uint8Array> {
    const end = offset + length;
    for (let failed = 0; offset < end;) {
      const start = offset;
      try {
        const a = await ask(this.name, offset, end, this.options, this.generation);
        for await (const p of body(this.name, a, end - offset)) {
          offset += p.length;
          yield p;
        }
        if (offset < end) throw unavailable(this.name, "the answer was cut off");
      } catch (error) {
        failed = offset - start >= progress ? 1 : failed + 1;
        await pause(error, failed, this.options);
      }
    }
  }
}

/** firstKept returns the generation that was opened last, and the range that opens it, if kept. */
async function firstKept(keep: Keep, url: string, first: First) {
  const last = await keep.last(url);
  if (!last) return undefined;
  const { offset, length } = within(first, last.size);
  const bytes = length > 0 ? await keep.get(url, last, offset, length) : new Uint8Array(0);
  return bytes && { last, offset, bytes };
}

/** firstRange asks for the range that opens a file. */
async function firstRange(url: string, first: First, options: HttpOptions) {
  let range = first;
  let a: Answer;
  if ("tail" in first && isForeign(url)) {
    // A suffix range needs a preflight request there, which many hosts refuse.
    a = await ask(url, 0, 1, options);
    await cancel(a);
    const total = a.total ?? await sizeByHead(url, options);
    const offset = Math.max(0, total - first.tail);
    range = { offset, length: total - offset };
  }
  if ("tail" in range) a = await ask(url, -range.tail, 0, options);
  else a = await ask(url, range.offset, range.offset + range.length, options);
  const total = a.total ?? await sizeByHead(url, options);
  const length = Math.min(a.to, total) - a.from;
  const got: Uint8Array[] = [];
  for await (const p of body(url, a, length)) got.push(p);
  const bytes = concat(got);
  if (bytes.length !== length) throw unavailable(url, "the answer was cut off");
  return { offset: a.from, bytes, total, etag: a.etag, modified: a.modified };
}

/** ask sends one request. from is negative for the last bytes. */
async function ask(
  url: string, from: number, to: number, o: HttpOptions, g?: Generation,
): Promise<Answer> {
  const range = from < 0 ? `bytes=${from}` : `bytes=${from}-${to - 1}`;
  // With a Range, fetch sets Accept-Encoding: identity itself (Fetch standard, HTTP-network fetch).
  const headers: Record<string, string> = { ...o.headers, range };
  if (g?.etag && !isForeign(url)) headers["if-match"] = g.etag;
  o.onRequest?.(url, range);
  const sent = await send(url, { headers }, o);
  try {
    return { ...sent, ...check(url, sent.response, from, to, g) };
  } catch (error) {
    await cancel(sent);
    throw error;
  }
}

/** send sends a request and waits for the header of the answer. */
async function send(
  url: string, init: RequestInit, o: HttpOptions,
): Promise<Pick<Answer, "response" | "alive" | "done">> {
  const control = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const done = () => clearTimeout(timer);
  const alive = () => {
    done();
    timer = setTimeout(() => control.abort(timedOut), o.timeout ?? 30_000);
  };
  alive();
  try {
    const response = await (o.fetch ?? fetch)(url, {
      ...init, cache: "no-store", signal: control.signal, credentials: "same-origin",
    });
    return { response, alive, done };
  } catch (error) {
    done();
    if (control.signal.aborted) throw unavailable(url, "the server does not answer", timedOut);
    const { message, cause } = error as Error & { cause?: { code?: string } };
    // Browsers do not tell one from the other.
    const cors = isForeign(url) ? ", or it does not allow other sites to read it (CORS)" : "";
    throw unavailable(url, `can't be reached: ${cause?.code ?? message}${cors}`, error);
  }
}

/** head asks for the header fields that a file has without Range. */
async function head(url: string, o: HttpOptions): Promise<Response> {
  o.onRequest?.(url, "HEAD");
  const sent = await send(url, { method: "HEAD", headers: o.headers }, o);
  sent.done();
  return sent.response;
}

/** check returns what an answer has, if it is the range of the generation that was asked for. */
function check(url: string, r: Response, from: number, to: number, g?: Generation) {
  checkStatus(url, r, g);
  const coding = (r.headers.get("content-encoding") ?? "identity").toLowerCase();
  if (coding !== "identity" && coding !== "aws-chunked") throw compressed(url, coding);
  const etag = r.headers.get("etag") ?? "";
  const modified = r.headers.get("last-modified") ?? "";
  const strong = etag.startsWith('"') ? etag : "";
  let total: number | undefined;
  const field = r.headers.get("content-range");
  if (field !== null) {
    const m = /^bytes (\d+)-(\d+)\/(\d+)$/i.exec(field.trim());
    if (!m) throw answer(url, `Content-Range: ${field}`);
    const [first, last, size] = [Number(m[1]), Number(m[2]) + 1, Number(m[3])];
    const start = from < 0 ? Math.max(0, size + from) : from;
    const end = from < 0 ? size : Math.min(to, size);
    if (!Number.isSafeInteger(size) || first !== start || last !== end) {
      throw answer(url, `Content-Range: ${field}, for another range than was asked for`);
    }
    [from, to, total] = [first, last, size];
  } else if (r.type !== "cors" || from < 0) {
    throw answer(url, "no Content-Range"); // servers of other origins may not show it
  }
  if (g) {
    const other = g.etag && strong ? strong !== g.etag : g.modified && modified && modified !== g.modified;
    if (other || (total !== undefined && total !== g.size)) throw changed(url);
  }
  return { from, to, total, etag: strong, modified };
}

function checkStatus(url: string, r: Response, g: Generation | undefined): void {
  switch (r.status) {
    case 206:
      return;
    case 200:
      if (r.headers.has("content-encoding")) throw compressed(url, r.headers.get("content-encoding")!);
      throw new TpkError("NO_RANGES", `${url}: the server ignores Range and sends the whole file. ` +
        "Use a server that answers requests for ranges with 206 Partial Content");
    case 404:
    case 410:
      throw new TpkError("NOT_FOUND", `${url}: ${r.status}: there is no such file`);
    case 401:
    case 403:
      throw new TpkError("DENIED", `${url}: ${r.status}: access is denied`);
    case 412:
      throw changed(url);
    case 416:
      if (g) throw changed(url); // all ranges lie within its size
      if (/\/0$/.test(r.headers.get("content-range") ?? "")) throw corrupt(url, "it is empty");
      throw new TpkError("ANSWER", `${url}: 416: it has no such range`);
  }
  if (r.status === 429 || r.status >= 500) throw unavailable(url, `the server answers ${r.status}`);
  throw answer(url, String(r.status));
}

/** body reads the body of an answer, which must not have more bytes than length. */
async function* body(url: string, a: Answer, length: number): AsyncGenerator<Uint8Array> {
  const reader = a.response.body?.getReader();
  let left = length;
  try {
    while (reader) {
      a.alive();
      let next;
      try {
        next = await reader.read();
      } catch (error) {
        throw unavailable(url, "the answer was cut off", error);
      }
      a.done();
      if (next.done) return;
      left -= next.value.length;
      if (left < 0) throw answer(url, "more bytes than were asked for");
      yield next.value;
    }
  } finally {
    a.done();
    await reader?.cancel().catch(() => {});
  }
}

async function cancel(a: Pick<Answer, "response" | "done">): Promise<void> {
  a.done();
  await a.response.body?.cancel().catch(() => {});
}

/** sizeByHead asks for the size on servers of other origins that hide Content-Range. */
async function sizeByHead(url: string, o: HttpOptions): Promise<number> {
  const r = await head(url, o);
  const size = Number(r.headers.get("content-length") ?? NaN);
  if (!r.ok || !Number.isSafeInteger(size)) throw answer(url, "no Content-Length");
  return size;
}

/**
 * codingByHead returns the content coding that a file would be sent with. To a request for a range
 * browsers accept none, and do not show the header fields of an answer that has one.
 */
async function codingByHead(url: string, o: HttpOptions): Promise<string | undefined> {
  try {
    const r = await head(url, o);
    const coding = r.headers.get("content-encoding")?.toLowerCase();
    return r.ok && coding !== "identity" && coding !== "aws-chunked" ? coding : undefined;
  } catch {
    return undefined;
  }
}

/** isForeign reports whether a URL is of another origin than the page or worker. */
function isForeign(url: string): boolean {
  const own = (globalThis as { location?: { origin?: string } }).location?.origin;
  return own !== undefined && new URL(url).origin !== own;
}

async function retrying<T>(o: HttpOptions, f: () => Promise<T>): Promise<T> {
  for (let failed = 1; ; failed++) {
    try {
      return await f();
    } catch (error) {
      await pause(error, failed, o);
    }
  }
}

/** pause waits before the next attempt. It throws the error if there is to be none. */
async function pause(error: unknown, failed: number, o: HttpOptions): Promise<void> {
  const offline = (globalThis as { navigator?: { onLine?: boolean } }).navigator?.onLine === false;
  if (!hasCode(error, "UNAVAILABLE") || failed > (o.retries ?? 2) || offline) throw error;
  await new Promise((done) => setTimeout(done, (o.retryDelay ?? 250) * 4 ** (failed - 1)));
}

const unavailable = (url: string, what: string, cause?: unknown) =>
  new TpkError("UNAVAILABLE", `${url}: ${what}`, { cause });
const answer = (url: string, what: string) =>
  new TpkError("ANSWER", `${url}: the server's answer can't be used: ${what}`);
const changed = (url: string) => new TpkError("CHANGED", `${url}: was replaced while it was read`);
const compressed = (url: string, coding: string) =>
  new TpkError("COMPRESSED", `${url}: the server sends it with Content-Encoding: ${coding}. ` +
    "Turn compression off for this file: it must be sent as it is");
