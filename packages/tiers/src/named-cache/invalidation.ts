import type { BusMessage } from '../bus/bus-message';
import type { CacheParts } from './cache-parts';
import { checkTexts } from './checked-options';
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
    const { name, shared, bus } = this.#parts;
    checkTexts(name, 'a key', [key]);
    const wasHere = this.#forgetKey(key);
    if (!shared && !bus) return wasHere;
    const wasThere = await shared?.attempt((level) => level.delete([key]));
    this.#forgetKey(key);
    // Behind the server: who is told looks there.
    if (bus) await bus.tellKeys([key]);
    return wasHere || (wasThere ?? 0) > 0;
  }

  async deleteByTag(tag: string): Promise<number> {
    const { name, shared, bus } = this.#parts;
    checkTexts(name, 'a tag', [tag]);
    const count = this.#forgetTag(tag);
    if (!shared && !bus) return count;
    await shared?.attempt((level) => level.deleteByTag(tag));
    const all = count + this.#forgetTag(tag);
    await bus?.tell({ kind: 'tag', tag });
    return all;
  }

  async deleteByPattern(pattern: string): Promise<number> {
    const { name, shared, bus } = this.#parts;
    checkTexts(name, 'a pattern', [pattern]);
    const fits = keyPattern(pattern);
    const count = this.#forgetFitting(fits);
    if (!shared && !bus) return count;
    const there = await shared?.attempt((level) => level.deleteByPattern(pattern));
    const all = Math.max(count + this.#forgetFitting(fits), there ?? 0);
    await bus?.tell({ kind: 'pattern', pattern });
    return all;
  }

  async clear(): Promise<void> {
    const { shared, bus } = this.#parts;
    this.forgetAll();
    if (shared) {
      await shared.attempt((level) => level.clear());
      this.forgetAll();
    }
    await bus?.tell({ kind: 'all' });
  }

  /** What another process has changed is forgotten in this one's memory; what is under way here may be older than that. */
  heard(message: BusMessage): void {
    if (message.kind === 'keys') for (const key of message.keys) this.#forgetKey(key);
    else if (message.kind === 'tag') this.#forgetTag(message.tag);
    else if (message.kind === 'pattern') this.#forgetFitting(keyPattern(message.pattern));
    else this.forgetAll();
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
