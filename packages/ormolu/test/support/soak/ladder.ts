import type { Rung, Storage } from '@ormolu/kernel';
import { postgres } from '@ormolu/storage/postgres';
import { LocalCache, LocalRung, type LocalCacheOptions } from '@ormolu/tiers';

/** What a worker process reads through, as its parent tells it: plain enough to travel as JSON. */
export interface LadderConfig {
  /** Where the truth is. */
  readonly storage: { readonly kind: 'postgres'; readonly url: string };
  /** The caches above it; absent ones are not there. */
  readonly caches: { readonly local?: LocalCacheOptions };
}

/** The ladder of one process. */
export interface Ladder {
  readonly storage: Storage;
  /** The caches of this process, over a foot of the caller's. */
  over(foot: Rung): Rung;
}

/** @param flows - how many transactions will be open at a time */
export function openLadder({ storage, caches }: LadderConfig, flows: number): Ladder {
  const local = caches.local && new LocalCache(caches.local);
  return {
    storage: postgres({ connectionString: storage.url, max: flows, options: '-c lock_timeout=100ms -c deadlock_timeout=100ms' }),
    over: (foot) => (local ? new LocalRung(foot, local) : foot),
  };
}
