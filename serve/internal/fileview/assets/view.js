// The page of a file: what is the same for all kinds of content. Without this file only the buttons
// that copy are missing.
"use strict";
const page = {
  element: document.getElementById("file"),
  say(text) { document.getElementById("said").textContent = text; },
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
    else if (event.key === "Backspace") {
      [...document.querySelectorAll("header nav a")].at(-1).click();
    } else return;
    event.preventDefault();
  });
})();
