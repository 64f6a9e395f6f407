// Marks what a search or a filter found in names. The style is that of ::highlight(found).

// What is asked for: a search, which with a slash finds folders, too, or a filter.
function asked() {
  const keys = new URL(location.href).searchParams;
  return (keys.get("q") ?? keys.get("filter") ?? "").toLowerCase();
}

function* found() {
  const text = asked();
  const words = text.split(/[\s/]+/).filter((word) => word && !/[*?[\]]/.test(word)); // no globs
  if (!words.length) return;
  const parts = text.includes("/") ? "td.name a bdi" : "td.name a bdi:not(.dir)";
  for (const part of document.querySelectorAll(parts)) {
    const node = part.firstChild;
    const name = part.textContent.toLowerCase();
    if (node?.length !== name.length) continue; // a letter whose small form is longer
    for (const word of words) {
      for (let at = name.indexOf(word); at >= 0; at = name.indexOf(word, at + word.length)) {
        const range = new Range();
        range.setStart(node, at);
        range.setEnd(node, at + word.length);
        yield range;
      }
    }
  }
}

let next = 0;
function mark() {
  CSS.highlights?.set("found", new Highlight(...found()));
}
new MutationObserver(() => {
  cancelAnimationFrame(next);
  next = requestAnimationFrame(mark);
}).observe(document.body, { childList: true, subtree: true });
mark();
