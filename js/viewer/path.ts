import { unescapeURL } from "../src/bytes.js";

// Paths of requests, as byte strings, and references to paths: the rules of tpk serve.

/** What the path of a request names. */
export interface Target {
  path: string;
  /** It ended in a slash, or is the root. */
  slash: boolean;
  /** It had empty components. */
  doubled: boolean;
}

/**
 * parsePath decodes the path of a URL behind the base. It returns undefined if no entry can have
 * that name. The URL parser has resolved dot segments already.
 */
export function parsePath(raw: string): Target | undefined {
  if (/%(?![0-9a-f]{2})|%00|%2f/i.test(raw)) return undefined;
  const slash = raw === "" || raw.endsWith("/");
  const names = raw.split("/").map(unescapeURL);
  const kept = names.filter((name) => name !== "");
  if (kept.includes(".") || kept.includes("..")) return undefined;
  return { path: kept.join("/"), slash, doubled: kept.length + (slash && raw !== "" ? 1 : 0) <
    (raw === "" ? 0 : names.length) };
}

/** lastName returns the last component of a path. */
export function lastName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** join joins a folder, "" for the root, and a name. */
export function join(dir: string, name: string): string {
  return dir === "" ? name : dir + "/" + name;
}

/** isHidden reports whether a name on a path starts with a dot and is not .well-known (RFC 8615). */
export function isHidden(path: string): boolean {
  return /(^|\/)\.(?!well-known(\/|$))/.test(path);
}
