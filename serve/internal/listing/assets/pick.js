// Choosing rows for a download: ranges by Shift, all rows, and how much is chosen. Without this
// file the boxes and buttons work as a form.
"use strict";
(() => {
  const longest = 8000; // characters of a URL that servers and proxies take
  const plain = 1000; // characters of numbers from which on these are packed
  let form = null;
  let chosen = new Map(); // from the numbers of a row to its size; rows may be on another page
  let last = null; // the box that was changed last
  let asking = null; // for the sizes of the downloads
  let wholly = null; // the button of a list of which all rows are chosen

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

  // What only large selections need is in a file of its own.
  const many = () => import("./?list&asset=pickmany.js");

  // The part of an address that names what is chosen.
  async function numbers() {
    const ranges = [];
    for (const r of outermost()) {
      const before = ranges.at(-1);
      if (before && before.end + 1 === r.first) before.end = r.end;
      else ranges.push({ first: r.first, end: r.end });
    }
    const text = `n=${ranges.map((r) => r.end > r.first ? `${r.first}-${r.end}` : r.first).join(",")}`;
    if (text.length <= plain || !window.CompressionStream) return text;
    const set = `set=${await (await many()).packed(ranges)}`;
    return set.length < text.length ? set : text;
  }

  function address(format, chosen) {
    const url = new URL(form.getAttribute("action"), location.href);
    url.search = `?list${format === "get" ? "=get" : `&download=${format}`}&of=${form.elements.of.value}&${chosen}`;
    return url.href;
  }

  const bar = () => form.querySelector(".picked");
  const buttons = () => [...form.querySelectorAll(".picked [name]")];
  const say = (text) => { bar().querySelector("output").value = text; };

  function bytes(n) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let k = 0;
    for (; n >= 999.5 && k < units.length - 1; k++) n /= 1000;
    const digits = k > 0 && n < 9.95 ? 1 : 0;
    return n.toLocaleString(document.documentElement.lang, {
      minimumFractionDigits: digits, maximumFractionDigits: digits,
    }) + ` ${units[k]}`;
  }

  // When nothing has changed for a moment: whether an address has room for it, and the true sizes of
  // the downloads.
  function settle() {
    asking?.abort();
    const mine = asking = new AbortController();
    for (const small of form.querySelectorAll(".picked small")) small.textContent = "";
    for (const b of buttons()) b.disabled = false;
    if (chosen.size === 0) return;
    setTimeout(async () => {
      if (mine.signal.aborted) return;
      const part = await numbers();
      if (mine.signal.aborted || !fits(part)) return;
      for (const b of form.querySelectorAll("[name=download]")) {
        try {
          const answer = await fetch(address(b.value, part), { method: "HEAD", signal: mine.signal });
          const length = Number(answer.headers.get("Content-Length"));
          if (answer.ok && mine === asking) b.querySelector("small").textContent = bytes(length);
        } catch { /* the download itself will tell */ }
      }
    }, 300);
  }

  // fits reports whether an address has room for what is chosen. Otherwise the bar says so.
  function fits(part) {
    const long = address("tar.gz", part).length > longest;
    for (const b of buttons()) b.disabled = long;
    if (long) say(bar().dataset.long);
    return !long;
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
    bar().classList.toggle("some", ranges.length > 0); // they may all be on other pages
    const size = ranges.reduce((sum, r) => sum + chosen.get(r.text), 0);
    const n = ranges.length.toLocaleString(document.documentElement.lang);
    say(bar().dataset.text.replace("{n}", () => n).replace("{s}", () => bytes(size)));
    const every = bar().querySelector("[data-every]");
    if (every) every.hidden = !all.checked || every === wholly;
    settle();
  }

  // everyRow chooses all rows of the list, on all its pages.
  async function everyRow(button) {
    const mine = form;
    button.disabled = true;
    try {
      const rows = await (await many()).every(button.dataset.every, form.elements.of.value);
      if (mine !== form) return;
      for (const [row, size] of rows) chosen.set(row, size);
      wholly = button;
      update();
    } catch {
      if (mine === form) say(bar().dataset.failed);
    }
    button.disabled = false;
  }

  const place = (f) => new URL(f.getAttribute("action"), location.href).pathname + f.elements.of.value;

  // The next page of a list gets what is chosen, if it has storage.
  function keep() {
    if (!form) return;
    try {
      sessionStorage.setItem("picked", JSON.stringify([place(form), [...chosen]]));
    } catch { /* it is forgotten */ }
  }

  function kept(where) {
    try {
      const [there, rows] = JSON.parse(sessionStorage.getItem("picked"));
      if (there === where) return new Map(rows);
    } catch { /* there is none */ }
    return new Map();
  }

  // Another list of the same folder keeps what is chosen.
  function begin() {
    const now = document.getElementById("pick");
    if (now === form) return;
    if (now && form && place(now) !== place(form)) chosen = new Map();
    if (now && !form) chosen = kept(place(now));
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
    if (box.matches("[data-every]")) everyRow(box);
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
    wholly = null;
    update();
  });
  document.addEventListener("reset", (event) => {
    if (event.target !== form) return;
    chosen.clear();
    wholly = null;
    setTimeout(update); // when the boxes are empty
  });
  document.addEventListener("submit", async (event) => {
    if (event.target !== form) return;
    event.preventDefault();
    const part = await numbers();
    if (fits(part)) location.assign(address(event.submitter.value, part));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("#pick [type=checkbox]")) return;
    event.preventDefault(); // it would download
    event.target.click();
  });
  new MutationObserver(begin).observe(document.body, { childList: true, subtree: true });
  addEventListener("pageshow", () => form && update()); // Back restores boxes
  addEventListener("pagehide", keep);
  begin();
})();
