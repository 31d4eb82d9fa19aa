import type { Clock, Duration } from '@ormolu/kernel';
import type { Backend } from '../backend/backend';
import type { Bus } from '../bus/bus';
import type { Bounds } from '../policies/bounded-store';
import type { PolicyName } from '../policies/policies';
import type { SharedKey } from '../shared/key-ring';
import type { SerializerName } from '../shared/serializers';
import type { CacheAlert, HealthThresholds } from './health-watch';
import type { ScheduledInvalidation } from './scheduled-invalidation';

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
  /** How long it is remembered that a loader gave null or undefined, or did not name a key it was asked for; 0 does not remember it. @defaultValue the ttl */
  readonly negativeTtl?: Duration | undefined;
}

/** The level in this process's memory, of a cache that has a second one. */
export interface FirstLevelOptions extends Bounds {
  /** @defaultValue 's3fifo' */
  readonly policy?: PolicyName | undefined;
  /** Entries above it are not kept here, and counted; in estimated bytes. @defaultValue no limit but maxBytes */
  readonly maxEntryBytes?: number | undefined;
  /**
   * How long an entry serves here before the second level is asked again: so long may pass before this process sees what another has changed.
   * 0: as long as the entry itself. @defaultValue '5s'; '1m' with a bus
   */
  readonly ttl?: Duration | undefined;
}

/** A second level, on a cache server that many processes share. */
export interface SecondLevelOptions {
  /** `redis(…)`, `memcached(…)`, or one of your own. @defaultValue none: the cache is in this process's memory alone */
  readonly l2?: Backend | undefined;
  /** The first level; `false` keeps nothing here. Bounds that stand beside it are its bounds, too. @defaultValue 10 000 entries, for 5 s each */
  readonly l1?: FirstLevelOptions | false | undefined;
  /** How values become bytes; what was written with another is read all the same. @defaultValue 'json' */
  readonly serializer?: SerializerName | undefined;
  /** Values of more bytes are deflated. @defaultValue false: none is */
  readonly compress?: boolean | { readonly above: number } | undefined;
  /**
   * Secrets under which all that is kept on a server is sealed, values, records and answers: the first seals, all of them open. Keys and tags lie open. Fields
   * marked `sensitive` are kept on no server without. @defaultValue none: it lies open
   */
  readonly keys?: readonly SharedKey[] | undefined;
  /** Stands before all keys, so that several programs can share a server. @defaultValue 'ormolu' */
  readonly prefix?: string | undefined;
  /** Entries of more bytes are not sent, and counted. @defaultValue what the server takes */
  readonly maxSharedBytes?: number | undefined;
  /** No call of the second level is waited for longer. @defaultValue 40 ms */
  readonly deadline?: Duration | undefined;
  /** When half of the last calls have failed or were late, and at least so many were made, the server counts as away. @defaultValue 3 */
  readonly breakAfter?: number | undefined;
  /** How many keys are remembered whose writes failed; beyond it, all that the server holds is given up. @defaultValue 10 000 */
  readonly maxUnsure?: number | undefined;
  /** How long a process that loads may be silent before another loads in its place, and how long a failure is everybody's. @defaultValue '2s' */
  readonly lease?: Duration | undefined;
  /** With `l1: false`: keep entries here for as long as the server is away. @defaultValue nothing is kept */
  readonly fallback?: 'memory' | undefined;
  /** The time of day in milliseconds, which entries carry from one process to another. @defaultValue Date.now */
  readonly calendar?: Clock | undefined;
}

/** How a named cache is made. */
export interface NamedCacheOptions extends Bounds, Lifetime, SecondLevelOptions {
  /**
   * `redisBus(…)`, or one of your own: processes tell each other what they set, delete and clear, so that what they keep in memory follows. While it is away, they
   * begin with nothing and keep entries in memory for 5 s at most. @defaultValue none: what another process keeps in memory serves there until its ttl is over
   */
  readonly bus?: Bus | undefined;
  /** @defaultValue 's3fifo' */
  readonly policy?: PolicyName | undefined;
  /** Entries above it are not kept, and counted; in estimated bytes. @defaultValue no limit but maxBytes */
  readonly maxEntryBytes?: number | undefined;
  /** @defaultValue the process's monotonic clock */
  readonly clock?: Clock | undefined;
  /** Between 0 and 1, for jitter. @defaultValue Math.random */
  readonly random?: (() => number) | undefined;
  /**
   * How often the server is asked how it is, and the cache compared with its thresholds. `cache.on('alert', …)` tells when one is crossed, and when it no
   * longer is. @defaultValue never but by `health()`
   */
  readonly healthCheckEvery?: Duration | undefined;
  /** Entries that are taken out by themselves, when the time has come. @defaultValue none */
  readonly invalidate?: readonly ScheduledInvalidation[] | undefined;
  /** From where on the cache is told of. @defaultValue only a server that does not answer is */
  readonly thresholds?: HealthThresholds | undefined;
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
  /** The bus was lost, or is back: once for each change. */
  readonly bus: { readonly state: 'up' | 'away'; readonly cause: unknown };
  /** A threshold was crossed, or is no longer: once for each change. */
  readonly alert: CacheAlert;
  /** The server of the second level went away, or is back: once for each change. */
  readonly state: { readonly state: 'up' | 'away'; readonly cause: unknown };
}
