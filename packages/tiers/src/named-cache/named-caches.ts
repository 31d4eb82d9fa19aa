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
    this.#caches = new Map(all.map(([name, one]) => [name, new NamedCache(name, { clock, healthCheckEvery, ...one })]));
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
