// Loads the font that a page is about, and leaves the characters out that it does not have.
"use strict";
(async () => {
  const box = document.querySelector(".specimen");
  const face = new FontFace("specimen", `url(${JSON.stringify(page.element.dataset.raw)})`);
  try {
    document.fonts.add(await face.load());
  } catch {
    const note = document.createElement("p");
    note.className = "empty";
    note.textContent = box.dataset.failed;
    box.replaceWith(note);
    return;
  }

  // A character that the font lacks comes from the next font, and is as wide as in that one.
  const pen = document.createElement("canvas").getContext("2d");
  const width = (c, next) => {
    pen.font = `200px specimen, ${next}`;
    return pen.measureText(c).width;
  };
  for (const item of box.querySelectorAll(".grid li")) {
    const c = item.textContent;
    item.hidden = width(c, "monospace") !== width(c, "serif");
    item.title = `U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  }

  const own = document.getElementById("try"), lines = box.querySelectorAll(".sizes .face");
  own.addEventListener("input", () => { for (const line of lines) line.textContent = own.value; });
  box.hidden = false;
})();
