import type { Duration, Rung, Storage } from '@ormolu/kernel';
import { remote } from '@ormolu/remote';
import { postgres } from '@ormolu/storage/postgres';
import { LocalCache, LocalRung, NamedCaches, SharedCaches, SharedRung, type Backend, type LocalCacheOptions, type SerializerName } from '@ormolu/tiers';
import { memcached } from '@ormolu/tiers/memcached';
import { redis } from '@ormolu/tiers/redis';

/** What a worker process reads through, as its parent tells it: plain enough to travel as JSON. */
export interface LadderConfig {
  /** Where the truth is. */
  readonly storage: { readonly kind: 'postgres' | 'server'; readonly url: string };
  /** The caches above it; absent ones are not there. */
  readonly caches: { readonly local?: LocalCacheOptions; readonly shared?: SharedConfig };
}

/** One server, or several: a Redis Cluster, a Memcached ring. */
export type SharedKind = 'redis' | 'memcached' | 'cluster' | 'ring';

/** The cache that all processes share. */
export interface SharedConfig {
  readonly kind: SharedKind;
  /** Of several servers those of all. */
  readonly url: string;
  readonly serializer: SerializerName;
  /** No call is waited for longer. @defaultValue that of caches */
  readonly deadline?: Duration;
}

/** The ladder of one process. */
export interface Ladder {
  readonly storage: Storage;
  /**
   * The caches of this process, over a foot of the caller's.
   *
   * @param watch - stands between the shared rung and what is above it
   */
  over(foot: Rung, watch?: (shared: Rung) => Rung): Rung;
  close(): Promise<void>;
}

const BACKENDS: Readonly<Record<SharedKind, (urls: string) => Backend>> = {
  redis: (url) => redis(url),
  memcached: (url) => memcached(url),
  cluster: (urls) => redis({ cluster: urls.split(',').map((url) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) })) }),
  ring: (urls) => memcached(urls.split(',')),
};

/** @param flows - how many transactions will be open at a time */
export function openLadder({ storage, caches }: LadderConfig, flows: number): Ladder {
  const local = caches.local && new LocalCache(caches.local);
  const named = caches.shared && new NamedCaches({ shared: { l2: BACKENDS[caches.shared.kind](caches.shared.url), serializer: caches.shared.serializer, ...(caches.shared.deadline === undefined ? {} : { deadline: caches.shared.deadline }) } });
  const shared = named && new SharedCaches(named, 'shared');
  const database = storage.kind === 'server' ? remote(storage.url) : postgres({ connectionString: storage.url, max: flows, options: '-c lock_timeout=100ms -c deadlock_timeout=100ms' });
  return {
    storage: database,
    over: (foot, watch = (rung) => rung) => {
      const below = shared ? watch(new SharedRung(foot, shared)) : foot;
      return local ? new LocalRung(below, local) : below;
    },
    close: async () => {
      await database.close();
      await named?.close();
    },
  };
}
