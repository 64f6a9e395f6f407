import type { Generation, Keep } from "tpk-reader";

/** A Keep in the browser's Cache Storage: what was seen is there without a network. */
export class CacheKeep implements Keep {
  private readonly cache: Promise<Cache>;
  private puts = 0;

  /** name is that of the cache; base is a URL below which nothing else is kept in it. */
  constructor(name: string, private readonly base: string) {
    this.cache = caches.open(name);
  }

  async last(url: string): Promise<Generation | undefined> {
    return (await (await this.cache).match(this.key(url, "last")))?.json();
  }

  async begin(url: string, g: Generation): Promise<void> {
    const cache = await this.cache;
    const old = await this.last(url);
    if (old?.etag === g.etag && old.size === g.size) return;
    const prefix = this.key(url, "");
    for (const r of await cache.keys()) if (r.url.startsWith(prefix)) await cache.delete(r);
    await cache.put(this.key(url, "last"), Response.json(g));
  }

  async get(url: string, g: Generation, offset: number, length: number) {
    const r = await (await this.cache).match(this.range(url, g, offset, length));
    return r && new Uint8Array(await r.arrayBuffer());
  }

  async put(url: string, g: Generation, offset: number, bytes: Uint8Array): Promise<void> {
    const cache = await this.cache;
    const store = () => cache.put(this.range(url, g, offset, bytes.length),
      new Response(bytes.slice() as Uint8Array<ArrayBuffer>));
    try {
      await store();
    } catch { // the quota is used up
      await this.clear();
      await store();
    }
    if (++this.puts % 256 === 0) await this.limit();
  }

  /** limit forgets everything once half of the room is used that the browser gives the origin. */
  private async limit(): Promise<void> {
    const { usage = 0, quota = Infinity } = await navigator.storage.estimate();
    if (usage > quota / 2) await this.clear();
  }

  /** clear forgets all ranges. */
  async clear(): Promise<void> {
    const cache = await this.cache;
    for (const r of await cache.keys()) if (!r.url.endsWith("/last")) await cache.delete(r);
  }

  private key(url: string, rest: string): string {
    return `${this.base}${encodeURIComponent(url)}/${rest}`;
  }

  private range(url: string, g: Generation, offset: number, length: number): string {
    return this.key(url, `${encodeURIComponent(g.etag)}/${offset}-${length}`);
  }
}
