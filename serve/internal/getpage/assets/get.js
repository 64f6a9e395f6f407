// Copying commands, with the address under which the browser sees the page. Without this file they
// have the address that the server was asked by.
"use strict";
(() => {
  const main = document.querySelector("main");
  const base = main.dataset.base;
  const here = new URL("./", location.href).href.replaceAll("'", "%27");
  if (here !== base && /^[\w.~:/[\]%@!$&()*+,;=-]+$/.test(here)) {
    for (const code of main.querySelectorAll("pre code")) {
      code.textContent = code.textContent.replaceAll(base, () => here);
    }
    main.querySelector(".qr")?.remove(); // it has the other address
  }

  // The clipboard is there only for pages of https and of this machine.
  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const field = document.body.appendChild(document.createElement("textarea"));
    field.className = "away";
    field.value = text;
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (!done) throw new Error("execCommand");
  }

  for (const button of main.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    const label = button.firstChild;
    const text = label.data;
    button.addEventListener("click", async () => {
      const { copied, failed } = document.getElementById("said").dataset;
      let said = copied;
      try {
        await copy(button.parentElement.querySelector("code").textContent);
      } catch {
        said = failed;
      }
      label.data = document.getElementById("said").textContent = said;
      setTimeout(() => { label.data = text; }, 2000);
    });
  }
})();
