// copyOnClick shows a button, which copies the text that a function returns. Its label and a status
// line show for a moment whether that went well.
function copyOnClick(button, text) {
  const label = button.firstChild;
  const before = label.data;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const said = document.getElementById("said");
    const { copied, failed } = said.dataset;
    try {
      await copyText(text());
      [label.data, said.textContent] = [`✓ ${copied}`, copied];
    } catch {
      label.data = said.textContent = failed;
    }
    button.focus();
    setTimeout(() => { label.data = before; }, 2000);
  });
}

// copyText copies a text. The clipboard is there only for pages of https and of this machine.
async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.body.appendChild(document.createElement("textarea"));
  field.className = "away";
  field.value = text;
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("execCommand");
}
