// Whether a picture is whole. A browser draws what there is of one whose end is missing.
const tailBytes = 65536; // something else may follow the end of a picture

// lastOf returns where bytes are the last time, or −1.
function lastOf(bytes, ...some) {
  for (let at = bytes.length - some.length; at >= 0; at--) {
    if (some.every((b, i) => bytes[at + i] === b)) return at;
  }
  return -1;
}

// inScan reports whether a byte may follow FF in image data of JPEG. If others do, something else,
// as a film, follows the picture.
const inScan = (b = 0) => b === 0 || b === 0xff || (b >= 0xd0 && b <= 0xd7);

// ends are whether the last bytes of a file have the end of a picture, by media type.
const ends = {
  "image/png": (tail) => lastOf(tail, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82) >= 0,
  "image/jpeg": (tail) => {
    const scan = tail.subarray(lastOf(tail, 0xff, 0xda) + 1); // a thumbnail is before it
    return lastOf(scan, 0xff, 0xd9) >= 0 || scan.some((b, i) => b === 0xff && !inScan(scan[i + 1]));
  },
  "image/gif": (tail) => lastOf(tail, 0x3b) > tail.findLastIndex((b) => b !== 0 && b !== 0x3b),
};

// cutOff reports whether the end of a picture is missing. It is false if that can't be known.
export async function cutOff(url, signal) {
  try {
    // Of a range, Chromium's cache gives a part of the gzip form, as the picture came.
    const headers = { Range: `bytes=-${tailBytes}` };
    const answer = await fetch(url, { headers, signal, cache: "no-store" });
    const ended = ends[answer.headers.get("Content-Type")];
    if (!answer.ok || !ended) return false;
    return !ended(new Uint8Array(await answer.arrayBuffer()).subarray(-tailBytes));
  } catch {
    return false;
  }
}
