// Zooms a picture. The stage scrolls, so the keyboard, a wheel and a finger move the picture as they
// move any page. Without this file the picture fits the page.
"use strict";
(() => {
  const stage = document.querySelector(".stage"), img = stage.querySelector("img");
  const tools = document.querySelector(".zoom"), output = tools.querySelector("output");
  const least = 0.02, most = 32;
  let scale = 1, fitted = true, natural;

  // A vector without a size has none in some browsers.
  const size = () => [img.naturalWidth || 300, img.naturalHeight || 150];
  const vector = /\.svgz?$/i.test(new URL(img.src).pathname);

  function fitting() {
    const fit = Math.min(stage.clientWidth / natural[0], stage.clientHeight / natural[1]);
    return vector ? fit : Math.min(fit, 1);
  }

  function show() {
    img.style.width = `${natural[0] * scale}px`;
    img.style.height = `${natural[1] * scale}px`;
    img.classList.toggle("pixels", scale >= 3 && !vector);
    const percent = scale * 100;
    output.textContent =
      `${natural[0]} × ${natural[1]} · ${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
    tools.querySelector('[data-zoom="fit"]').setAttribute("aria-pressed", fitted);
    tools.querySelector('[data-zoom="actual"]').setAttribute("aria-pressed", scale === 1);
  }

  function fit() {
    fitted = true;
    scale = fitting();
    show();
  }

  // zoomTo keeps the point of the picture that is at x, y of the window where it is.
  function zoomTo(next, x, y) {
    const box = stage.getBoundingClientRect(), before = img.getBoundingClientRect();
    x ??= box.left + box.width / 2;
    y ??= box.top + box.height / 2;
    const u = (x - before.left) / before.width, v = (y - before.top) / before.height;
    fitted = false;
    scale = Math.min(Math.max(next, least), most);
    show();
    const after = img.getBoundingClientRect();
    stage.scrollLeft += after.left + u * after.width - x;
    stage.scrollTop += after.top + v * after.height - y;
  }

  const actions = {
    in: () => zoomTo(scale * 1.25), out: () => zoomTo(scale / 1.25), fit, actual: () => zoomTo(1),
  };
  const keys = { "+": "in", "=": "in", "-": "out", 0: "fit", 1: "actual" };

  function start() {
    natural = size();
    tools.hidden = false;
    fit();
    new ResizeObserver(() => { if (fitted) fit(); }).observe(stage);
    tools.addEventListener("click", (event) => {
      const button = event.target.closest("[data-zoom]");
      if (button) actions[button.dataset.zoom]();
    });
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return;
      if (!keys[event.key]) return;
      event.preventDefault();
      actions[keys[event.key]]();
    });
    stage.addEventListener("wheel", (event) => {
      // A wheel scrolls the page until the picture has the focus. A pinch on a touchpad has ctrlKey.
      if (!event.ctrlKey && document.activeElement !== stage) return;
      event.preventDefault();
      zoomTo(scale * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), event.clientX,
        event.clientY);
    }, { passive: false });
    stage.addEventListener("dblclick", (event) => {
      if (fitted) zoomTo(1, event.clientX, event.clientY);
      else fit();
    });
    drag();
    pinch();
    warn();
  }

  // warn says so if the end of the picture is missing.
  async function warn() {
    const { cutOff } = await import(stage.dataset.whole);
    if (await cutOff(img.src)) page.fail(stage.dataset.cutoff);
  }

  function drag() {
    let last;
    stage.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || event.button !== 0) return;
      event.preventDefault();
      stage.focus({ preventScroll: true });
      last = event;
      stage.setPointerCapture(event.pointerId);
      stage.classList.add("held");
    });
    stage.addEventListener("pointermove", (event) => {
      if (!last) return;
      stage.scrollLeft -= event.clientX - last.clientX;
      stage.scrollTop -= event.clientY - last.clientY;
      last = event;
    });
    for (const end of ["pointerup", "pointercancel"]) {
      stage.addEventListener(end, () => {
        last = undefined;
        stage.classList.remove("held");
      });
    }
  }

  function pinch() {
    let apart, from;
    const measure = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
    stage.addEventListener("touchstart", (event) => {
      if (event.touches.length !== 2) return;
      event.preventDefault();
      apart = measure(event.touches);
      from = scale;
    }, { passive: false });
    stage.addEventListener("touchmove", (event) => {
      if (event.touches.length !== 2 || !apart) return;
      event.preventDefault();
      const [a, b] = event.touches;
      zoomTo(from * measure(event.touches) / apart, (a.clientX + b.clientX) / 2,
        (a.clientY + b.clientY) / 2);
    }, { passive: false });
    stage.addEventListener("touchend", () => { apart = undefined; });
  }

  function fail() {
    const note = document.createElement("p");
    note.className = "empty";
    note.textContent = stage.dataset.failed;
    stage.replaceWith(note);
  }

  img.draggable = false;
  if (img.complete && img.naturalWidth) start();
  else if (img.complete) img.decode().then(start, fail);
  else {
    img.addEventListener("load", start);
    img.addEventListener("error", fail);
  }
})();
