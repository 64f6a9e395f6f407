// What only large selections need: numbers packed for an address, and all rows of a long list.
// pick.js loads this file.

const pages = 20; // how many parts of a list are asked for at most

// packed returns ranges in order as the server reads them: see package choice.
export async function packed(ranges) {
  const bytes = [];
  const put = (n) => {
    for (; n > 127; n >>>= 7) bytes.push(n & 127 | 128);
    bytes.push(n);
  };
  let next = 0;
  for (const { first, end } of ranges) {
    put(first - next);
    put(end - first);
    next = end + 1;
  }
  const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const text = String.fromCharCode(...new Uint8Array(await new Response(stream).arrayBuffer()));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// every returns all rows of the list at url: their numbers, which refer to of, with their sizes. It
// fails if the list is too long, or is one of another archive by now.
export async function every(url, of) {
  const rows = new Map();
  for (let k = 0; url; k++) {
    const answer = await fetch(url);
    if (!answer.ok || k === pages) throw new Error(answer.status);
    const list = await answer.json();
    if (list.choice?.of !== of) throw new Error("another archive");
    for (const entry of list.entries) if (entry.n) rows.set(entry.n, entry.size ?? 0);
    url = list.next && new URL(list.next, answer.url).href;
  }
  return rows;
}
