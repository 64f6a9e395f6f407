import type { Entry } from "tpk-reader";

// The very table of tpk serve.
import table from "../../serve/internal/plan/media.types";

// The media type of a file: the rules of tpk serve, package serve/internal/plan.

/** A type of the table. */
interface Media {
  plain: string;
  utf8: string;
  show: "text" | "xml" | "as it is";
}

const binary = "application/octet-stream";
const gzip = "application/gzip";
const maxExtension = 16;

/** The media types of sniff, FORMAT.md 2.3. The rows from 19 on are text. */
const sniffed = ["", "application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp",
  "audio/wav", "video/mp4", "video/webm", "application/ogg", "audio/mpeg", gzip, "application/zip",
  "application/wasm", "font/woff", "font/woff2", "image/x-icon", "image/bmp", binary, "text/html",
  "image/svg+xml", "text/xml", "text/plain"];
const firstText = 19;

/** Types that all browsers display, or that another program is to have. */
const asTheyAre = new Set(["text/html", "text/plain", "text/css", "text/javascript",
  "text/ecmascript", "text/cache-manifest", "text/vtt", "text/json", "application/json",
  "application/javascript", "application/ecmascript", "application/xhtml+xml", "application/pdf",
  "image/svg+xml", "text/calendar", "text/vcard", "text/x-vcard", "text/rtf", "text/x-component",
  "application/rtf", "application/postscript", "application/vnd.apple.mpegurl", "audio/x-mpegurl",
  "application/x-ns-proxy-autoconfig", "application/x-java-jnlp-file", "message/rfc822", gzip]);

function showText(type: string): Media["show"] {
  if (asTheyAre.has(type) || type.endsWith("+json")) return "as it is";
  return type.endsWith("+xml") || type.endsWith("/xml") ? "xml" : "text";
}

let types: Map<string, Media> | undefined;

/** byExtension returns the table by extension. It is made when it is needed first. */
function byExtension(): Map<string, Media> {
  if (types) return types;
  types = new Map();
  for (const line of table.split("\n")) {
    const [first = "", ...extensions] = line.split(" ");
    if (first === "" || first === "#") continue;
    const plain = first.replace(/^\*/, "");
    const utf8 = plain === first ? plain : plain + "; charset=utf-8";
    const m: Media = { plain, utf8, show: showText(plain) };
    for (const ext of extensions) types.set(ext, m);
  }
  types.set("tgz", { plain: gzip, utf8: gzip, show: "as it is" });
  const pbf = "application/x-protobuf";
  types.set("pbf", { plain: pbf, utf8: pbf, show: "as it is" });
  return types;
}

/** extension returns what follows the last dot of the last name of a path, in lower case. */
function extension(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot + 1).toLowerCase() : "";
}

function lookup(path: string): Media | undefined {
  const ext = extension(path);
  return ext.length > 0 && ext.length <= maxExtension ? byExtension().get(ext) : undefined;
}

/** hasType reports whether the table has the extension of a path. */
export function hasType(path: string): boolean {
  return lookup(path) !== undefined;
}

/** isUTF8 reports whether a file begins like text in UTF-8. */
export function isUTF8(e: Entry): boolean {
  return (e.sniff & 0x80) !== 0 && (e.sniff & 0x7f) >= firstText;
}

/** isText reports whether a file begins like text. */
export function isText(e: Entry): boolean {
  return isUTF8(e) || sniffType(e).startsWith("text/");
}

function sniffType(e: Entry): string {
  const type = sniffed[e.sniff & 0x7f] ?? "";
  return type !== "" && isUTF8(e) ? type + "; charset=utf-8" : type;
}

/** mediaType returns the Content-Type of a file that was found at a path. */
export function mediaType(path: string, e: Entry): string {
  if (isNamedGzip(path, e)) return lookup(path)?.plain ?? binary;
  const m = lookup(path);
  if (!m) return sniffType(e) || binary;
  const asText = m.show === "text" || m.show === "xml" && sniffType(e).startsWith("text/plain");
  if (asText && isText(e)) return isUTF8(e) ? "text/plain; charset=utf-8" : "text/plain";
  return isUTF8(e) || e.size === 0 ? m.utf8 : m.plain;
}

/**
 * isNamedGzip reports whether the content of a file is gzip that its name does not promise, such as
 * that of an .svgz: it is sent inflated.
 */
export function isNamedGzip(path: string, e: Entry): boolean {
  return (e.sniff & 0x7f) === sniffed.indexOf(gzip) &&
    ["pbf", "mvt", "svgz"].includes(extension(path));
}
