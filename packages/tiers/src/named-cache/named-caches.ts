import { MisuseError, nearestName, type Clock, type Duration } from '@ormolu/kernel';
import type { Backend } from '../backend/backend';
import type { Bus } from '../bus/bus';
import type { NamedCacheStats } from './cache-counts';
import { NamedCache } from './named-cache';
import type { NamedCacheOptions } from './options';

/** The named caches of a program, and the cache servers behind them: they are closed with them. */
export class NamedCaches<N extends string = string> {
  readonly #caches: ReadonlyMap<string, NamedCache>;
  /** Servers and buses. */
  readonly #others: ReadonlySet<Backend | Bus>;

  /** @param options - name → how the cache is made @throws {MisuseError} of the first that is wrong, as `NamedCache` throws it */
  constructor(options: Readonly<Record<N, NamedCacheOptions>>, { clock, healthCheckEvery }: { readonly clock?: Clock | undefined; readonly healthCheckEvery?: Duration | undefined } = {}) {
    const all = Object.entries<NamedCacheOptions>(options);
    const caches = new Map<string, NamedCache>();
    try {
      for (const [name, one] of all) caches.set(name, new NamedCache(name, { clock, healthCheckEvery, ...one }));
    } catch (error) {
      for (const cache of caches.values()) void cache.close();
      throw error;
    }
    this.#caches = caches;
    this.#others = new Set(all.flatMap(([, { l2, bus }]) => [l2 ?? [], bus ?? []].flat()));
  }

  /** @throws {MisuseError} TIER_CACHE_UNKNOWN with the nearest name */
  get(name: N): NamedCache {
    const cache = this.#caches.get(name);
    if (cache) return cache;
    const known = [...this.#caches.keys()];
    const nearest = nearestName(name, known);
    const remedy = nearest === undefined ? `There ${known.length === 0 ? 'are none' : `are: ${known.join(', ')}`}; name it among the caches to have it.` : `Did you mean '${nearest}'?`;
    throw new MisuseError('TIER_CACHE_UNKNOWN', `There is no cache '${name}'. ${remedy}`);
  }

  all(): readonly NamedCache[] {
    return [...this.#caches.values()];
  }

  names(): readonly string[] {
    return [...this.#caches.keys()];
  }

  /** Empties all of them. */
  async clear(): Promise<void> {
    await Promise.all([...this.#caches.values()].map((cache) => cache.clear()));
  }

  stats(): readonly NamedCacheStats[] {
    return [...this.#caches.values()].map((cache) => cache.stats());
  }

  /** Closes the caches, and the servers and buses they were given. Values that are here stay here. */
  async close(): Promise<void> {
    await Promise.all([...this.#caches.values()].map((cache) => cache.close()));
    await Promise.all([...this.#others].map((other) => other.close()));
  }
}

/**
 * Closes the servers and buses that caches were to have which could not be made: nobody else knows them, and they keep the process.
 *
 * @param options - as they were given, right or wrong
 */
export async function closeServersOf(options: unknown): Promise<void> {
  const all = typeof options === 'object' && options !== null ? Object.values(options as Readonly<Record<string, unknown>>) : [];
  const given = all.flatMap((one) => (typeof one === 'object' && one !== null ? [(one as NamedCacheOptions).l2, (one as NamedCacheOptions).bus] : [])).flat();
  await Promise.allSettled([...new Set(given)].map(async (other) => { await other?.close(); }));
}
