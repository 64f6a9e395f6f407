// Previews of files, in a dialog. list.js loads this file for the first one.
import { cutOff } from "./?list&asset=whole.js";

const $ = (id) => document.getElementById(id);
const dialog = $("look");
const stage = $("look-body");
const say = dialog.dataset; // texts
const textBytes = 65536; // how much of a text is shown
const swipe = 60; // pixels
const line = 40; // pixels

let row = null; // of the list, that is previewed
let current = null; // aborts its requests; what belongs to another one comes too late

const link = (of) => of.querySelector("td.name a");
const eye = (of) => of.querySelector("[data-look]");
const element = (name, set) => Object.assign(document.createElement(name), set);

// open shows the preview of a row as a step of the history, so that Back closes it.
export function open(next) {
  history.pushState({ look: link(next).href }, "");
  show(next);
}

// show shows the preview of a row.
export function show(next) {
  current?.abort();
  row = next;
  const mine = current = new AbortController();
  const { href: src, textContent: name } = link(row);
  $("look-name").textContent = name;
  $("look-open").href = eye(row).href; // its page
  $("look-get").href = src;
  $("look-prev").disabled = !beside(-1);
  $("look-next").disabled = !beside(1);
  const opens = !dialog.open;
  if (opens) dialog.showModal();
  if (opens || document.activeElement.disabled) stage.focus(); // keys scroll it
  stage.scrollTop = 0;
  draw(eye(row).dataset.look, src, name, mine);
}

function draw(kind, src, name, mine) {
  const onerror = () => mine === current && explain(src, mine);
  switch (kind) {
    case "image":
      stage.replaceChildren(element("img", { alt: name, onerror, src, onload: () => warn(src, mine) }));
      break;
    case "drawing":
      sketch(src, name, mine);
      break;
    case "audio":
    case "video": {
      const set = { controls: true, preload: "metadata", ariaLabel: name, onerror, src };
      stage.replaceChildren(element(kind, set));
      break;
    }
    case "link":
    case "text":
      stage.replaceChildren(element("pre", { textContent: "…" }));
      if (kind === "link") follow(src, name, mine);
      else read(src, mine);
      break;
    default: // why there is none
      failed(kind);
  }
}

// warn says so if the end of a picture is missing.
async function warn(src, mine) {
  if (await cutOff(src, mine.signal) && mine === current) note(say.cutoff);
}

// sketch shows a drawing, unless the server has found that it may keep a browser busy for long. Then
// its page has no picture.
async function sketch(src, name, mine) {
  let kind = "offline";
  stage.replaceChildren(element("pre", { textContent: "…" }));
  try {
    const answer = await fetch(`${src.replace(/[?#].*/, "")}?list=view&as=picture`, { signal: mine.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    kind = answer.ok && !page.querySelector("#file .stage") ? "large" : "image";
  } catch {
    // as it is
  }
  if (mine === current) draw(kind, src, name, mine);
}

// follow shows what a link leads to.
async function follow(src, name, mine) {
  let kind = "offline";
  try {
    const answer = await fetch(src, { method: "HEAD", signal: mine.signal });
    const media = answer.headers.get("Content-Type")?.match(/^(image|audio|video)\//);
    if (!answer.ok) kind = "broken";
    else if (new URL(answer.url).pathname.endsWith("/")) kind = "folder";
    else if (answer.headers.get("Content-Length") === "0") kind = "empty";
    else if (media?.input.startsWith("image/svg")) kind = "drawing";
    else kind = media?.[1] ?? "text";
  } catch {
    // as it is
  }
  if (mine === current) draw(kind, src, name, mine);
}

// read shows the beginning of a text.
async function read(src, mine) {
  let why = "offline";
  try {
    const headers = { Range: `bytes=0-${textBytes - 1}` };
    const answer = await fetch(src, { headers, signal: mine.signal });
    if (mine !== current) return;
    why = "gone";
    if (!answer.ok) throw new Error(answer.status);
    why = "damaged";
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (mine !== current) return;
    const size = Number(answer.headers.get("Content-Range")?.split("/")[1]) || 0;
    showText(Uint8Array.from(bytes.slice(0, textBytes)), size > textBytes);
  } catch {
    if (mine === current) failed(why);
  }
}

function showText(bytes, larger) {
  const found = decode(bytes, larger);
  if (!found) return failed("unknown");
  stage.replaceChildren(element("pre", { textContent: found.text }));
  if (found.label !== "utf-8") note(`${say.encoding} ${found.label}`);
  if (larger) note(say.larger);
}

// decode returns the text of the first bytes of a file and the name of its encoding, or null if it
// is no text. Without a byte order mark, zeros show UTF-16. What is not UTF-8 is read as Latin-1.
function decode(bytes, larger) {
  const as = (label, fatal = false) => // a character that is cut off at the end is omitted
    ({ label, text: new TextDecoder(label, { fatal }).decode(bytes, { stream: larger }) });
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return as("utf-16le");
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return as("utf-16be");
  const zeros = [0, 0];
  bytes.forEach((b, i) => { if (b === 0) zeros[i % 2]++; });
  if (zeros[0] + zeros[1] > 0) {
    if (zeros[0] === 0 && zeros[1] > bytes.length / 8) return as("utf-16le");
    if (zeros[1] === 0 && zeros[0] > bytes.length / 8) return as("utf-16be");
    return null;
  }
  try {
    return as("utf-8", true);
  } catch {
    return as("windows-1252");
  }
}

// explain finds out why the browser can't show a picture or play a sound.
async function explain(src, mine) {
  let why = "offline";
  try {
    const answer = await fetch(src, { method: "HEAD", signal: mine.signal });
    why = answer.ok ? "undrawn" : "gone";
  } catch {
    // as it is
  }
  if (mine === current) failed(why);
}

const note = (textContent) => stage.append(element("p", { textContent }));

// failed shows why there is no preview, and what to do.
function failed(why) {
  const target = why === "broken" ? row.querySelector(".to bdi")?.textContent ?? "" : "";
  stage.replaceChildren(element("p", { className: "why", textContent: `${say[why]} ${target}` }));
  if (why === "offline") {
    const again = { className: "button", textContent: say.again, onclick: () => show(row) };
    stage.append(element("button", again));
  } else if (!["gone", "broken", "folder", "empty"].includes(why)) {
    const get = { className: "button", textContent: say.get, href: link(row).href, download: "" };
    stage.append(element("a", get));
  }
}

// beside returns the next row before or behind this one that has a preview.
function beside(step) {
  const some = [...document.querySelectorAll("tbody tr")].filter(eye);
  return some[some.indexOf(row) + step];
}

function turn(step) {
  const next = beside(step);
  if (!next) return;
  history.replaceState({ look: link(next).href }, "");
  show(next);
}

$("look-prev").addEventListener("click", () => turn(-1));
$("look-next").addEventListener("click", () => turn(1));
$("look-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => {
  current?.abort();
  current = null;
  stage.replaceChildren(); // stops what is playing
  if (row?.isConnected) link(row).focus();
  if (history.state?.look) history.back();
});

const page = () => stage.clientHeight * 0.9;
const scrolls = {
  ArrowDown: () => line, ArrowUp: () => -line, PageDown: page, PageUp: () => -page(),
  Home: () => -stage.scrollHeight, End: () => stage.scrollHeight, " ": page,
};
const turns = { ArrowRight: 1, ArrowLeft: -1, j: 1, k: -1 };

dialog.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("audio, video")) return;
  const { key, target } = event;
  if (Object.hasOwn(turns, key)) turn(turns[key]);
  else if (target === stage || !Object.hasOwn(scrolls, key)) return; // the browser scrolls the stage
  else if (key === " " && target.matches("button")) return;
  else stage.scrollBy(0, scrolls[key]() * (key === " " && event.shiftKey ? -1 : 1));
  event.preventDefault();
});

// A finger turns by moving to a side. Up and down it scrolls, which cancels the pointer.
let start = null;
stage.addEventListener("pointerdown", (event) => {
  start = event.pointerType === "touch" && event.isPrimary && !event.target.matches("audio, video")
    ? event : null;
});
stage.addEventListener("pointercancel", () => { start = null; });
stage.addEventListener("pointerup", (event) => {
  if (!start || event.pointerId !== start.pointerId || visualViewport.scale > 1) return;
  const x = event.clientX - start.clientX;
  const y = event.clientY - start.clientY;
  start = null;
  if (Math.abs(x) > swipe && Math.abs(x) > 2 * Math.abs(y)) turn(x < 0 ? 1 : -1);
});
