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

let opened: Promise<Archive> | undefined;
let checked = 0;

function archive(): Promise<Archive> {
  if (!opened) {
    const now = opened = open(archiveURL, {
      blockSize: 64 << 10,
      keep: new CacheKeep("tpk " + base.href, new URL("tpk-kept/", base).href),
    });
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
  };
  if (request.mode === "navigate") await renew();
  let response: Response;
  try {
    response = await attempt(r);
  } catch (error) {
    if (isCode(error, "NOT_FOUND")) {
      const host = await withoutArchive(request);
      if (host) return host;
    }
    response = problemPage(error);
  }
  if (!config.scripts) response.headers.append("Content-Security-Policy", noScripts);
  return response;
}

/** attempt answers. If the archive was replaced meanwhile, it is opened again, once. */
async function attempt(r: Parameters<typeof answer>[1]): Promise<Response> {
  const now = archive();
  try {
    return await answer(await now, r);
  } catch (error) {
    if (!isCode(error, "CHANGED")) throw error;
    if (opened === now) opened = undefined;
    return answer(await archive(), r);
  }
}

/**
 * withoutArchive answers when the archive is gone. If the viewer is gone, too, this worker removes
 * itself, and the host answers from then on.
 */
async function withoutArchive(request: Request): Promise<Response | undefined> {
  const worker = await fetch(self.location.href, { method: "HEAD", cache: "no-store" });
  if (worker.ok) return undefined;
  await self.registration.unregister();
  return fetch(request);
}
