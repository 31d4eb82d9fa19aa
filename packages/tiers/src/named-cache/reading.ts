import type { CacheParts } from './cache-parts';
import { ABSENT, NO_TAGS, type Keeping } from './keeping';
import type { EntryOptions } from './options';

/** Loads what is missing of several keys, in one call. What it does not name, there is not. */
export type LoadMany<T> = (missing: readonly string[]) => Iterable<readonly [string, T]> | Promise<Iterable<readonly [string, T]>>;

/** What is to be done with keys that are nowhere. */
interface Missing<T> {
  readonly found: Map<string, T>;
  readonly load: LoadMany<T> | undefined;
  readonly options: EntryOptions;
}

/** How values are looked for: in memory, on the server, by one loader for all that is left. */
export class Reading {
  readonly #parts: CacheParts;
  readonly #keeping: Keeping;

  constructor(parts: CacheParts, keeping: Keeping) {
    this.#parts = parts;
    this.#keeping = keeping;
  }

  /** In this process's memory, at once. Counts as a request. */
  peek(key: string): unknown {
    const value = this.#inMemory(key);
    if (value === undefined) this.#parts.happenings.miss(key);
    else this.#parts.happenings.hit(key);
    return value;
  }

  async getMany<T>(keys: readonly string[], load: LoadMany<T> | undefined, options: EntryOptions): Promise<ReadonlyMap<string, T>> {
    const found = new Map<string, T>();
    const missing: string[] = [];
    for (const key of new Set(keys)) {
      const value = this.#inMemory(key);
      if (value === undefined) missing.push(key);
      else {
        this.#parts.happenings.hit(key);
        // The caller names the type: the cache holds what was put in under the key.
        found.set(key, value as T);
      }
    }
    if (missing.length > 0) await this.#getMissing(missing, { found, load, options });
    return found;
  }

  #inMemory(key: string): unknown {
    if (!this.#keeping.usesMemory) return undefined;
    const { local } = this.#parts;
    const entry = local.take(key);
    return entry !== undefined && entry.value !== ABSENT && local.isFresh(entry) ? entry.value : undefined;
  }

  async #getMissing<T>(missing: readonly string[], { found, load, options }: Missing<T>): Promise<void> {
    const { shared, happenings, clock } = this.#parts;
    const fetch = shared?.fetches.begin();
    try {
      const there = await shared?.find(missing, load ? options.tags : NO_TAGS);
      const left = missing.filter((key, place) => {
        const entry = there?.[place]?.entry;
        if (entry?.kind === 'value') {
          if (fetch?.mayKeep(key) === true) this.#keeping.putFound(key, entry);
          happenings.hit(key);
          found.set(key, entry.value as T);
          return false;
        }
        happenings.miss(key);
        return entry?.kind !== 'absent';
      });
      if (!load || left.length === 0) return;
      const readAtMs = clock.now();
      const loaded = [...(await load(left))];
      happenings.loaded(`${String(left.length)} keys`, clock.now() - readAtMs);
      const current = loaded.filter(([key]) => fetch?.mayKeep(key) ?? true);
      this.#keeping.putHere(current, options, readAtMs);
      const kept = current.flatMap(([key, value]) => this.#keeping.toKeep(key, value, options, { readAtMs }) ?? []);
      if (kept.length > 0) await shared?.attempt((level) => level.keep(kept));
      for (const [key, value] of loaded) found.set(key, value);
    } finally {
      fetch?.end();
    }
  }
}
