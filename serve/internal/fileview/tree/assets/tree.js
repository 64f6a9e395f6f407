// Buttons that fold and unfold the whole tree. Without this file, parts fold by themselves.
"use strict";
(() => {
  const tree = document.querySelector(".json[data-unfold]");
  if (!tree) return;
  const parts = tree.querySelectorAll("ul ul details");
  if (!parts.length) return;
  const tools = document.createElement("p");
  tools.className = "json-tools";
  for (const [label, open] of [[tree.dataset.unfold, true], [tree.dataset.fold, false]]) {
    const button = tools.appendChild(document.createElement("button"));
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", () => {
      for (const part of parts) part.open = open;
    });
  }
  tree.before(tools);
})();
