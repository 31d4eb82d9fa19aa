import type { Clock, Duration } from '@ormolu/kernel';
import type { Bounds } from '../policies/bounded-store';
import type { PolicyName } from '../policies/policies';

/** How long an entry serves. */
export interface Lifetime {
  /** From when it was written, or its loader was called; 0 never expires. @defaultValue 0 */
  readonly ttl?: Duration | undefined;
  /**
   * Every hit begins the ttl anew. An entry in steady use never expires then, however wrong it has become: for values that are
   * deleted when they change. @defaultValue false
   */
  readonly sliding?: boolean | undefined;
  /**
   * Up to this share of the ttl is taken off at random, so that entries stored together do not expire together. @defaultValue 0.1
   */
  readonly jitter?: number | undefined;
  /**
   * From this share of the ttl on, a hit of `getOrSet` loads anew in the background, and answers from what it has. 1 switches it off.
   * @defaultValue 1
   */
  readonly earlyRefresh?: number | undefined;
  /**
   * An expired entry is still answered with for so long when its loader fails: stale, and counted as such. @defaultValue 0
   */
  readonly grace?: Duration | undefined;
  /** How long it is remembered that a loader gave null or undefined; 0 does not remember it. @defaultValue the ttl */
  readonly negativeTtl?: Duration | undefined;
}

/** How a named cache is made. */
export interface NamedCacheOptions extends Bounds, Lifetime {
  /** @defaultValue 's3fifo' */
  readonly policy?: PolicyName | undefined;
  /** Entries above it are not kept, and counted; in estimated bytes. @defaultValue no limit but maxBytes */
  readonly maxEntryBytes?: number | undefined;
  /** @defaultValue the process's monotonic clock */
  readonly clock?: Clock | undefined;
  /** Between 0 and 1, for jitter. @defaultValue Math.random */
  readonly random?: (() => number) | undefined;
}

/** Of one entry. What is not given is as the cache has it. */
export interface EntryOptions extends Lifetime {
  /** What the entry depends on: `deleteByTag` takes out all that have one of them. */
  readonly tags?: readonly string[] | undefined;
}

/** Why an entry left. */
export type RemovalReason = 'bound' | 'too large' | 'expired' | 'deleted';

/** What a cache tells its listeners. */
export interface CacheEvents {
  readonly hit: { readonly key: string; readonly isStale: boolean };
  readonly miss: { readonly key: string };
  readonly set: { readonly key: string };
  readonly remove: { readonly key: string; readonly reason: RemovalReason };
  readonly load: { readonly key: string; readonly durationMs: number };
  readonly error: { readonly key: string; readonly cause: unknown };
}
