// A text of any size, read by ranges of the plain file. A page of it is at most 64 KiB and begins
// and ends between lines, or between characters of a very long line.
"use strict";
(() => {
  const most = 65536; // bytes of a page
  const mostLines = 2000;
  const step = 1 << 20; // bytes that are searched for a line at once
  const sheet = document.querySelector(".lines");
  const { raw, size, encoding } = page.element.dataset;
  const source = new Ranges(raw, Number(size));
  const wide = encoding.startsWith("utf-16") ? 2 : 1; // bytes of a unit
  const low = encoding === "utf-16be" ? 1 : 0; // the place of the low byte in a unit
  const strict = new TextDecoder(encoding, { fatal: true });
  const legacy = new TextDecoder("windows-1252");

  // Numbers of lines that are known, by the offset of a place in the line.
  const numbers = new Map([[0, 1]]);

  // afterBreak returns where the line behind a line feed in bytes begins that is the first from the
  // index at on, or −1. back searches the last one that ends at the index at or before it.
  function isBreak(bytes, i) {
    return bytes[i + low] === 10 && (wide === 1 || bytes[i + 1 - low] === 0);
  }
  function afterBreak(bytes, at) {
    for (let i = at; i + wide <= bytes.length; i += wide) if (isBreak(bytes, i)) return i + wide;
    return -1;
  }
  function beforeBreak(bytes, at) {
    for (let i = at - wide; i >= 0; i -= wide) if (isBreak(bytes, i)) return i + wide;
    return -1;
  }

  // character returns the index from at on where a character begins.
  function character(bytes, at) {
    if (wide === 2) {
      const high = bytes[at + 1 - low];
      return (high & 0xfc) === 0xdc ? at + 2 : at; // the second half of a character
    }
    if (encoding !== "utf-8") return at;
    let i = at;
    while (i < at + 3 && (bytes[i] & 0xc0) === 0x80) i++;
    return i;
  }

  // decode returns the lines of bytes. In text that is mostly UTF-8, a line that is not is taken for
  // Windows-1252.
  function decode(bytes) {
    try {
      return strict.decode(bytes).split("\n");
    } catch {
      if (encoding !== "utf-8") return new TextDecoder(encoding).decode(bytes).split("\n");
    }
    const lines = [];
    for (let at = 0; at <= bytes.length;) {
      const end = afterBreak(bytes, at);
      const line = bytes.subarray(at, end < 0 ? bytes.length : end - 1);
      try { lines.push(strict.decode(line)); } catch { lines.push(legacy.decode(line)); }
      if (end < 0) break;
      at = end;
    }
    return lines;
  }

  // render makes a page of bytes that begin at an offset. begins is whether a line begins there.
  function render(start, bytes, begins) {
    const lines = decode(bytes);
    if (lines.length > 1 && lines.at(-1) === "") lines.pop();
    const end = start + bytes.length;
    const ended = beforeBreak(bytes, bytes.length) === bytes.length;
    const breaks = lines.length - (ended ? 0 : 1);
    const n = numbers.get(start) ?? (numbers.has(end) ? numbers.get(end) - breaks : NaN);
    if (n) {
      numbers.set(start, n);
      numbers.set(end, n + breaks);
    }
    const element = document.createElement("div");
    element.append(...lines.map((text, i) => {
      const line = document.createElement("div");
      line.className = "line";
      if (n && (i > 0 || begins)) line.dataset.n = n + i;
      line.textContent = text.replace(/\r$/, "") || "\n";
      return line;
    }));
    mark(element);
    return { start, end, element };
  }

  const book = {
    get size() { return source.size; },

    async start(at) {
      at -= at % wide;
      const from = Math.max(at - most, 0);
      const bytes = await source.read(from, at + 4);
      const found = beforeBreak(bytes, at - from);
      if (found >= 0) return from + found;
      return from === 0 ? 0 : from + character(bytes, at - from);
    },

    async next(start) {
      const bytes = await source.read(start - wide, start + most + 4);
      const lead = start === 0 ? 0 : wide;
      let end = bytes.length;
      if (start + most < source.size) {
        end = beforeBreak(bytes, lead + most);
        if (end <= lead) end = character(bytes, lead + most);
      }
      let n = 0;
      for (let at = lead; at >= 0 && at < end; at = afterBreak(bytes, at)) {
        if (n++ === mostLines) end = at;
      }
      return render(start, bytes.slice(lead, end), start === 0 || isBreak(bytes, 0));
    },

    async prev(end) {
      const from = Math.max(end - most, 0);
      const bytes = await source.read(from, end);
      let start = 0;
      if (from > 0) {
        start = afterBreak(bytes, 0);
        if (start < 0 || start >= bytes.length) start = character(bytes, 0);
      }
      const all = start;
      let at = bytes.length;
      for (let n = 0; n < mostLines && at > all; n++) {
        start = at = Math.max(beforeBreak(bytes, at - wide), all);
      }
      const begins = from + start === 0 || start > 0 && isBreak(bytes, start - wide);
      return render(from + start, bytes.slice(start), begins);
    },
  };

  // find returns the offset of a line, or −1. It reads the text from the last known line on.
  async function find(line) {
    let known = [0, 1];
    for (const entry of numbers) if (entry[1] < line && entry[1] >= known[1]) known = entry;
    let [offset, n] = known;
    while (n < line && offset < source.size) {
      page.say(`${sheet.dataset.finding} ${Math.floor(offset / source.size * 100)} %`);
      const bytes = await source.read(offset, offset + step);
      let at = 0;
      for (let next = 0; n < line && (next = afterBreak(bytes, at)) >= 0; at = next) n++;
      offset += n < line && at === 0 ? bytes.length - bytes.length % wide : at;
      if (at > 0) numbers.set(offset, n);
    }
    page.say("");
    return n === line && offset < source.size ? offset : -1;
  }

  // Places: #L10, #L10-L20, #B4096 for a byte, #end.
  function place() {
    const hash = location.hash;
    const [, from, to] = /^#L(\d+)(?:-L?(\d+))?$/.exec(hash) ?? [];
    if (from) return { from: Number(from), to: Number(to ?? from) };
    const [, byte] = /^#B(\d+)$/.exec(hash) ?? [];
    if (byte) return { byte: Number(byte) };
    return { end: hash === "#end" };
  }

  function mark(element) {
    const { from, to } = place();
    for (const line of element.querySelectorAll(".line")) {
      const n = Number(line.dataset.n);
      line.classList.toggle("marked", n >= Math.min(from, to) && n <= Math.max(from, to));
    }
  }

  const failed = () => page.fail(sheet.dataset.failed);
  let moved = () => {};
  const scroller = new Scroller(sheet, book, (at) => moved(at), failed);

  async function show() {
    const { from, byte, end } = place();
    try {
      const at = from ? await find(from) : end ? source.size : byte ?? 0;
      if (at < 0) return false;
      await scroller.open(at);
      return true;
    } catch (error) {
      failed(error);
      return false;
    }
  }

  // go shows a place, which gets an address of its own if it exists.
  async function go(hash) {
    const before = location.href;
    history.pushState(null, "", hash);
    if (await show()) return true;
    history.replaceState(null, "", before);
    return false;
  }

  page.toolbar.wrap(sheet);
  moved = longTools(sheet, book, (at) => go(at === 0 ? "#B0" : at >= source.size ? "#end" : `#B${at}`));
  page.toolbar.goTo(sheet, (text) => {
    if (/^\d+$/.test(text)) return go(`#L${Number(text)}`);
    const [, byte] = /^@(\d+)$/.exec(text) ?? [];
    return byte && Number(byte) < source.size ? go(`#B${Number(byte)}`) : false;
  });
  page.onNumber(sheet, (n, extend) => {
    if (!n) return;
    const { from } = place();
    history.pushState(null, "", extend && from ? `#L${Math.min(from, n)}-L${Math.max(from, n)}` : `#L${n}`);
    mark(sheet);
  });
  addEventListener("popstate", show);
  show();
})();
