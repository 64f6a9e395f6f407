// The page of a file: what is the same for all kinds of content. Without this file only the buttons
// that copy are missing.
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

  // Times are sent in UTC, and shown in the time zone of the reader.
  const two = (n) => String(n).padStart(2, "0");
  for (const time of document.querySelectorAll(".facts time")) {
    const d = new Date(time.dateTime);
    time.title = `${time.textContent} UTC`;
    time.textContent = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ` +
      `${two(d.getHours())}:${two(d.getMinutes())}`;
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

  const texts = { link: () => location.href, path: () => page.element.dataset.path };
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    const label = button.textContent;
    button.addEventListener("click", async () => {
      const { copied, failed } = document.getElementById("said").dataset;
      let said = copied;
      try {
        await copy(texts[button.dataset.copy]());
        button.textContent = `✓ ${copied}`;
        setTimeout(() => { button.textContent = label; }, 1500);
      } catch {
        said = failed;
      }
      button.focus();
      page.say(said);
    });
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
