// What the page does beyond links and forms: results while typing, previews, keys, local times.
// Without this file it is all there, but for these. Previews are in preview.js, times in
// asset/shared/times.js.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const all = (css) => [...document.querySelectorAll(css)];
  const search = $("search");
  const link = (row) => row.querySelector("td.name a");
  const eye = (row) => row.querySelector("[data-look]");
  document.documentElement.classList.add("js");

  const times = () => localTimes("td time");
  times();

  // The names of rows in the names of their links, which would double the names in the page.
  function nameEyes() {
    const texts = document.querySelector("th.look")?.dataset;
    for (const look of all("td.look a")) {
      const name = link(look.closest("tr")).textContent;
      look.ariaLabel = texts[look.dataset.look ? "preview" : "view"].replace("{name}", () => name);
    }
  }
  nameEyes();

  const bare = (url) => String(url).split("#")[0];
  let shown = bare(location.href); // the address of what the page shows

  // What a search or a filter found is marked by a file of its own.
  function markFound(url) {
    if (/[?&](q|filter)=/.test(url)) import("./?list&asset=found.js").catch(() => {});
  }
  markFound(shown);

  // Another listing in place of this one. The latest request wins, however late an older answer is.
  let asking = null;
  async function load(url, parts) {
    asking?.abort();
    const mine = asking = new AbortController();
    $("results").setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { signal: mine.signal });
      const text = await answer.text();
      if (mine !== asking) return false;
      if (!answer.ok) throw new Error(answer.status);
      show(new DOMParser().parseFromString(text, "text/html"), parts);
      shown = bare(url);
      markFound(shown);
      return true;
    } catch {
      if (mine === asking) location.assign(url); // the browser shows what is wrong
      return false;
    }
  }

  function show(page, parts) {
    for (const css of parts) document.querySelector(css).replaceWith(page.querySelector(css));
    document.title = page.title;
    for (const old of all("#find [type=hidden]")) old.remove();
    $("find").setAttribute("action", page.getElementById("find").getAttribute("action"));
    $("find").prepend(...page.querySelectorAll("#find [type=hidden]"));
    if ($("left")) $("left").value = page.getElementById("left")?.value ?? "";
    $("said").textContent = page.querySelector(".facts")?.textContent ?? "";
    times();
    nameEyes();
    loadReadme();
  }

  const whole = ["header nav", "main"];
  const around = ["header nav", "#head", "#results"]; // all but the field that has the focus

  // later calls a function when no key was pressed for a moment.
  let timer = 0;
  function later(work) {
    clearTimeout(timer);
    timer = setTimeout(work, 120);
  }

  function fillIn(url, key, value) {
    url.searchParams.delete("offset");
    if (value) url.searchParams.set(key, value);
    else url.searchParams.delete(key);
  }

  async function searchNow() {
    const text = search.value.trim();
    const before = new URL(location.href);
    const searching = before.searchParams.has("q");
    if (text === (before.searchParams.get("q") ?? "").trim()) return;
    let url = before;
    if (!searching) {
      const sent = new URLSearchParams(new FormData($("find")));
      url = new URL(`${$("find").getAttribute("action")}?${sent}`, before);
    }
    fillIn(url, "q", text);
    if (!text) for (const key of ["scope", "in", "sort", "order"]) url.searchParams.delete(key);
    if (!await load(url, whole)) return;
    history[searching ? "replaceState" : "pushState"](null, "", url);
  }

  async function filterNow() {
    const url = new URL(location.href);
    const text = $("filter").value.trim();
    if (text === (url.searchParams.get("filter") ?? "")) return;
    fillIn(url, "filter", text);
    if (await load(url, around)) history.replaceState(null, "", url);
  }

  document.addEventListener("input", (event) => {
    if (event.target === search) later(searchNow);
    if (event.target === $("filter")) later(filterNow);
  });
  document.addEventListener("submit", (event) => {
    const work = event.target.id === "find" ? searchNow : event.target.id === "narrow" ? filterNow : null;
    if (!work) return;
    event.preventDefault();
    clearTimeout(timer);
    work();
  });
  addEventListener("popstate", async () => {
    clearTimeout(timer);
    if (bare(location.href) !== shown) {
      if (!await load(location.href, whole)) return;
      search.value = new URL(location.href).searchParams.get("q") ?? "";
    }
    restore();
  });

  // The README of a folder comes after its list. Without this, its name leads to it.
  async function loadReadme() {
    const section = $("readme");
    const url = section?.dataset.load;
    if (!url) return;
    const answer = await fetch(url).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const readme = page.getElementById("readme");
    if (!readme) return;
    section.replaceWith(readme);
    document.head.append(...page.querySelectorAll("link[href*=code]"));
  }
  loadReadme().then(() => {
    if (location.hash) location.replace(location.hash); // it may lead there
  });

  // Previews are in a file of their own, which the first one loads.
  const previews = () => import("./?list&asset=preview.js");

  async function preview(row) {
    try {
      (await previews()).open(row);
    } catch {
      location.assign(link(row).href);
    }
  }

  // restore shows the preview of this step of the history, or none.
  async function restore() {
    const look = history.state?.look;
    const row = look && all("tbody tr").find((r) => eye(r) && link(r).href === look);
    if (row) (await previews()).show(row);
    else if ($("look").open) $("look").close();
  }
  restore();

  document.addEventListener("click", (event) => {
    const look = event.target.closest("[data-look]"); // a link to the page of a file
    if (look && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      preview(look.closest("tr"));
    }
    if (event.target.matches("dialog")) event.target.close(); // beside its content
  });

  // Keys.
  function move(step) {
    const links = all(".parent, td.name a, .cards > li > a, .hits li > a");
    if (!links.length) return;
    const first = links.length > 1 && links[0].matches(".parent") ? 1 : 0;
    const here = document.activeElement;
    let at = links.findIndex((a) => a === here || a.closest("tr")?.contains(here));
    if (step === -Infinity || at < 0 && step > 0) at = first;
    else if (at < 0) at = links.length - 1;
    else if (at < first && step > 0 && step < Infinity) at = first;
    else at = Math.min(Math.max(at + step, 0), links.length - 1);
    links[at].focus();
  }

  // How many tiles a line of a grid has; 1 in a list.
  function columns() {
    const tiles = all(".grid tbody tr");
    return tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length || 1;
  }

  const aside = (step) => document.querySelector(".grid") !== null && (move(step), true);

  function keyInField(event) {
    const field = event.target;
    if (event.key === "ArrowDown") move(1);
    else if (event.key !== "Escape") return;
    else if (field.value && field.closest("form")) {
      field.value = "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    } else field.blur();
    event.preventDefault();
  }

  const focusOn = (field) => field && (field.focus(), field.select(), true);

  // What a key does. A key that does nothing here is left to the browser.
  const keys = {
    "/": () => focusOn(search),
    f: () => focusOn($("filter")),
    "?": () => ($("keys").showModal(), true),
    ArrowDown: () => (move(columns()), true),
    ArrowUp: () => (move(-columns()), true),
    ArrowRight: () => aside(1),
    ArrowLeft: () => aside(-1),
    j: () => (move(1), true),
    k: () => (move(-1), true),
    Home: () => (move(-Infinity), true),
    End: () => (move(Infinity), true),
    x: (event) => {
      const box = event.target.closest("tbody tr")?.querySelector("td.name input");
      box?.click();
      return Boolean(box);
    },
    v: (event) => {
      const page = event.target.closest("tbody tr")?.querySelector("td.look a");
      if (page) location.assign(page.href);
      return Boolean(page);
    },
    Backspace: () => {
      const up = document.querySelector(".parent");
      up?.click();
      return up !== null;
    },
    " ": (event) => {
      const row = event.target.closest("tbody tr");
      if (!row || !eye(row) || event.target.matches("button, input")) return false;
      preview(row);
      return true;
    },
  };

  // In a README, keys that move between rows scroll it instead.
  const reads = ({ target, key }) => /^(Arrow|Home|End| )/.test(key) && !target.matches("input") &&
    (target.closest("#readme") ?? document.querySelector(".reading")) !== null;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return; // which has keys of its own
    if (reads(event)) return;
    if (event.target.matches("input:not([type=checkbox]), textarea")) keyInField(event);
    else if (Object.hasOwn(keys, event.key) && keys[event.key](event)) event.preventDefault();
  });
})();
