/// <reference lib="webworker" />
import { type Archive, open, TpkError } from "tpk-reader";

import { CacheKeep } from "./keep.js";
import { answer, problemPage } from "./site.js";

// The service worker that answers every path of a site out of an archive. tpk web writes the
// configuration in front of it. The reader is in a file of its own, which it loads first.

/** What tpk web was told. */
interface Config {
  /** The URL of the archive, relative to this script. */
  archive: string;
  /** Scripts of the archive may run. */
  scripts: boolean;
}

declare const self: ServiceWorkerGlobalScope & { tpkConfig: Config };

const config = self.tpkConfig;
const archiveURL = new URL(config.archive, self.location.href);
const base = new URL("./", self.location.href);
const own = ["tpk-sw.js", "tpk-reader.js"].map((name) => new URL(name, base).pathname);

/** Milliseconds in which the server is not asked again whether it has another version. */
const checkEvery = 5000;
/** Milliseconds that a page waits for that answer, if the network is slow. */
const checkWait = 3000;

const noScripts = "script-src 'none'; object-src 'none'; worker-src 'none'";

self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("activate", (e) => e.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (e) => {
  const url = new URL(e.request.url);
  const mine = url.origin === base.origin && url.pathname.startsWith(base.pathname) &&
    !own.includes(url.pathname) && !isArchive(url);
  if (mine && /^(GET|HEAD)$/.test(e.request.method)) e.respondWith(respond(e.request, url));
});

/** isArchive reports whether a URL is that of the archive, of a shard, or of a file beside it. */
function isArchive(url: URL): boolean {
  const { origin, pathname } = archiveURL;
  const set = pathname.replace(/-of-\d{5}(\.tar\.gz|\.tgz|)\.tps$/, "");
  const rest = url.pathname.slice(set.length);
  return url.origin === origin && url.pathname.startsWith(set) && (set === pathname
    ? /^(\.tpi|\.sum|\.sum\.minisig)?$/.test(rest) : /^(-\d{5})?-of-\d{5}[.a-z]*$/.test(rest));
}

const cacheName = "tpk " + base.href;
const keep = new CacheKeep(cacheName, new URL("tpk-kept/", base).href);

let opened: Promise<Archive> | undefined;
let checked = 0;
/** Digests of archives that seemed to be damaged, and were read again without what is kept. */
const reread = new Set<string>();

function archive(): Promise<Archive> {
  if (!opened) {
    const now = opened = open(archiveURL, { blockSize: 64 << 10, keep });
    checked = Date.now();
    now.catch(() => { if (opened === now) opened = undefined; });
  }
  return opened;
}

function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof TpkError && codes.includes(error.code);
}

/** renew opens the archive again if the server has another version. Without a network it does not. */
async function renew(): Promise<void> {
  if (!opened || Date.now() - checked < checkEvery) return;
  const now = opened;
  checked = Date.now();
  void leaveIfGone();
  const check = (async () => {
    try {
      await (await now).check();
    } catch (error) {
      if (!isCode(error, "UNAVAILABLE") && opened === now) opened = undefined;
    }
  })();
  await Promise.race([check, new Promise((done) => setTimeout(done, checkWait))]);
}

async function respond(request: Request, url: URL): Promise<Response> {
  const r = {
    path: url.pathname.slice(base.pathname.length), query: url.searchParams, search: url.search,
    method: request.method, range: request.headers.get("range"),
    ifRange: request.headers.get("if-range"),
  };
  if (request.mode === "navigate") await renew();
  let response: Response;
  try {
    response = await attempt(r);
  } catch (error) {
    if (isCode(error, "NOT_FOUND") && await leaveIfGone()) return fetch(request);
    response = problemPage(error);
  }
  const location = response.headers.get("Location");
  if (location !== null) response.headers.set("Location", new URL(location, url).href);
  if (!config.scripts) response.headers.append("Content-Security-Policy", noScripts);
  return response;
}

/**
 * attempt answers. If the archive was replaced meanwhile, it is opened again, once. So it is if it
 * seems to be damaged: the server may not show that it has another version, or what is kept may be
 * wrong.
 */
async function attempt(r: Parameters<typeof answer>[1]): Promise<Response> {
  const now = archive();
  try {
    return await answer(await now, r);
  } catch (error) {
    if (!isCode(error, "CHANGED")) {
      const digest = await now.then((a) => a.digest, () => "");
      if (!isCode(error, "CORRUPT") || reread.has(digest)) throw error;
      reread.add(digest);
      await keep.clear().catch(() => {});
    }
    if (opened === now) opened = undefined;
    return answer(await archive(), r);
  }
}

/**
 * leaveIfGone removes this worker, and what it has kept, if the viewer is gone from the host: this
 * script is missing. From the next page on, the host answers. It returns whether that is so.
 */
async function leaveIfGone(): Promise<boolean> {
  try {
    const r = await fetch(self.location.href, { method: "HEAD", cache: "no-store" });
    // Some hosts have a page for every missing file.
    const gone = r.ok ? !/javascript/.test(r.headers.get("Content-Type") ?? "")
      : r.status === 404 || r.status === 410;
    if (gone) {
      await self.registration.unregister();
      await caches.delete(cacheName);
    }
    return gone;
  } catch {
    return false; // without a network
  }
}
