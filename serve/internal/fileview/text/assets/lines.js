// Lines of a text that is in the page as a whole: marks by #L10 and #L10-L20, wrapping, going to a
// line. The browser itself goes to #L10 without this file.
"use strict";
(() => {
  const sheet = document.querySelector(".lines");
  const line = (n) => document.getElementById(`L${n}`);

  function marked() {
    const [, from, to] = /^#L(\d+)(?:-L?(\d+))?$/.exec(location.hash) ?? [];
    if (!from) return null;
    const ends = [Number(from), Number(to ?? from)].sort((a, b) => a - b);
    return { from: ends[0], to: ends[1] };
  }

  function show(scroll) {
    for (const old of sheet.querySelectorAll(".marked")) old.classList.remove("marked");
    const range = marked();
    if (!range) return;
    for (let n = range.from; n <= range.to && line(n); n++) line(n).classList.add("marked");
    if (scroll) line(range.from)?.scrollIntoView({ block: "center" });
  }

  function go(hash, scroll) {
    if (location.hash !== hash) history.pushState(null, "", hash);
    show(scroll);
  }

  page.toolbar.wrap(sheet);
  page.toolbar.goTo(sheet, (text) => {
    const ok = /^\d+$/.test(text) && line(Number(text));
    if (ok) go(`#L${Number(text)}`, true);
    return Boolean(ok);
  });
  page.onNumber(sheet, (n, extend) => {
    const from = extend && marked()?.from;
    go(from && from !== n ? `#L${Math.min(from, n)}-L${Math.max(from, n)}` : `#L${n}`, false);
  });
  for (const event of ["popstate", "hashchange"]) addEventListener(event, () => show(true));
  show(true);
})();
