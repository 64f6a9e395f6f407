// Copying commands, with the address under which the browser sees the page. Without this file they
// have the address that the server was asked by. copyOnClick is in asset/shared.
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

  for (const button of main.querySelectorAll("[data-copy]")) {
    copyOnClick(button, () => button.parentElement.querySelector("code").textContent);
  }
})();
