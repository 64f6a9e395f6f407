// The theme keeps the colours of the first visit for good. This forgets them when a page is left,
// unless they were chosen: so the system decides, as long as the reader does not.
const kept = __md_scope.pathname + ".__palette", chosen = kept + "-chosen";
for (const input of document.querySelectorAll("[data-md-component=palette] input"))
  input.addEventListener("change", () => localStorage.setItem(chosen, "1"));
addEventListener("pagehide", () => {
  if (!localStorage.getItem(chosen)) localStorage.removeItem(kept);
});
