import { systemClock, type Clock } from '@ormolu/kernel';
import { CacheCounts, type NamedCacheStats } from './cache-counts';
import { CacheListeners } from './cache-listeners';
import { keyPattern } from './key-pattern';
import { lifetimeMs, type LifetimeMs } from './lifetime';
import { LocalLevel, type Entry } from './local-level';
import type { CacheEvents, EntryOptions, NamedCacheOptions } from './options';
import { SingleFlight } from './single-flight';

/** A cache of plain values under texts as keys: cache-aside and write-through. */
export interface PlainCache {
  readonly name: string;
  get<T>(key: string): Promise<T | undefined>;
  set(key: string, value: unknown, options?: EntryOptions): Promise<void>;
  getOrSet<T>(key: string, load: () => T | Promise<T>, options?: EntryOptions): Promise<T>;
  getMany<T>(keys: readonly string[]): Promise<ReadonlyMap<string, T>>;
  setMany(entries: Iterable<readonly [string, unknown]>, options?: EntryOptions): Promise<void>;
  delete(key: string): Promise<boolean>;
  deleteByTag(tag: string): Promise<number>;
  deleteByPattern(pattern: string): Promise<number>;
  clear(): Promise<void>;
  stats(): NamedCacheStats;
  on<E extends keyof CacheEvents>(event: E, listener: (event: CacheEvents[E]) => void): () => void;
}

/**
 * A named cache in this process's memory.
 *
 * Values are kept as they are, not copied: whoever changes one changes it for all. `undefined` is no value: setting it deletes.
 *
 * Its law: no answer is older than its ttl, and its grace when its loader fails; what was written or deleted while a load was under way
 * is not overwritten by what that load brings.
 * @see docs/named-caches.md
 */
export class NamedCache implements PlainCache {
  readonly name: string;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #lifetime: LifetimeMs;
  readonly #local: LocalLevel;
  readonly #flights = new SingleFlight();
  readonly #counts = new CacheCounts();
  readonly #listeners = new CacheListeners();

  /**
   * @throws {MisuseError} TIER_BOUNDS without a bound; TIER_LIFETIME, DURATION_INVALID for a lifetime that is none
   */
  constructor(name: string, options: NamedCacheOptions) {
    this.name = name;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#lifetime = lifetimeMs(options);
    this.#local = new LocalLevel({
      ...options, clock: this.#clock,
      onRemove: (key, reason) => {
        this.#counts.removals[reason] += 1;
        this.#listeners.tell('remove', () => ({ key, reason }));
      },
    });
  }

  /** The value in this process's memory, at once; undefined when there is none. Counts as a request. */
  peek(key: string): unknown {
    const entry = this.#local.take(key);
    if (entry !== undefined && entry.value !== ABSENT && this.#local.isFresh(entry)) {
      this.#hit(key);
      return entry.value;
    }
    this.#miss(key);
    return undefined;
  }

  /** The value, or undefined. */
  get<T>(key: string): Promise<T | undefined> {
    // The caller names the type: the cache holds what was put in under the key.
    return Promise.resolve(this.peek(key) as T | undefined);
  }

  /** The values that there are. */
  getMany<T>(keys: readonly string[]): Promise<ReadonlyMap<string, T>> {
    const found = new Map<string, T>();
    for (const key of keys) {
      const value = this.peek(key);
      if (value !== undefined) found.set(key, value as T);
    }
    return Promise.resolve(found);
  }

  /** Puts a value in. A load of the key that is under way will not overwrite it. */
  set(key: string, value: unknown, options: EntryOptions = {}): Promise<void> {
    this.#flights.supersedeKey(key);
    this.#put(key, value, options);
    return Promise.resolve();
  }

  setMany(entries: Iterable<readonly [string, unknown]>, options: EntryOptions = {}): Promise<void> {
    for (const [key, value] of entries) {
      this.#flights.supersedeKey(key);
      this.#put(key, value, options);
    }
    return Promise.resolve();
  }

  /**
   * The value; if there is none, what the loader gives, which is kept for the next.
   *
   * However many ask at once, the loader runs once for a key, and its failure is that of all who wait.
   * @param load - null or undefined means: there is no such thing, which is remembered for `negativeTtl`
   * @throws {unknown} what the loader threw, unless an expired entry is within its grace
   */
  getOrSet<T>(key: string, load: () => T | Promise<T>, options: EntryOptions = NO_OPTIONS): Promise<T> {
    const entry = this.#local.take(key);
    if (entry === undefined || !this.#local.isFresh(entry)) return this.#loadOrStale(key, load, { options, entry });
    this.#hit(key);
    if (entry.lifetime.earlyRefresh < 1) this.#refreshEarly(key, load, { options, entry });
    // What the loader gave is what is kept under its key.
    return Promise.resolve(valueOf(entry) as T);
  }

  /** @returns whether there was an entry */
  delete(key: string): Promise<boolean> {
    this.#flights.supersedeKey(key);
    return Promise.resolve(this.#local.delete(key));
  }

  /** Takes out all that has the tag. @returns how many */
  deleteByTag(tag: string): Promise<number> {
    this.#flights.supersede((_, { tags }) => tags.includes(tag));
    return Promise.resolve(this.#local.deleteByTag(tag));
  }

  /** Takes out all whose key fits: `res.partner:*`. @returns how many. @remarks Looks at every key. */
  deleteByPattern(pattern: string): Promise<number> {
    const fits = keyPattern(pattern);
    this.#flights.supersede(fits);
    return Promise.resolve(this.#local.deleteWhere(fits));
  }

  clear(): Promise<void> {
    this.#flights.supersede(() => true);
    this.#local.clear();
    return Promise.resolve();
  }

  stats(): NamedCacheStats {
    return this.#counts.stats(this.name, this.#local);
  }

  /** Tells of what happens to entries. @returns ends it */
  on<E extends keyof CacheEvents>(event: E, listener: (event: CacheEvents[E]) => void): () => void {
    return this.#listeners.add(event, listener);
  }

  async #loadOrStale<T>(key: string, load: () => T | Promise<T>, { options, entry }: { readonly options: EntryOptions; readonly entry: Entry | undefined }): Promise<T> {
    this.#miss(key);
    try {
      return (await this.#load(key, load, options)) as T;
    } catch (cause) {
      if (!entry) throw cause;
      this.#counts.staleHits += 1;
      this.#listeners.tell('hit', () => ({ key, isStale: true }));
      return valueOf(entry) as T;
    }
  }

  #refreshEarly(key: string, load: () => unknown, { options, entry }: { readonly options: EntryOptions; readonly entry: Entry }): void {
    const { lifetime, readAtMs, expiresAtMs } = entry;
    if (expiresAtMs === Infinity || this.#clock.now() < readAtMs + lifetime.earlyRefresh * (expiresAtMs - readAtMs) || this.#flights.isUnderWay(key)) return;
    // Nobody waits for it: a failure is counted and told of where loads are.
    this.#load(key, load, options).catch(() => undefined);
  }

  #load(key: string, load: () => unknown, options: EntryOptions): Promise<unknown> {
    return this.#flights.join(key, options.tags ?? [], async (flight) => {
      // Its ttl begins here: what a slow loader brings may have been read when it began.
      const readAtMs = this.#clock.now();
      try {
        const value = await load();
        this.#loaded(key, this.#clock.now() - readAtMs);
        // A loader that finds nothing has found something out.
        if (flight.mayStore) this.#put(key, value === undefined ? ABSENT : value, options, { isNegative: value === undefined || value === null, readAtMs });
        return value;
      } catch (cause) {
        this.#counts.loadFailures += 1;
        this.#listeners.tell('error', () => ({ key, cause }));
        throw cause;
      }
    });
  }

  #loaded(key: string, durationMs: number): void {
    this.#counts.loads.add(durationMs);
    this.#listeners.tell('load', () => ({ key, durationMs }));
  }

  #put(key: string, value: unknown, options: EntryOptions, { isNegative, readAtMs }: Told = { isNegative: false, readAtMs: this.#clock.now() }): void {
    if (value === undefined) {
      this.#local.delete(key);
      return;
    }
    const lifetime = lifetimeMs(options, this.#lifetime);
    if (isNegative && lifetime.negativeTtlMs === 0) return;
    const ttlMs = (isNegative ? lifetime.negativeTtlMs : undefined) ?? lifetime.ttlMs;
    // A sliding entry begins its ttl anew with every hit: jitter would shorten it once and never again.
    const expiresAtMs = ttlMs === 0 ? Infinity : readAtMs + ttlMs * (lifetime.isSliding ? 1 : 1 - lifetime.jitter * this.#random());
    if (!this.#local.put(key, { value, tags: options.tags ?? NO_TAGS, lifetime: { ...lifetime, ttlMs }, readAtMs, expiresAtMs })) return;
    this.#counts.sets += 1;
    this.#listeners.tell('set', () => ({ key }));
  }

  #hit(key: string): void {
    this.#counts.hits += 1;
    if (this.#listeners.isHeard) this.#listeners.tell('hit', () => ({ key, isStale: false }));
  }

  #miss(key: string): void {
    this.#counts.misses += 1;
    if (this.#listeners.isHeard) this.#listeners.tell('miss', () => ({ key }));
  }
}

/** What is known of a value beside it. */
interface Told {
  /** It says that there is nothing. */
  readonly isNegative: boolean;
  readonly readAtMs: number;
}

/** Stands for what a loader did not find. */
const ABSENT = Symbol('absent');
const NO_TAGS: readonly string[] = Object.freeze([]);
const NO_OPTIONS: EntryOptions = Object.freeze({});

function valueOf({ value }: Entry): unknown {
  return value === ABSENT ? undefined : value;
}
