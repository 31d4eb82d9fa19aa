import { systemClock, type Clock } from '@ormolu/kernel';
import type { SharedEntry } from '../shared/entry-form';
import type { LoadWork } from '../shared/leased-load';
import type { ToKeep } from '../shared/shared-level';
import { CacheCounts, type CacheHealth, type NamedCacheStats } from './cache-counts';
import { CacheListeners } from './cache-listeners';
import { keyPattern } from './key-pattern';
import { lifetimeMs, type LifetimeMs } from './lifetime';
import { LocalLevel, type Entry } from './local-level';
import type { CacheEvents, EntryOptions, NamedCacheOptions } from './options';
import { firstLevelOf, SecondLevel } from './second-level';
import { SingleFlight, type Flight } from './single-flight';

/** Loads what is missing of several keys, in one call. What it does not name, there is not. */
export type LoadMany<T> = (missing: readonly string[]) => Iterable<readonly [string, T]> | Promise<Iterable<readonly [string, T]>>;

/** A cache of plain values under texts as keys: cache-aside and write-through. */
export interface PlainCache {
  readonly name: string;
  get<T>(key: string): Promise<T | undefined>;
  set(key: string, value: unknown, options?: EntryOptions): Promise<void>;
  getOrSet<T>(key: string, load: () => T | Promise<T>, options?: EntryOptions): Promise<T>;
  getMany<T>(keys: readonly string[], load?: LoadMany<T>, options?: EntryOptions): Promise<ReadonlyMap<string, T>>;
  setMany(entries: Iterable<readonly [string, unknown]>, options?: EntryOptions): Promise<void>;
  delete(key: string): Promise<boolean>;
  deleteByTag(tag: string): Promise<number>;
  deleteByPattern(pattern: string): Promise<number>;
  clear(): Promise<void>;
  stats(): NamedCacheStats;
  on<E extends keyof CacheEvents>(event: E, listener: (event: CacheEvents[E]) => void): () => void;
}

/**
 * A named cache: entries in this process's memory and, with `l2`, on a cache server that all processes share.
 *
 * Values are kept here as they are, not copied: whoever changes one changes it for all. `undefined` is no value: setting it deletes.
 *
 * Its law: no answer is older than its ttl, and its grace when its loader fails; what was written or deleted while a load was under way
 * is not overwritten by what that load brings. The server may be away, slow or come back old: nobody waits for it, and nothing fails.
 * @see docs/named-caches.md
 */
export class NamedCache implements PlainCache {
  readonly name: string;
  /** As it was made. */
  readonly options: NamedCacheOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #lifetime: LifetimeMs;
  readonly #local: LocalLevel;
  readonly #shared: SecondLevel | undefined;
  readonly #flights = new SingleFlight();
  readonly #counts = new CacheCounts();
  readonly #listeners = new CacheListeners();

  /**
   * @throws {MisuseError} TIER_BOUNDS without a bound; TIER_LIFETIME, DURATION_INVALID for a lifetime that is none; TIER_SHARED_OPTION, TIER_PREFIX,
   *   TIER_PACKAGE_MISSING for a second level
   */
  constructor(name: string, options: NamedCacheOptions) {
    this.name = name;
    this.options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#lifetime = lifetimeMs(options);
    this.#local = new LocalLevel({
      ...firstLevelOf(options), clock: this.#clock,
      onRemove: (key, reason) => {
        this.#counts.removals[reason] += 1;
        this.#listeners.tell('remove', () => ({ key, reason }));
      },
    });
    this.#shared = SecondLevel.of(name, options, (state, cause) => this.#changed(state, cause));
  }

  /** The second level, for what goes past the first; undefined when there is none. */
  get server(): SecondLevel | undefined {
    return this.#shared;
  }

  /** The value in this process's memory, at once; undefined when there is none. Counts as a request. */
  peek(key: string): unknown {
    const value = this.#inMemory(key);
    if (value === undefined) this.#miss(key);
    else this.#hit(key);
    return value;
  }

  /** The value, or undefined. @remarks With a second level, a round trip for what is not in memory: one for all that is asked in a tick */
  async get<T>(key: string): Promise<T | undefined> {
    // The caller names the type: the cache holds what was put in under the key.
    if (!this.#shared) return this.peek(key) as T | undefined;
    return (await this.getMany<T>([key])).get(key);
  }

  /**
   * The values that there are.
   *
   * @param load - called once with all keys that are missing; what it brings is kept, and part of the answer
   * @remarks One round trip for all that is not in memory.
   */
  async getMany<T>(keys: readonly string[], load?: LoadMany<T>, options: EntryOptions = NO_OPTIONS): Promise<ReadonlyMap<string, T>> {
    const found = new Map<string, T>();
    const missing: string[] = [];
    for (const key of new Set(keys)) {
      const value = this.#inMemory(key);
      if (value === undefined) missing.push(key);
      else {
        this.#hit(key);
        found.set(key, value as T);
      }
    }
    if (missing.length > 0) await this.#getMissing(missing, { found, load, options });
    return found;
  }

  /** Puts a value in. A load of the key that is under way will not overwrite it. */
  set(key: string, value: unknown, options: EntryOptions = NO_OPTIONS): Promise<void> {
    return this.setMany([[key, value]], options);
  }

  /** Puts a value into this process's memory alone. */
  setHere(key: string, value: unknown, options: EntryOptions = NO_OPTIONS): Promise<void> {
    this.#put([[key, value]], options);
    return Promise.resolve();
  }

  /** @remarks With a second level, one round trip; two for entries with tags. */
  async setMany(entries: Iterable<readonly [string, unknown]>, options: EntryOptions = NO_OPTIONS): Promise<void> {
    const all = [...entries];
    this.#put(all, options);
    if (!this.#shared) return;
    const kept = all.flatMap(([key, value]) => this.#toKeep(key, value, options) ?? []);
    const gone = all.flatMap(([key, value]) => (value === undefined ? [key] : []));
    await Promise.all([
      kept.length > 0 && this.#shared.attempt((level) => level.keep(kept)),
      gone.length > 0 && this.#shared.attempt((level) => level.delete(gone)),
    ]);
    // What was read from the server before it had them may have come in between.
    for (const [key] of all) this.#shared.fetches.overtake(key);
  }

  /**
   * The value; if there is none, what the loader gives, which is kept for the next.
   *
   * However many ask at once, in however many processes, the loader runs once for a key, and its failure is that of all who wait.
   * @param load - null or undefined means: there is no such thing, which is remembered for `negativeTtl`
   * @throws {unknown} what the loader threw, unless an expired entry is within its grace; TIER_LOAD_FAILED when it was that of another process
   */
  getOrSet<T>(key: string, load: () => T | Promise<T>, options: EntryOptions = NO_OPTIONS): Promise<T> {
    const entry = this.#looksHere ? this.#local.take(key) : undefined;
    if (entry === undefined || !this.#local.isFresh(entry)) return this.#loadOrStale(key, load, { options, entry });
    this.#hit(key);
    if (entry.lifetime.earlyRefresh < 1) this.#refreshEarly(key, load, { options, entry });
    // What the loader gave is what is kept under its key.
    return Promise.resolve(valueOf(entry) as T);
  }

  /** @returns whether there was an entry, here or on the server */
  async delete(key: string): Promise<boolean> {
    const forget = (): boolean => {
      this.#overtake(key);
      return this.#local.delete(key);
    };
    const wasHere = forget();
    if (!this.#shared) return wasHere;
    const wasThere = await this.#shared.attempt((level) => level.delete([key]));
    forget();
    return wasHere || (wasThere ?? 0) > 0;
  }

  /** Takes out all that has the tag, in every process. @returns how many there were in this one's memory */
  async deleteByTag(tag: string): Promise<number> {
    const forget = (): number => {
      // What another process has put in may have any tag.
      this.#flights.supersede((_, { tags }) => this.#shared !== undefined || tags.includes(tag));
      this.#shared?.fetches.overtakeAll();
      return this.#local.deleteByTag(tag);
    };
    const count = forget();
    if (!this.#shared) return count;
    await this.#shared.attempt((level) => level.deleteByTag(tag));
    return count + forget();
  }

  /**
   * Takes out all whose key fits: `res.partner:*`. @returns how many there were, as far as is known
   * @remarks Looks at every key. On a server that cannot list its keys, all that the cache has there is given up.
   */
  async deleteByPattern(pattern: string): Promise<number> {
    const fits = keyPattern(pattern);
    const forget = (): number => {
      this.#flights.supersede(fits);
      this.#shared?.fetches.overtakeAll();
      return this.#local.deleteWhere(fits);
    };
    const count = forget();
    if (!this.#shared) return count;
    const there = await this.#shared.attempt((level) => level.deleteByPattern(pattern));
    return Math.max(count + forget(), there ?? 0);
  }

  /** Empties it, in every process. */
  async clear(): Promise<void> {
    const forget = (): void => {
      this.#flights.supersede(() => true);
      this.#shared?.fetches.overtakeAll();
      this.#local.clear();
    };
    forget();
    if (!this.#shared) return;
    await this.#shared.attempt((level) => level.clear());
    forget();
  }

  stats(): NamedCacheStats {
    return this.#counts.stats(this.name, this.#local, this.#shared?.stats());
  }

  /** How it is. @remarks Asks its server, within its deadline. */
  async health(): Promise<CacheHealth> {
    const { hitRatio, shared } = this.stats();
    const began = performance.now();
    const isUp = await this.#shared?.attempt(async (level) => {
      await level.check();
      return true;
    });
    return { name: this.name, server: this.#shared === undefined ? 'none' : isUp === true ? 'up' : 'away', ms: isUp === true ? performance.now() - began : undefined, hitRatio, unsure: shared?.unsure ?? 0 };
  }

  /** Tells of what happens to entries. @returns ends it */
  on<E extends keyof CacheEvents>(event: E, listener: (event: CacheEvents[E]) => void): () => void {
    return this.#listeners.add(event, listener);
  }

  /** Stops watching the server of the second level, which others may use: it is closed by whoever made it. */
  async close(): Promise<void> {
    await this.#shared?.close();
  }

  get #looksHere(): boolean {
    return this.#shared?.usesFirst ?? true;
  }

  #inMemory(key: string): unknown {
    if (!this.#looksHere) return undefined;
    const entry = this.#local.take(key);
    return entry !== undefined && entry.value !== ABSENT && this.#local.isFresh(entry) ? entry.value : undefined;
  }

  async #getMissing<T>(missing: readonly string[], { found, load, options }: { readonly found: Map<string, T>; readonly load: LoadMany<T> | undefined; readonly options: EntryOptions }): Promise<void> {
    const fetch = this.#shared?.fetches.begin();
    try {
      const there = await this.#shared?.find(missing, load ? options.tags : NO_TAGS);
      const left = missing.filter((key, place) => {
        const entry = there?.[place]?.entry;
        if (entry?.kind === 'value') {
          if (fetch?.mayKeep(key) === true) this.#putFound(key, entry);
          this.#hit(key);
          found.set(key, entry.value as T);
          return false;
        }
        this.#miss(key);
        return entry?.kind !== 'absent';
      });
      if (!load || left.length === 0) return;
      const readAtMs = this.#clock.now();
      const loaded = [...(await load(left))];
      this.#loaded(`${String(left.length)} keys`, this.#clock.now() - readAtMs);
      const current = loaded.filter(([key]) => fetch?.mayKeep(key) ?? true);
      this.#put(current, options, readAtMs);
      const kept = current.flatMap(([key, value]) => this.#toKeep(key, value, options, { readAtMs }) ?? []);
      if (kept.length > 0) await this.#shared?.attempt((level) => level.keep(kept));
      for (const [key, value] of loaded) found.set(key, value);
    } finally {
      fetch?.end();
    }
  }

  async #loadOrStale<T>(key: string, load: () => T | Promise<T>, { options, entry }: { readonly options: EntryOptions; readonly entry: Entry | undefined }): Promise<T> {
    // Another process may have it: that is known later.
    if (!this.#shared) this.#miss(key);
    try {
      const { value, isHit } = await this.#load(key, load, options);
      if (isHit) this.#hit(key);
      else if (this.#shared) this.#miss(key);
      return value as T;
    } catch (cause) {
      if (this.#shared) this.#miss(key);
      if (!entry) throw cause;
      this.#counts.staleHits += 1;
      this.#listeners.tell('hit', () => ({ key, isStale: true }));
      return valueOf(entry) as T;
    }
  }

  #refreshEarly(key: string, load: () => unknown, { options, entry }: { readonly options: EntryOptions; readonly entry: Entry }): void {
    const { readAtMs, expiresAtMs } = entry;
    if (!this.#isOld({ readAtMs, expiresAtMs, nowMs: this.#clock.now() }, entry.lifetime) || this.#flights.isUnderWay(key)) return;
    // Nobody waits for it: a failure is counted and told of where loads are.
    this.#flights.join(key, options.tags ?? [], (flight) => this.#refresh(key, load, { options, flight })).catch(() => undefined);
  }

  #isOld({ readAtMs, expiresAtMs, nowMs }: { readonly readAtMs: number; readonly expiresAtMs: number; readonly nowMs: number }, { earlyRefresh }: LifetimeMs): boolean {
    return expiresAtMs !== Infinity && nowMs >= readAtMs + earlyRefresh * (expiresAtMs - readAtMs);
  }

  /** What another process has refreshed is taken as it is. */
  async #refresh(key: string, load: () => unknown, { options, flight }: { readonly options: EntryOptions; readonly flight: Flight }): Promise<Answer> {
    const [found] = (await this.#shared?.find([key], options.tags)) ?? [];
    const entry = found?.entry;
    if (!this.#shared || !found || entry?.kind !== 'value') return this.#loadInFlight(key, load, { options, flight });
    const nowMs = this.#shared.calendar.now();
    const isOld = this.#isOld({ readAtMs: entry.readAtMs, expiresAtMs: entry.readAtMs + entry.ttlMs, nowMs }, lifetimeMs(options, this.#lifetime));
    const loaded = isOld ? await this.#shared.refresh(this.#work(key, load, options), found) : undefined;
    if (loaded?.from === 'loader') return this.#keepLoaded(key, loaded, { options, flight, readAtMs: this.#clock.now() });
    if (flight.mayStore) this.#putFound(key, entry);
    return { value: entry.value, isHit: true };
  }

  #load(key: string, load: () => unknown, options: EntryOptions): Promise<Answer> {
    return this.#flights.join(key, options.tags ?? [], (flight) => this.#loadInFlight(key, load, { options, flight })) as Promise<Answer>;
  }

  async #loadInFlight(key: string, load: () => unknown, { options, flight }: { readonly options: EntryOptions; readonly flight: Flight }): Promise<Answer> {
    // Its ttl begins here: what a slow loader brings may have been read when it began.
    const readAtMs = this.#clock.now();
    const work = this.#work(key, load, options);
    if (!this.#shared) return this.#keepLoaded(key, { value: await work.load(), isCurrent: true }, { options, flight, readAtMs });
    const loaded = await this.#shared.load(work);
    if (loaded.from === 'loader') return this.#keepLoaded(key, loaded, { options, flight, readAtMs });
    if (flight.mayStore) this.#putFound(key, loaded.entry);
    return { value: loaded.entry.kind === 'absent' ? undefined : loaded.entry.value, isHit: true };
  }

  #keepLoaded(key: string, { value, isCurrent }: { readonly value: unknown; readonly isCurrent: boolean }, { options, flight, readAtMs }: { readonly options: EntryOptions; readonly flight: Flight; readonly readAtMs: number }): Answer {
    // A loader that finds nothing has found something out.
    if (isCurrent && flight.mayStore) this.#putOne(key, value === undefined ? ABSENT : value, options, { readAtMs, isLoaded: true });
    return { value, isHit: false };
  }

  #work(key: string, load: () => unknown, options: EntryOptions): LoadWork {
    const tags = options.tags ?? NO_TAGS;
    let readAtMs = 0;
    return {
      key, tags,
      load: async () => {
        readAtMs = this.#clock.now();
        try {
          const value = await load();
          this.#loaded(key, this.#clock.now() - readAtMs);
          return value;
        } catch (cause) {
          this.#counts.loadFailures += 1;
          this.#listeners.tell('error', () => ({ key, cause }));
          throw cause;
        }
      },
      keep: (value) => this.#toKeep(key, value === undefined ? ABSENT : value, options, { readAtMs, isLoaded: true }),
    };
  }

  /** Told also of a load of several keys at once. */
  #loaded(key: string, durationMs: number): void {
    this.#counts.loads.add(durationMs);
    this.#listeners.tell('load', () => ({ key, durationMs }));
  }

  #put(entries: readonly (readonly [string, unknown])[], options: EntryOptions, readAtMs = this.#clock.now()): void {
    for (const [key, value] of entries) {
      this.#overtake(key);
      if (value === undefined) this.#local.delete(key);
      else this.#putOne(key, value, options, { readAtMs });
    }
  }

  #overtake(key: string): void {
    this.#flights.supersedeKey(key);
    this.#shared?.fetches.overtake(key);
  }

  /** @param isLoaded - null then says that there is nothing */
  #termOf(value: unknown, options: EntryOptions, isLoaded: boolean): { readonly lifetime: LifetimeMs; readonly ttlMs: number } | undefined {
    const lifetime = lifetimeMs(options, this.#lifetime);
    const isNegative = isLoaded && (value === ABSENT || value === null);
    if (isNegative && lifetime.negativeTtlMs === 0) return undefined;
    const ttlMs = (isNegative ? lifetime.negativeTtlMs : undefined) ?? lifetime.ttlMs;
    return { lifetime: { ...lifetime, ttlMs }, ttlMs };
  }

  #putOne(key: string, value: unknown, options: EntryOptions, { readAtMs = this.#clock.now(), isLoaded = false }: Told): void {
    const term = this.#termOf(value, options, isLoaded);
    if (!term || !this.#looksHere) return;
    const { lifetime, ttlMs } = term;
    // A sliding entry begins its ttl anew with every hit: jitter would shorten it once and never again.
    const expiresAtMs = ttlMs === 0 ? Infinity : readAtMs + ttlMs * (lifetime.isSliding ? 1 : 1 - lifetime.jitter * this.#random());
    this.#keepHere(key, { value, tags: options.tags ?? NO_TAGS, lifetime, readAtMs, expiresAtMs });
  }

  /** What the server had, as old as it is. */
  #putFound(key: string, { kind, value, tags, readAtMs, ttlMs, isSliding }: SharedEntry): void {
    if (!this.#shared || !this.#looksHere) return;
    const now = this.#clock.now();
    const ageMs = Math.max(0, this.#shared.calendar.now() - readAtMs);
    const expiresAtMs = ttlMs === 0 ? Infinity : isSliding ? now + ttlMs : now - ageMs + ttlMs;
    this.#keepHere(key, { value: kind === 'absent' ? ABSENT : value, tags: [...tags.keys()], lifetime: { ...this.#lifetime, ttlMs, isSliding }, readAtMs: now - ageMs, expiresAtMs });
    if (isSliding) void this.#shared.attempt((level) => level.touch(key, ttlMs));
  }

  #keepHere(key: string, entry: Entry): void {
    const { firstTtlMs = 0, dropsFirst = false } = this.#shared ?? {};
    const isShort = firstTtlMs > 0 && !dropsFirst;
    // Here it neither slides nor lasts: the server is asked again, and so told that it is used.
    const kept = isShort ? { ...entry, lifetime: { ...entry.lifetime, isSliding: false }, expiresAtMs: Math.min(entry.expiresAtMs, this.#clock.now() + firstTtlMs) } : entry;
    if (!this.#local.put(key, kept)) return;
    this.#counts.sets += 1;
    this.#listeners.tell('set', () => ({ key }));
  }

  #toKeep(key: string, value: unknown, options: EntryOptions, { readAtMs = this.#clock.now(), isLoaded = false }: Told = {}): ToKeep | undefined {
    if (value === undefined || !this.#shared) return undefined;
    const term = this.#termOf(value, options, isLoaded);
    if (!term) return undefined;
    const { lifetime, ttlMs } = term;
    return {
      key, kind: value === ABSENT ? 'absent' : 'value', value: value === ABSENT ? undefined : value, tags: options.tags ?? NO_TAGS, isSliding: lifetime.isSliding,
      ttlMs: lifetime.isSliding ? ttlMs : ttlMs * (1 - lifetime.jitter * this.#random()),
      readAtMs: this.#shared.calendar.now() - (this.#clock.now() - readAtMs),
    };
  }

  /** Once for each change. */
  #changed(state: 'up' | 'away', cause: unknown): void {
    if (state === 'up' && this.#shared?.dropsFirst === true) this.#local.clear();
    this.#listeners.tell('state', () => ({ state, cause }));
    const why = cause instanceof Error ? ` ${cause.message}` : '';
    const text = state === 'away' ? `Cache '${this.name}': its server is away, and done without until it is back.${why}` : `Cache '${this.name}': its server is back.`;
    process.emitWarning(text, { code: 'TIER_STATE' });
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
  readonly readAtMs?: number;
  readonly isLoaded?: boolean;
}

/** What a load came to. */
interface Answer {
  readonly value: unknown;
  /** Another process had loaded it. */
  readonly isHit: boolean;
}

/** Stands for what a loader did not find. */
const ABSENT = Symbol('absent');
const NO_TAGS: readonly string[] = Object.freeze([]);
const NO_OPTIONS: EntryOptions = Object.freeze({});

function valueOf({ value }: Entry): unknown {
  return value === ABSENT ? undefined : value;
}
