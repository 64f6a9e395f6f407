// Choosing rows for a download: ranges by Shift, all rows, and how much is chosen. Without this
// file the boxes and buttons work as a form.
"use strict";
(() => {
  const longest = 8000; // characters of a URL that servers and proxies take
  let form = null;
  let chosen = new Map(); // from the numbers of a row to its size; rows may be on another page
  let last = null; // the box that was changed last
  let asking = null; // for the sizes of the downloads

  const boxes = () => [...form.querySelectorAll("td.name input")];
  const bounds = (text) => {
    const [first, end = first] = text.split("-").map(Number);
    return { text, first, end };
  };

  // The exact size of a row is the last number in the title of its size, as in "2 entries, 8,093 bytes".
  function sizeOf(box) {
    const title = box.closest("tr").querySelector(".size").title;
    return Number(title.match(/([\d.,]+) \S+$/)?.[1].replace(/\D/g, "") ?? 0);
  }

  // outermost returns the chosen ranges in order, without those inside of another.
  function outermost() {
    const list = [...chosen.keys()].map(bounds).sort((a, b) => a.first - b.first || b.end - a.end);
    let end = -1;
    return list.filter((r) => r.end > end && (end = r.end, true));
  }

  function address(format) {
    const ranges = [];
    for (const r of outermost()) {
      const before = ranges.at(-1);
      if (before && before.end + 1 === r.first) before.end = r.end;
      else ranges.push({ first: r.first, end: r.end });
    }
    const numbers = ranges.map((r) => r.end > r.first ? `${r.first}-${r.end}` : r.first).join(",");
    const url = new URL(form.getAttribute("action"), location.href);
    url.search = `?list${format === "get" ? "=get" : `&download=${format}`}&of=${form.elements.of.value}&n=${numbers}`;
    return url.href;
  }

  function bytes(n) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let k = 0;
    for (; n >= 999.5 && k < units.length - 1; k++) n /= 1000;
    const digits = k > 0 && n < 9.95 ? 1 : 0;
    return n.toLocaleString(document.documentElement.lang, {
      minimumFractionDigits: digits, maximumFractionDigits: digits,
    }) + ` ${units[k]}`;
  }

  const buttons = () => [...form.querySelectorAll("[name=download]")];

  // The true sizes of the downloads, when nothing has changed for a moment.
  function askSizes() {
    asking?.abort();
    const mine = asking = new AbortController();
    for (const b of buttons()) b.querySelector("small").textContent = "";
    if (chosen.size === 0) return;
    setTimeout(async () => {
      for (const b of buttons()) {
        if (mine.signal.aborted || b.disabled) return;
        try {
          const answer = await fetch(address(b.value), { method: "HEAD", signal: mine.signal });
          const length = Number(answer.headers.get("Content-Length"));
          if (answer.ok && mine === asking) b.querySelector("small").textContent = bytes(length);
        } catch { /* the download itself will tell */ }
      }
    }, 300);
  }

  function update() {
    for (const box of boxes()) {
      if (box.checked) chosen.set(box.value, sizeOf(box));
      else chosen.delete(box.value);
    }
    const all = form.querySelector("#all");
    const some = boxes().filter((box) => box.checked).length;
    all.checked = some > 0 && some === boxes().length;
    all.indeterminate = some > 0 && !all.checked;
    const ranges = outermost();
    const bar = form.querySelector(".picked");
    bar.classList.toggle("some", ranges.length > 0); // they may all be on other pages
    const size = ranges.reduce((sum, r) => sum + chosen.get(r.text), 0);
    const long = address("tar.gz").length > longest;
    const n = ranges.length.toLocaleString(document.documentElement.lang);
    bar.querySelector("output").value = long ? bar.dataset.long
      : bar.dataset.text.replace("{n}", () => n).replace("{s}", () => bytes(size));
    for (const b of buttons()) b.disabled = long;
    askSizes();
  }

  // Another list of the same folder keeps what is chosen.
  function begin() {
    const now = document.getElementById("pick");
    if (now === form) return;
    const place = (f) => f && new URL(f.getAttribute("action"), location.href).pathname + f.elements.of.value;
    if (now && form && place(now) !== place(form)) chosen = new Map();
    last = null;
    if (!now) return;
    form = now;
    for (const box of boxes()) {
      const name = box.closest("td").querySelector("a").textContent;
      box.ariaLabel = form.dataset.label.replace("{name}", () => name);
      box.checked = box.checked || chosen.has(box.value);
    }
    update();
  }

  function range(box) {
    const list = boxes();
    const [from, to] = [list.indexOf(last), list.indexOf(box)].sort((a, b) => a - b);
    if (from < 0) return;
    for (const other of list.slice(from, to + 1)) other.checked = box.checked;
  }

  document.addEventListener("click", (event) => {
    const box = event.target;
    if (!box.matches("#pick td.name input")) return;
    if (event.shiftKey && last && last !== box) {
      range(box);
      update();
    }
    last = box;
  });
  document.addEventListener("change", (event) => {
    if (event.target.form !== form || !form) return;
    if (event.target.id === "all") for (const box of boxes()) box.checked = event.target.checked;
    update();
  });
  document.addEventListener("reset", (event) => {
    if (event.target !== form) return;
    chosen.clear();
    setTimeout(update); // when the boxes are empty
  });
  document.addEventListener("submit", (event) => {
    if (event.target !== form) return;
    event.preventDefault();
    location.assign(address(event.submitter.value));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("#pick [type=checkbox]")) return;
    event.preventDefault(); // it would download
    event.target.click();
  });
  new MutationObserver(begin).observe(document.body, { childList: true, subtree: true });
  addEventListener("pageshow", () => form && update()); // Back restores boxes
  begin();
})();
