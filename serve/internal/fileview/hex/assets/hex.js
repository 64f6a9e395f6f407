// The bytes of a file of any size, read by ranges: an offset, bytes in hexadecimal, and as ASCII.
"use strict";
(() => {
  const most = 4096; // bytes of a page
  const sheet = document.querySelector(".hex");
  const narrow = matchMedia("(max-width: 44rem)").matches;
  const perRow = narrow ? 8 : 16;
  const source = new Ranges(page.element.dataset.raw, Number(page.element.dataset.size));
  const digits = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));
  const wide = Math.max(8, source.size.toString(16).length); // digits of an offset

  function rows(start, bytes) {
    const out = [];
    for (let at = 0; at < bytes.length; at += perRow) {
      const row = bytes.subarray(at, at + perRow);
      const hex = [];
      for (let i = 0; i < perRow; i += 8) {
        hex.push(Array.from(row.subarray(i, i + 8), (c) => digits[c]).join(" ").padEnd(23));
      }
      const text = Array.from(row, (c) => c >= 32 && c < 127 ? String.fromCharCode(c) : ".").join("");
      out.push(`${(start + at).toString(16).padStart(wide, "0")}  ${hex.join("  ")}  ${text}\n`);
    }
    return out.join("");
  }

  async function part(start, end) {
    const element = document.createElement("pre");
    element.textContent = rows(start, await source.read(start, end));
    return { start, end, element };
  }

  const book = {
    get size() { return source.size; },
    async start(at) { return at - at % perRow; },
    next: (start) => part(start, Math.min(start + most, source.size)),
    prev: (end) => part(Math.max(Math.ceil(end / perRow) * perRow - most, 0), end),
  };

  const failed = () => page.fail(sheet.dataset.failed);
  let moved = () => {};
  const scroller = new Scroller(sheet, book, (at) => moved(at), failed);

  // Places: #B4096 for a byte, #end.
  function show() {
    const [, byte] = /^#B(\d+)$/.exec(location.hash) ?? [];
    return scroller.open(location.hash === "#end" ? source.size : Number(byte ?? 0));
  }

  function go(at) {
    history.pushState(null, "", at >= source.size ? "#end" : `#B${at}`);
    show();
    return true;
  }

  sheet.classList.toggle("short", source.size <= most);
  moved = longTools(sheet, book, go);
  page.toolbar.goTo(sheet, (text) => {
    const at = /^(\d+|0x[\da-f]+)$/i.test(text) ? Number(text) : NaN;
    return at < source.size && go(at);
  });
  addEventListener("popstate", show);
  show();
})();
