// The list of good and hostile archives that all readers of the format are tested with, and trees.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

export const readers = fileURLToPath(new URL("../../testdata/readers", import.meta.url));
export const list = JSON.parse(readFileSync(join(readers, "list.json"), "utf8"));

/** bytesOf returns the bytes of a path of the list. */
export const bytesOf = (path) =>
  Buffer.from(path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))),
    "latin1");
