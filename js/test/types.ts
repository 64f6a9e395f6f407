// A program that uses the package by its types. It is compiled, not run.
import { type Entry, open, type OpenOptions, type Source, TpkError } from "tpk-reader";

const options: OpenOptions = { retries: 1, headers: { authorization: "x" }, cacheSize: 1 << 20 };

export async function names(input: string | URL | Blob | Source): Promise<string[]> {
  const archive = await open(input, options);
  const found: string[] = [];
  for await (const e of archive.list("docs")) found.push(e.name);
  const e: Entry | undefined = await archive.stat("docs/index.html");
  if (e?.content) {
    const part: Uint8Array = await archive.read(e, { start: 0, end: 10 });
    found.push(String(part.length), await archive.text(e.path));
    const stream: ReadableStream<Uint8Array> = archive.stream(e);
    await stream.cancel();
  }
  await archive.close();
  return found;
}

export function isGone(error: unknown): boolean {
  return error instanceof TpkError && (error.code === "NOT_FOUND" || error.code === "CHANGED");
}
