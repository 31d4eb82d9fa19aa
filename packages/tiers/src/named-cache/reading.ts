import type { CacheParts } from './cache-parts';
import { ABSENT, NO_TAGS, type Keeping } from './keeping';
import { traceLoad } from './load-trace';
import type { Entry } from './local-level';
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
    const { happenings } = this.#parts;
    const beganMs = happenings.begin();
    const entry = this.#inMemory(key);
    if (entry === undefined) happenings.miss(key, beganMs);
    else happenings.hit(key, entry.tally, beganMs);
    return entry?.value;
  }

  /** One key, which nobody loads: what `getMany` of it alone finds, by a shorter way. */
  async get(key: string): Promise<unknown> {
    const { shared, happenings, clock } = this.#parts;
    if (!shared) return this.peek(key);
    const beganMs = happenings.begin();
    const here = this.#inMemory(key);
    if (here !== undefined) {
      happenings.hit(key, here.tally, beganMs);
      return here.value;
    }
    const sinceMs = clock.now();
    const fetch = shared.fetches.begin();
    const entry = (await shared.find([key], NO_TAGS))?.[0]?.entry;
    fetch.end();
    if (entry?.kind !== 'value') {
      happenings.farMiss(key);
      happenings.answered(key, sinceMs);
      return undefined;
    }
    if (fetch.mayKeep(key)) this.#keeping.putFound(key, entry);
    happenings.farHit(key, sinceMs);
    return entry.value;
  }

  async getMany<T>(keys: readonly string[], load: LoadMany<T> | undefined, options: EntryOptions): Promise<ReadonlyMap<string, T>> {
    const { happenings } = this.#parts;
    const found = new Map<string, T>();
    const missing: string[] = [];
    for (const key of new Set(keys)) {
      const beganMs = happenings.begin();
      const entry = this.#inMemory(key);
      if (entry === undefined) missing.push(key);
      else {
        happenings.hit(key, entry.tally, beganMs);
        // The caller names the type: the cache holds what was put in under the key.
        found.set(key, entry.value as T);
      }
    }
    if (missing.length > 0) await this.#getMissing(missing, { found, load, options });
    return found;
  }

  #inMemory(key: string): Entry | undefined {
    if (!this.#keeping.usesMemory) return undefined;
    const { local } = this.#parts;
    const entry = local.take(key);
    return entry !== undefined && entry.value !== ABSENT && local.isFresh(entry) ? entry : undefined;
  }

  async #getMissing<T>(missing: readonly string[], { found, load, options }: Missing<T>): Promise<void> {
    const { name, shared, happenings, clock } = this.#parts;
    const sinceMs = clock.now();
    const fetch = shared?.fetches.begin();
    let absent = missing;
    try {
      const there = await shared?.find(missing, load ? options.tags : NO_TAGS);
      const left = missing.filter((key, place) => {
        const entry = there?.[place]?.entry;
        if (entry?.kind === 'value') {
          if (fetch?.mayKeep(key) === true) this.#keeping.putFound(key, entry);
          happenings.farHit(key, sinceMs);
          found.set(key, entry.value as T);
          return false;
        }
        happenings.farMiss(key);
        return entry?.kind !== 'absent';
      });
      absent = missing.filter((key) => !found.has(key));
      if (!load || left.length === 0) return;
      const readAtMs = clock.now();
      const loaded = [...(await traceLoad(name, left, () => load(left)))];
      happenings.loaded(`${String(left.length)} keys`, clock.now() - readAtMs);
      const current = loaded.filter(([key]) => fetch?.mayKeep(key) ?? true);
      this.#keeping.putHere(current, options, readAtMs);
      const kept = current.flatMap(([key, value]) => this.#keeping.toKeep(key, value, options, { readAtMs }) ?? []);
      if (kept.length > 0) await shared?.attempt((level) => level.keep(kept));
      for (const [key, value] of loaded) found.set(key, value);
    } finally {
      // Also of a loader that failed.
      for (const key of absent) happenings.answered(key, sinceMs);
      fetch?.end();
    }
  }
}
