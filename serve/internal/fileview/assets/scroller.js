// Shows a part of a large file, and more of it while one scrolls. A book makes its pages:
//
//   size                  bytes of the file
//   next(at), prev(end)   promise of the page that begins or ends there: {start, end, element}
//   start(at)             promise of where the page begins that shows the offset at
"use strict";
class Scroller {
  static #most = 8; // pages that are kept

  #box;
  #book;
  #failed;
  #pages = [];
  #run = 0; // changes with each jump, so that what was begun before it stops
  #filling = null;

  constructor(box, book, moved, failed) {
    this.#box = box;
    this.#book = book;
    this.#failed = failed;
    box.classList.add("long");
    box.addEventListener("scroll", () => {
      this.#fill();
      moved(this.position());
    }, { passive: true });
    addEventListener("resize", () => this.#fill());
    this.moved = moved;
  }

  // position returns the offset of what is at the top, about.
  position() {
    const top = this.#box.scrollTop;
    if (top + this.#box.clientHeight >= this.#box.scrollHeight - 2 &&
      this.#pages.at(-1)?.end >= this.#book.size) return this.#book.size;
    for (const { start, end, element } of this.#pages) {
      const below = element.offsetTop + element.offsetHeight - top;
      if (below > 0) {
        return Math.round(end - (end - start) * Math.min(below / element.offsetHeight, 1));
      }
    }
    return 0;
  }

  // open shows the file from an offset on, or its end.
  async open(at) {
    const run = ++this.#run;
    await this.#guarded(run, async () => {
      const size = this.#book.size;
      const end = at >= size;
      const first = end ? await this.#book.prev(size) : await this.#book.next(await this.#book.start(at));
      if (run !== this.#run) return;
      this.#pages = [first];
      this.#box.replaceChildren(first.element);
      this.#box.scrollTop = end ? this.#box.scrollHeight : 0;
      this.#filling = null;
      await this.#fill(end);
      if (run === this.#run) this.moved(this.position());
    });
  }

  async #guarded(run, work) {
    try {
      await work();
    } catch (error) {
      if (run === this.#run) this.#failed(error);
    }
  }

  // fill loads pages until there is enough above and below what is seen.
  #fill(toEnd = false) {
    const run = this.#run;
    this.#filling ??= this.#guarded(run, async () => {
      while (run === this.#run && await this.#step(run, toEnd));
      if (run === this.#run) this.#filling = null;
    });
    return this.#filling;
  }

  async #step(run, toEnd) {
    const box = this.#box;
    const [first, last] = [this.#pages[0], this.#pages.at(-1)];
    if (!first) return false;
    const below = box.scrollHeight - box.scrollTop - box.clientHeight;
    if (last.end < this.#book.size && below < box.clientHeight) {
      const page = await this.#book.next(last.end);
      if (run !== this.#run) return false;
      this.#pages.push(page);
      box.append(page.element);
      if (this.#pages.length > Scroller.#most) this.#drop(this.#pages.shift(), true);
      return true;
    }
    if (first.start > 0 && box.scrollTop < box.clientHeight) {
      const page = await this.#book.prev(first.start);
      if (run !== this.#run) return false;
      this.#pages.unshift(page);
      this.#keep(() => box.prepend(page.element));
      if (toEnd) box.scrollTop = box.scrollHeight;
      if (this.#pages.length > Scroller.#most) this.#drop(this.#pages.pop(), false);
      return true;
    }
    return false;
  }

  #drop(page, above) {
    if (above) this.#keep(() => page.element.remove());
    else page.element.remove();
  }

  // keep changes what is above what is seen, which stays where it is.
  #keep(change) {
    const before = this.#box.scrollHeight;
    const top = this.#box.scrollTop;
    change();
    this.#box.scrollTop = top + this.#box.scrollHeight - before;
  }
}

// longTools adds a slider and keys that lead to any part of a file, and returns what shows where
// one is. Home and End lead to the ends of the file, wherever the focus is.
function longTools(sheet, book, open) {
  const { position, start, end } = sheet.dataset;
  const slider = Object.assign(document.createElement("input"),
    { type: "range", min: 0, max: 1000, value: 0, ariaLabel: position });
  const jump = (at) => () => { open(at()); sheet.focus({ preventScroll: true }); };
  const button = (text, at) => {
    const b = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    b.addEventListener("click", jump(at));
    return b;
  };
  const where = document.createElement("output");
  const ends = { Home: () => 0, End: () => book.size };
  page.toolbar.add(button(start, ends.Home), slider, button(end, ends.End), where);
  slider.addEventListener("change", () => open(Math.round(book.size * slider.value / 1000)));
  document.addEventListener("keydown", (event) => {
    if (!ends[event.key] || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey ||
      event.target.matches("input, textarea, select, summary")) return;
    event.preventDefault();
    jump(ends[event.key])();
  });
  return (at) => {
    const share = book.size ? at / book.size : 0;
    if (document.activeElement !== slider) slider.value = Math.round(share * 1000);
    where.value = `${Math.floor(share * 100)} %`;
    slider.ariaValueText = where.value;
  };
}
