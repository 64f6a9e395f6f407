// Reads a plain file by ranges.
"use strict";
class Ranges {
  #url;
  #tag = null; // the entity-tag of the first answer: all parts must be of one file
  #whole = null; // if the server sends no ranges

  constructor(url, size) {
    this.#url = url;
    this.size = size;
  }

  // read returns the bytes from one offset to another, without that one.
  async read(from, to, signal) {
    from = Math.max(from, 0);
    to = Math.min(to, this.size);
    if (from >= to) return new Uint8Array(0);
    if (this.#whole) return this.#whole.subarray(from, to);
    const answer = await fetch(this.#url, { headers: { Range: `bytes=${from}-${to - 1}` }, signal });
    if (answer.status !== 206 && answer.status !== 200) throw new Error(answer.status);
    const tag = answer.headers.get("ETag");
    if (this.#tag !== null && tag !== this.#tag) throw new Error("changed");
    this.#tag = tag;
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (answer.status === 200) {
      this.#whole = bytes;
      this.size = bytes.length;
      return bytes.subarray(from, to);
    }
    if (bytes.length !== to - from) throw new Error("short");
    return bytes;
  }
}
