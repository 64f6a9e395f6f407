// What the page does beyond links and forms: a filter, keys, previews. Without this file it is all there, but for these.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const body = document.querySelector("tbody");
  const search = $("search");
  const rows = body ? [...body.rows] : [];
  const link = (row) => row.querySelector("td.name a");
  const button = (row) => row.querySelector("[data-look]");
  const shown = () => rows.filter((row) => !row.hidden);

  // The filter looks at the names on this page.
  const filter = $("filter");
  if (filter) {
    const names = rows.map((row) => link(row).textContent.toLowerCase());
    const left = $("left");
    const apply = () => {
      const text = filter.value.trim().toLowerCase();
      let n = 0;
      rows.forEach((row, i) => {
        row.hidden = !names[i].includes(text);
        if (!row.hidden) n++;
      });
      left.value = text ? `${n} of ${rows.length}` : "";
    };
    filter.addEventListener("input", apply);
    filter.parentElement.hidden = rows.length < 2;
    if (filter.value) apply(); // the browser has kept it
  }

  // Previews.
  const dialog = $("look");
  const stage = $("look-body");
  const textBytes = 65536;
  let from = null; // the row that is previewed

  const element = (name, set) => Object.assign(document.createElement(name), set);

  async function showText(url) {
    const pre = element("pre", { textContent: "…" });
    stage.replaceChildren(pre);
    try {
      const answer = await fetch(url, { headers: { Range: `bytes=0-${textBytes - 1}` } });
      if (!answer.ok && answer.status !== 416) throw new Error(answer.status);
      const bytes = answer.status === 416 ? new ArrayBuffer(0) : await answer.arrayBuffer();
      pre.textContent = new TextDecoder().decode(bytes);
      const size = Number((answer.headers.get("Content-Range") || "").split("/")[1]);
      if (size > textBytes) stage.append(element("p", { textContent: "The beginning of a larger file. Open it to see all." }));
    } catch {
      stage.replaceChildren(element("p", { textContent: "This file can't be shown." }));
    }
  }

  function preview(row) {
    const look = button(row);
    if (!look) return;
    from = row;
    const url = link(row).href;
    $("look-name").textContent = link(row).textContent;
    $("look-open").href = url;
    const name = link(row).textContent;
    switch (look.dataset.look) {
      case "image":
        stage.replaceChildren(element("img", { src: url, alt: name }));
        break;
      case "audio":
        stage.replaceChildren(element("audio", { src: url, controls: true, preload: "metadata", ariaLabel: name }));
        break;
      case "video":
        stage.replaceChildren(element("video", { src: url, controls: true, preload: "metadata", ariaLabel: name }));
        break;
      default:
        showText(url);
    }
    if (!dialog.open) dialog.showModal();
  }

  rows.forEach((row) => {
    const look = button(row);
    if (!look) return;
    look.hidden = false;
    look.addEventListener("click", () => preview(row));
  });
  $("look-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    stage.replaceChildren(); // stops what is playing
    if (from) link(from).focus();
  });

  // Keys.
  function move(step) {
    const visible = shown();
    const at = visible.findIndex((row) => row.contains(document.activeElement));
    const next = at < 0 ? (step > 0 ? 0 : visible.length - 1) : Math.min(Math.max(at + step, 0), visible.length - 1);
    if (visible[next]) link(visible[next]).focus();
  }

  // In a preview the arrows go to the next that has one.
  function turn(step) {
    const some = shown().filter(button);
    const next = some[some.indexOf(from) + step];
    if (next) preview(next);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const typing = event.target.matches("input, textarea, audio, video");
    if (dialog.open) {
      if (!typing && event.key === "ArrowRight") turn(1);
      if (!typing && event.key === "ArrowLeft") turn(-1);
      return;
    }
    if (typing) {
      if (event.key === "Escape") {
        if (event.target === filter && filter.value) {
          filter.value = "";
          filter.dispatchEvent(new Event("input"));
        } else event.target.blur();
      } else if (event.key === "ArrowDown") move(1);
      else return;
      event.preventDefault();
      return;
    }
    const row = event.target.closest("tbody tr");
    switch (event.key) {
      case "/":
        search.focus();
        search.select();
        break;
      case "ArrowDown":
        move(1);
        break;
      case "ArrowUp":
        move(-1);
        break;
      case "Home":
        move(-Infinity);
        break;
      case "End":
        move(Infinity);
        break;
      case " ":
        if (!row || !button(row) || event.target.matches("button")) return;
        preview(row);
        break;
      default:
        return;
    }
    event.preventDefault();
  });
})();
