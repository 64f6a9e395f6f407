// Says so if the browser can't play a file, and shows the length and the size of one that it can.
"use strict";
(() => {
  const box = document.querySelector(".player"), medium = box.firstElementChild;
  const facts = document.querySelector("main .facts");
  const two = (n) => String(n).padStart(2, "0");

  function fact(text) {
    facts.append(Object.assign(document.createElement("li"), { textContent: text }));
  }

  function known() {
    const all = Math.round(medium.duration);
    if (Number.isFinite(all)) {
      const h = Math.floor(all / 3600), m = Math.floor(all / 60) % 60;
      fact(h ? `${h}:${two(m)}:${two(all % 60)}` : `${m}:${two(all % 60)}`);
    }
    if (medium.videoWidth) fact(`${medium.videoWidth} × ${medium.videoHeight}`);
  }

  function fail() {
    const note = document.createElement("p");
    note.className = "empty";
    note.textContent = box.dataset.failed;
    box.replaceChildren(note);
  }

  if (medium.error) fail();
  else medium.addEventListener("error", fail);
  if (medium.readyState > 0) known();
  else medium.addEventListener("loadedmetadata", known, { once: true });
})();
