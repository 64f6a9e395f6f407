import type { Archive, Entry } from "tpk-reader";

// The style and the pictures of tpk serve.
import icon from "../../serve/internal/listing/assets/icon.svg";
import icons from "../../serve/internal/listing/assets/icons.svg";
import style from "../../serve/internal/listing/assets/list.css";
import { escapeURL, toByteString, toText } from "../src/bytes.js";
import { isText, mediaType } from "./media.js";
import { isHidden, lastName } from "./path.js";
import ownStyle from "./viewer.css";

// The viewer's own pages: listings, previews and errors. They have no scripts.

const rows = 1000; // of a page
const previewText = 256 << 10;
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'";

/** assets returns a file that the pages need, or undefined. */
export function assets(name: string): Response | undefined {
  const [type, text] = name === "list.css" ? ["text/css; charset=utf-8", style + ownStyle]
    : name === "icon.svg" ? ["image/svg+xml", icon]
    : name === "icons.svg" ? ["image/svg+xml", icons] : [];
  return text === undefined ? undefined
    : new Response(text, { headers: { "Content-Type": type!, "X-Content-Type-Options": "nosniff" } });
}

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const html = (text: string) => text.replace(/[&<>"]/g, (c) => escapes[c]!);

/**
 * readable makes a name fit to be shown: control characters become pictures of them, and characters
 * that change the direction of text become marks.
 */
export function readable(name: string): string {
  return name.replace(/[\0-\x1f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)))
    .replace(/\x7f/g, "\u2421").replace(/[\x80-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]/g, "\ufffd");
}

const shown = (path: string) => html(readable(toText(path)));

/** size returns a number of bytes, as people read it. */
export function size(n: number): string {
  if (n < 1000) return `${n} B`;
  let unit = -1;
  for (; n >= 999.5 && unit < 5; unit++) n /= 1000;
  return `${n < 9.95 ? n.toFixed(1) : Math.round(n)} ${["kB", "MB", "GB", "TB", "PB", "EB"][unit]}`;
}

const count = (n: number, one: string, many: string) =>
  `${n.toLocaleString("en-US")} ${n === 1 ? one : many}`;

function page(o: {
  status?: number; title: string; root: string; crumbs: string; head: string; body: string;
}): Response {
  const text = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${o.title}</title>
<link rel="icon" type="image/svg+xml" href="${o.root}?list&amp;asset=icon.svg">
<link rel="stylesheet" href="${o.root}?list&amp;asset=list.css">
</head>
<body>
<a class="skip" href="#list">Skip to the content</a>
<header><nav aria-label="Folders on the way here"><ol>${o.crumbs}</ol></nav></header>
<main>
<div class="head">${o.head}</div>
${o.body}
</main>
</body>
</html>
`;
  return new Response(text, {
    status: o.status ?? 200,
    headers: {
      "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache",
      "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "same-origin",
    },
  });
}

/** crumbs returns the folders on a path, each with a reference that leads up. */
function crumbs(path: string, isDir: boolean, suffix: string): string {
  const names = path === "" ? [] : path.split("/");
  const item = (name: string, levels: number) =>
    `<li><a href="${"../".repeat(levels) || "./"}${suffix}"><bdi>${name}</bdi></a></li>`;
  const levels = names.length - (isDir ? 0 : 1);
  const up = names.slice(0, -1).map((n, i) => item(shown(n), levels - 1 - i));
  if (names.length > 0) up.unshift(item("Home", levels));
  const here = names.length > 0 ? shown(names.at(-1)!) : "Home";
  return `${up.join("")}<li aria-current="page"><bdi>${here}</bdi></li>`;
}

const picture = (icon: string, label: string) =>
  `<i class="i ${icon}" role="img" aria-label="${label}"></i>`;

/** kinds are the icons by media type, and what kind of preview there is. */
const kinds: readonly [string, string, string, string][] = [
  ["image/", "image", "Image", "image"], ["audio/", "audio", "Audio", "audio"],
  ["application/ogg", "audio", "Audio", "audio"], ["video/", "video", "Video", "video"],
  ["text/html", "page", "Page", "text"], ["text/", "text", "Text", "text"],
  ["application/json", "text", "Text", "text"], ["application/xml", "text", "Text", "text"],
  ["application/pdf", "page", "PDF", ""], ["font/", "font", "Font", ""],
  ["application/gzip", "pack", "Archive", ""], ["application/zip", "pack", "Archive", ""],
  ["application/x-tar", "pack", "Archive", ""], ["application/x-xz", "pack", "Archive", ""],
  ["application/zstd", "pack", "Archive", ""],
];

function kindOf(path: string, e: Entry): { icon: string; label: string; preview: string } {
  if (e.type === "directory") return { icon: "folder", label: "Folder", preview: "" };
  if (e.type === "symlink") return { icon: "link", label: "Link", preview: "" };
  if (!e.content) return { icon: "file", label: "Device", preview: "" };
  const type = mediaType(path, e);
  const k = kinds.find(([prefix]) => type.startsWith(prefix));
  if (k) return { icon: k[1], label: k[2], preview: k[3] };
  return isText(e) ? { icon: "text", label: "Text", preview: "text" }
    : { icon: "file", label: "File", preview: "" };
}

/** date returns a time in UTC. */
function date(seconds: number): string {
  const d = new Date(seconds * 1000);
  if (Number.isNaN(d.getTime()) || seconds <= 1) return "";
  const text = d.toISOString();
  return `<time datetime="${text}">${text.slice(0, 16).replace("T", " ")}</time>`;
}

/** listingPage answers with the entries of a folder. from in the query is the first one's ordinal. */
export async function listingPage(
  a: Archive, dir: Entry, path: string, query: URLSearchParams,
): Promise<Response> {
  const depth = path === "" ? 0 : path.split("/").length;
  const root = "../".repeat(depth) || "./";
  const list = query.has("list") ? "?list" : "";
  const from = /^\d{1,10}$/.test(query.get("from") ?? "") ? Number(query.get("from")) : 0;
  const entries: Entry[] = [];
  let next: number | undefined;
  for await (const e of a.list(dir, from)) {
    if (isHidden(toByteString(e.pathBytes))) continue;
    if (entries.length === rows) {
      next = e.ordinal;
      break;
    }
    entries.push(e);
  }
  const isDir = (e: Entry) => e.type === "directory";
  entries.sort((x, y) => Number(isDir(y)) - Number(isDir(x)));
  const name = path === "" ? "Home" : shown(lastName(path));
  const body = entries.length === 0 ? `<p class="empty" id="list">${
    from ? "The list ends before this page." : "This folder is empty."}</p>`
    : `<table role="table" id="list" tabindex="-1">
<thead role="rowgroup"><tr role="row">${[["name", "Name"], ["size", "Size"], ["packed", "Packed"],
      ["date", "Modified"], ["look", `<span class="away">Preview</span>`]].map(([c, text]) =>
      `<th role="columnheader" scope="col" class="${c}">${text}</th>`).join("")}</tr></thead>
<tbody role="rowgroup">
${entries.map((e) => row(e, list)).join("\n")}
</tbody>
</table>`;
  const links = [
    from ? `<a class="button" href="./${list}">First page</a>` : "",
    next === undefined ? "" : `<a class="button" rel="next" href="./?list&amp;from=${next}">More</a>`,
  ].join("");
  return page({
    title: path === "" ? "Home" : shown(path), root, crumbs: crumbs(path, true, list),
    head: `<div><h1><bdi>${name}</bdi></h1><ul class="facts"><li>${
      count(dir.below, "file", "files")} in all</li><li>${size(dir.size)} unpacked</li><li>${
      size(dir.packed)} packed</li></ul></div>`,
    body: body + (links && `<nav class="pages" aria-label="Pages">${links}</nav>`),
  });
}

function row(e: Entry, list: string): string {
  const path = toByteString(e.pathBytes);
  const name = lastName(path);
  const { icon, label, preview } = kindOf(path, e);
  const slash = e.type === "directory" ? "/" : "";
  const href = "./" + escapeURL(name) + slash;
  const to = e.type === "symlink" ? ` <span class="to">→ <bdi>${html(readable(e.target!))}</bdi></span>`
    : "";
  const bytes = slash || e.content ? size(e.size) : "";
  const packed = e.type === "hardlink" ? "shared" : slash || e.content ? size(e.packed) : "";
  const look = preview ? `<a class="button" href="${href}?list&amp;view">` +
    `<i class="i eye"></i><span class="away">Preview ${shown(name)}</span></a>` : "";
  return `<tr role="row"><td role="cell" class="name">${picture(icon, label)}<a href="${href}${slash && list}"><bdi>${
    shown(name)}</bdi>${slash}</a>${to}</td><td role="cell" class="size"${
    slash || e.content ? ` title="${count(e.size, "byte", "bytes")}"` : ""}>${bytes}</td><td role="cell" class="packed">${
    packed}</td><td role="cell" class="date">${date(e.mtime)}</td><td role="cell" class="look">${look}</td></tr>`;
}

/** previewPage answers with what a file looks like, and what is known of it. */
export async function previewPage(a: Archive, e: Entry, path: string): Promise<Response> {
  const root = "../".repeat(path.split("/").length - 1) || "./";
  const href = "./" + escapeURL(lastName(path));
  const { preview, label } = kindOf(path, e);
  const name = shown(lastName(path));
  const body = preview === "image" ? `<img src="${href}" alt="${name}">`
    : preview === "audio" ? `<audio src="${href}" controls preload="metadata"></audio>`
    : preview === "video" ? `<video src="${href}" controls preload="metadata"></video>`
    : preview === "text" || isText(e) ? await textOf(a, e)
    : `<p>There is no preview of this file.</p>`;
  const about = [
    ["Kind", label], ["Size", `${size(e.size)} (${count(e.size, "byte", "bytes")})`],
    ["Modified", date(e.mtime)], ["Media type", html(mediaType(path, e))],
    ["xxHash64", `<code>${e.hash}</code>`],
    ...e.type === "hardlink" ? [["Same content as", shown(e.target!)]] : [],
  ];
  return page({
    title: shown(path), root, crumbs: crumbs(path, false, "?list"),
    head: `<div><h1><bdi>${name}</bdi></h1></div><p class="get"><a class="button" href="${
      href}">Open</a><a class="button" href="${href}" download>Download</a></p>`,
    body: `<div id="list" class="preview" tabindex="-1">${body}</div><dl>${
      about.map(([k, v]) => `<div><dt>${k}</dt><dd>${v}</dd></div>`).join("")}</dl>`,
  });
}

async function textOf(a: Archive, e: Entry): Promise<string> {
  // The whole content of a small file is read, because only that has a checksum.
  const b = await a.read(e, e.size > previewText ? { end: previewText } : {});
  const more = e.size > previewText ? `<p>The first ${size(previewText)}.</p>` : "";
  return `<pre tabindex="0">${html(new TextDecoder().decode(b))}</pre>${more}`;
}

/** errorPage answers with a message. It needs no other file: an archive may not be open. */
export function errorPage(status: number, title: string, message: string): Response {
  return new Response(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${html(title)}</title>
</head>
<body style="font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 15vh auto; padding: 0 1rem">
<main>
<h1 style="font-size: 1.5rem">${html(title)}</h1>
<p style="overflow-wrap: anywhere">${html(readable(message))}</p>
</main>
</body>
</html>
`, {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
      "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    },
  });
}

