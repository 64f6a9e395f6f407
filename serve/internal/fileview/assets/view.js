// The page of a file: what is the same for all kinds of content. Without this file only the buttons
// that copy are missing. They and local times are in asset/shared.
"use strict";
const page = {
  element: document.getElementById("file"),
  say(text) { document.getElementById("said").textContent = text; },

  // fail shows why the content can't be shown any further.
  fail(text) {
    const old = document.querySelector(".failed");
    const note = old ?? Object.assign(document.createElement("p"), { className: "failed" });
    note.textContent = text;
    page.element.prepend(note);
    page.say(text);
  },

  // onNumber calls a function for clicks on line numbers, with the number, or NaN, and whether the
  // range is to be extended.
  onNumber(sheet, work) {
    sheet.addEventListener("click", (event) => {
      const line = event.target;
      if (!line.matches(".line")) return;
      const gutter = Number.parseFloat(getComputedStyle(line, "::before").width) +
        Number.parseFloat(getComputedStyle(line, "::before").paddingRight);
      if (event.clientX - line.getBoundingClientRect().left > gutter) return;
      if (event.shiftKey) getSelection().removeAllRanges(); // that the browser has made of the clicks
      work(Number(line.dataset.n), event.shiftKey, line);
    });
  },

  toolbar: {
    add(...elements) { document.querySelector(".ways").append(...elements); },

    // wrap adds a button that wraps lines. The choice is kept for all files.
    wrap(sheet) {
      const button = Object.assign(document.createElement("button"),
        { type: "button", textContent: sheet.dataset.wrap });
      const set = (on) => {
        sheet.classList.toggle("wrap", on);
        button.ariaPressed = String(on);
      };
      let kept = null;
      try { kept = localStorage.getItem("tpk.wrap"); } catch { /* storage may be forbidden */ }
      set(kept === null ? sheet.classList.contains("wrap") : kept === "1");
      button.addEventListener("click", () => {
        const on = button.ariaPressed !== "true";
        set(on);
        try { localStorage.setItem("tpk.wrap", on ? "1" : "0"); } catch { /* as above */ }
      });
      this.add(button);
    },

    // goTo adds a field for a place. go returns whether there is one, or a promise of that.
    goTo(sheet, go) {
      const form = document.createElement("form");
      const field = Object.assign(document.createElement("input"), { id: "place", type: "text",
        ariaLabel: sheet.dataset.goto, placeholder: sheet.dataset.goto, autocomplete: "off" });
      form.append(field, Object.assign(document.createElement("button"),
        { textContent: sheet.dataset.go }));
      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        const found = await go(field.value.trim());
        field.ariaInvalid = String(!found);
        page.say(found ? "" : sheet.dataset.none);
        if (found) sheet.focus({ preventScroll: true });
        else field.select();
      });
      this.add(form);
    },
  },
};

(() => {
  document.documentElement.classList.add("js");

  localTimes(".facts time");

  const texts = { link: () => location.href, path: () => page.element.dataset.path };
  for (const button of document.querySelectorAll("[data-copy]")) {
    copyOnClick(button, () => texts[button.dataset.copy]());
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.matches("input, textarea, select, audio, video")) return;
    if (event.key === "/") document.getElementById("search").focus();
    else if (event.key === "g" && document.getElementById("place")) {
      document.getElementById("place").focus();
    } else if (event.key === "Backspace") {
      [...document.querySelectorAll("header nav a")].at(-1).click();
    } else return;
    event.preventDefault();
  });
})();
