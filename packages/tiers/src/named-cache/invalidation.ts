import type { CacheParts } from './cache-parts';
import { keyPattern } from './key-pattern';

/**
 * How entries are taken out: here before the server is told, so that nothing of theirs is answered meanwhile, and once more when it has been told, for
 * what was read from it in between.
 */
export class Invalidation {
  readonly #parts: CacheParts;

  constructor(parts: CacheParts) {
    this.#parts = parts;
  }

  async delete(key: string): Promise<boolean> {
    const { shared } = this.#parts;
    const wasHere = this.#forgetKey(key);
    if (!shared) return wasHere;
    const wasThere = await shared.attempt((level) => level.delete([key]));
    this.#forgetKey(key);
    return wasHere || (wasThere ?? 0) > 0;
  }

  async deleteByTag(tag: string): Promise<number> {
    const { shared } = this.#parts;
    const count = this.#forgetTag(tag);
    if (!shared) return count;
    await shared.attempt((level) => level.deleteByTag(tag));
    return count + this.#forgetTag(tag);
  }

  async deleteByPattern(pattern: string): Promise<number> {
    const { shared } = this.#parts;
    const fits = keyPattern(pattern);
    const count = this.#forgetFitting(fits);
    if (!shared) return count;
    const there = await shared.attempt((level) => level.deleteByPattern(pattern));
    return Math.max(count + this.#forgetFitting(fits), there ?? 0);
  }

  async clear(): Promise<void> {
    const { shared } = this.#parts;
    this.forgetAll();
    if (!shared) return;
    await shared.attempt((level) => level.clear());
    this.forgetAll();
  }

  #forgetKey(key: string): boolean {
    const { flights, shared, local } = this.#parts;
    flights.supersedeKey(key);
    shared?.fetches.overtake(key);
    return local.delete(key);
  }

  #forgetTag(tag: string): number {
    const { flights, shared, local } = this.#parts;
    // What another process has put in may have any tag.
    flights.supersede((_, { tags }) => shared !== undefined || tags.includes(tag));
    shared?.fetches.overtakeAll();
    return local.deleteByTag(tag);
  }

  #forgetFitting(fits: (key: string) => boolean): number {
    const { flights, shared, local } = this.#parts;
    flights.supersede(fits);
    shared?.fetches.overtakeAll();
    return local.deleteWhere(fits);
  }

  /** In this process alone. */
  forgetAll(): void {
    const { flights, shared, local } = this.#parts;
    flights.supersede(() => true);
    shared?.fetches.overtakeAll();
    local.clear();
  }
}
