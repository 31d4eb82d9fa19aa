import type { CommandEntry, QueryCache } from '../local/query-cache';
import type { NamedCache } from './named-cache';
import type { NamedCaches } from './named-caches';

/** The named caches of a database, as places for answers to questions: `.cache('fast')`. */
export class NamedQueries {
  readonly #caches: NamedCaches;
  readonly #known = new Map<string, QueryCache>();

  constructor(caches: NamedCaches) {
    this.#caches = caches;
  }

  /** Whether any was ever asked for. */
  get isUsed(): boolean {
    return this.#known.size > 0;
  }

  /** @throws {MisuseError} TIER_CACHE_UNKNOWN with the nearest name */
  get(name: string): QueryCache {
    let queries = this.#known.get(name);
    if (!queries) this.#known.set(name, (queries = queriesIn(this.#caches.get(name))));
    return queries;
  }
}

/**
 * A named cache as a place for answers. They live as the cache has it, or as the query says, and bear their models as tags, so that
 * `deleteByTag('res.city')` and `deleteByPattern('res.city:*')` take them out. In memory alone, also where the cache has a second level: their
 * stamps are judged by what this process knows.
 */
function queriesIn(cache: NamedCache): QueryCache {
  return {
    get: (key) => {
      const value = cache.peek(key);
      return Promise.resolve(isEntry(value) ? value : undefined);
    },
    put: (key, entry) => cache.setHere(key, entry, { tags: entry.tags.map(({ model }) => model), ...(entry.ttlMs === undefined ? {} : { ttl: entry.ttlMs, jitter: 0 }) }),
  };
}

/** Somebody may have put something else under the key. */
function isEntry(value: unknown): value is CommandEntry {
  return typeof value === 'object' && value !== null && 'stamp' in value && 'tags' in value && 'answer' in value;
}
