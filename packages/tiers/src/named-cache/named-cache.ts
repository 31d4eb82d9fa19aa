import { durationMs, MisuseError, systemClock } from '@ormolu/kernel';
import { BusLink } from '../bus/bus-link';
import { channelOf } from '../shared/key-names';
import type { CacheHealth, NamedCacheStats } from './cache-counts';
import type { CacheParts } from './cache-parts';
import { checkCacheOptions, checkListener, pairsOf } from './checked-options';
import { FlightLoads, type LoadMany } from './flight-loads';
import { Happenings } from './happenings';
import { HealthWatch } from './health-watch';
import { Invalidation } from './invalidation';
import { Keeping, NO_OPTIONS } from './keeping';
import { lifetimeMs } from './lifetime';
import { Loading } from './loading';
import { LocalLevel } from './local-level';
import type { CacheEvents, EntryOptions, NamedCacheOptions } from './options';
import { Reading } from './reading';
import { checkedSchedule, LONGEST_TIMER_MS, type ScheduledInvalidation } from './scheduled-invalidation';
import { firstLevelOf, SecondLevel } from './second-level';
import { SingleFlight } from './single-flight';

const DEFAULT_PREFIX = 'ormolu';
const DEFAULT_DEADLINE_MS = 40;

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
  deleteByModel(model: string): Promise<number>;
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
  readonly #parts: CacheParts;
  readonly #keeping: Keeping;
  readonly #reading: Reading;
  readonly #loading: Loading;
  readonly #invalidation: Invalidation;
  readonly #watch: HealthWatch;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #schedules = new Set<() => void>();

  /**
   * @throws {MisuseError} TIER_OPTION_UNKNOWN, TIER_OPTION_INVALID, TIER_KEYS; TIER_BOUNDS without a bound; TIER_LIFETIME, DURATION_INVALID for a lifetime that is none; TIER_SHARED_OPTION, TIER_PREFIX,
   *   TIER_PACKAGE_MISSING for a second level
   */
  constructor(name: string, options: NamedCacheOptions) {
    checkCacheOptions(name, options);
    this.name = name;
    this.options = options;
    const { clock = systemClock, random = Math.random } = options;
    const happenings = new Happenings(clock);
    const lifetime = lifetimeMs(options);
    // Whatever may be refused is looked at before anything is watched that nobody would then end.
    const schedules = (options.invalidate ?? []).map((schedule) => checkedSchedule(name, schedule));
    const everyMs = durationMs(options.healthCheckEvery ?? 0, 'healthCheckEvery');
    if (everyMs > LONGEST_TIMER_MS) throw new MisuseError('TIER_THRESHOLD', `Cache '${name}': healthCheckEvery is longer than 24 days. Give an interval of seconds or minutes.`);
    this.#watch = new HealthWatch(name, options.thresholds ?? {}, (alert) => happenings.listeners.tell('alert', () => alert));
    const local = new LocalLevel({ ...firstLevelOf(options), clock, onRemove: (key, reason) => happenings.removed(key, reason) });
    const shared = SecondLevel.of(name, options, {
      changed: (state, cause) => this.#changed(state, cause),
      // What was kept here in its place is no longer wanted; nor is, when it goes, what was kept before it was first there.
      turned: (isIts) => {
        if (this.#parts.shared?.dropsFirst !== true) return;
        if (isIts) local.deleteWhere(isIts);
        else local.clear();
      },
      // Others may have read, and kept in memory, what only now is gone.
      mended: () => void this.#parts.bus?.tell({ kind: 'all' }),
    });
    this.#parts = { name, clock, random, lifetime, local, shared, bus: undefined, flights: new SingleFlight(name, clock, shared !== undefined), happenings };
    this.#keeping = new Keeping(this.#parts);
    const loads = new FlightLoads(this.#parts, this.#keeping);
    this.#reading = new Reading(this.#parts, this.#keeping, loads);
    this.#loading = new Loading(this.#parts, this.#keeping, loads);
    this.#invalidation = new Invalidation(this.#parts);
    this.#parts.bus = this.#joined();
    for (const schedule of schedules) this.#begin(schedule);
    if (everyMs > 0) this.#timer = setInterval(() => void this.health(), everyMs).unref();
  }

  /** The second level, for what goes past the first; undefined when there is none. */
  get server(): SecondLevel | undefined {
    return this.#parts.shared;
  }

  /** The value in this process's memory, at once; undefined when there is none. Counts as a request. */
  peek(key: string): unknown {
    return this.#reading.peek(key);
  }

  /** The value, or undefined. @remarks With a second level, a round trip for what is not in memory: one for all that is asked in a tick */
  get<T>(key: string): Promise<T | undefined> {
    // The caller names the type: the cache holds what was put in under the key.
    return this.#reading.get(key) as Promise<T | undefined>;
  }

  /**
   * The values that there are.
   *
   * @param load - called once with all keys that are missing and that nobody is loading, here or in another process: those of others are waited for. What it does not
   *   name, or gives as null or undefined, is remembered for `negativeTtl`
   * @throws {unknown} what a loader threw that one of the keys was waited for; TIER_LOAD_FAILED when it was that of another process
   * @remarks One round trip for all that is not in memory; for what is loaded one more for all leases, and one for all values.
   */
  getMany<T>(keys: readonly string[], load?: LoadMany<T>, options: EntryOptions = NO_OPTIONS): Promise<ReadonlyMap<string, T>> {
    return this.#reading.getMany(keys, load, options);
  }

  /** Puts a value in. A load of the key that is under way will not overwrite it. */
  set(key: string, value: unknown, options: EntryOptions = NO_OPTIONS): Promise<void> {
    return this.#keeping.setMany([[key, value]], options);
  }

  /** Puts a value into this process's memory alone. */
  setHere(key: string, value: unknown, options: EntryOptions = NO_OPTIONS): Promise<void> {
    this.#keeping.putHere([[key, value]], options);
    return Promise.resolve();
  }

  /** @remarks With a second level, one round trip; two for entries with tags. */
  async setMany(entries: Iterable<readonly [string, unknown]>, options: EntryOptions = NO_OPTIONS): Promise<void> {
    await this.#keeping.setMany(pairsOf(this.name, 'entries that are not keys with values', entries), options);
  }

  /**
   * The value; if there is none, what the loader gives, which is kept for the next.
   *
   * However many ask at once, in however many processes, the loader runs once for a key, and its failure is that of all who wait.
   * @param load - null or undefined means: there is no such thing, which is remembered for `negativeTtl`
   * @throws {unknown} what the loader threw, unless an expired entry is within its grace; TIER_LOAD_FAILED when it was that of another process
   */
  getOrSet<T>(key: string, load: () => T | Promise<T>, options: EntryOptions = NO_OPTIONS): Promise<T> {
    return this.#loading.getOrSet(key, load, options);
  }

  /** @returns whether there was an entry, here or on the server */
  delete(key: string): Promise<boolean> {
    return this.#invalidation.delete(key);
  }

  /** Takes out all that has the tag, in every process. @returns how many there were in this one's memory */
  deleteByTag(tag: string): Promise<number> {
    return this.#invalidation.deleteByTag(tag);
  }

  /**
   * Takes out all whose key fits: `res.partner:*`. @returns how many there were, as far as is known
   * @remarks Looks at every key. On a server that cannot list its keys, all that the cache has there is given up.
   */
  deleteByPattern(pattern: string): Promise<number> {
    return this.#invalidation.deleteByPattern(pattern);
  }

  /**
   * Takes out what is about a model: keys that begin with its name and a colon, and what has its name as a tag, as the answers of queries have. @returns how many there were, as far as is known
   * @remarks As `deleteByTag` and `deleteByPattern` together.
   */
  async deleteByModel(model: string): Promise<number> {
    const tagged = await this.#invalidation.deleteByTag(model);
    return tagged + (await this.#invalidation.deleteByPattern(`${model}:*`));
  }

  /**
   * Takes entries out by themselves, at a time of day or at an interval, until it is ended or the cache is closed.
   *
   * @returns ends it
   * @throws {MisuseError} TIER_SCHEDULE for a time or a choice of entries that is none; DURATION_INVALID
   * @example rates.invalidateOn({ cron: '5 16 * * 1-5', timeZone: 'Europe/Brussels', tag: 'rates' })
   */
  invalidateOn(schedule: ScheduledInvalidation): () => void {
    return this.#begin(checkedSchedule(this.name, schedule));
  }

  #begin(schedule: ReturnType<typeof checkedSchedule>): () => void {
    const end = schedule(this);
    this.#schedules.add(end);
    return () => {
      this.#schedules.delete(end);
      end();
    };
  }

  /** Empties it, in every process. */
  clear(): Promise<void> {
    return this.#invalidation.clear();
  }

  stats(): NamedCacheStats {
    const { happenings, local, shared, bus } = this.#parts;
    return happenings.counts.stats(this.name, local.size, { shared: shared?.stats(), bus: bus?.stats() });
  }

  /** How it is, beside its thresholds. @remarks Asks its server, which has a second for it. */
  async health(): Promise<CacheHealth> {
    const { shared: server, bus, happenings: { counts } } = this.#parts;
    const began = performance.now();
    const isUp = await server?.attempt(async (level) => {
      await level.check();
      return true;
    });
    const ms = isUp === true ? performance.now() - began : undefined;
    this.#watch.check({ counts, shared: () => server?.stats(), isServerUp: server && isUp === true, isBusUp: bus?.isUp });
    const { hitRatio, shared } = this.stats();
    return {
      name: this.name, server: stateOf(server && isUp === true), bus: stateOf(bus?.isUp), ms, hitRatio, unsure: shared?.unsure ?? 0, alerts: this.#watch.alerts,
    };
  }

  /** Tells of what happens to entries. @returns ends it @throws {MisuseError} TIER_OPTION_UNKNOWN, TIER_OPTION_INVALID */
  on<E extends keyof CacheEvents>(event: E, listener: (event: CacheEvents[E]) => void): () => void {
    checkListener(this.name, event, listener);
    return this.#parts.happenings.listeners.add(event, listener);
  }

  /** Stops watching the bus and the server of the second level, which others may use: they are closed by whoever made them. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const end of this.#schedules) end();
    this.#parts.bus?.close();
    await this.#parts.shared?.close();
  }

  #joined(): BusLink | undefined {
    const { bus, prefix = DEFAULT_PREFIX, deadline = DEFAULT_DEADLINE_MS } = this.options;
    return bus && new BusLink({
      bus, channel: channelOf(prefix, this.name), deadlineMs: durationMs(deadline, 'deadline'),
      heard: (message) => this.#invalidation.heard(message), changed: (state, how) => this.#busChanged(state, how),
    });
  }

  /** What came into memory before may have been changed without a word: it is forgotten when the bus is lost, and once more when it is back. */
  #busChanged(state: 'up' | 'away', { isFirst, cause }: { readonly isFirst: boolean; readonly cause: unknown }): void {
    this.#invalidation.forgetAll();
    if (isFirst && state === 'up') return;
    this.#parts.happenings.listeners.tell('bus', () => ({ state, cause }));
    const text = state === 'away' ? 'its bus is away. Until it is back, nothing is kept in memory for longer than 5 s.' + whyOf(cause) : 'its bus is back.';
    process.emitWarning(`Cache '${this.name}': ${text}`, { code: 'TIER_STATE' });
  }

  /** Once for each change. */
  #changed(state: 'up' | 'away', cause: unknown): void {
    const { happenings } = this.#parts;
    happenings.listeners.tell('state', () => ({ state, cause }));
    const text = state === 'away' ? `Cache '${this.name}': its server is away, and done without until it is back.${whyOf(cause)}` : `Cache '${this.name}': its server is back.`;
    process.emitWarning(text, { code: 'TIER_STATE' });
  }
}

function whyOf(cause: unknown): string {
  return cause instanceof Error ? ` ${cause.message}` : '';
}

function stateOf(isUp: boolean | undefined): 'none' | 'up' | 'away' {
  return isUp === undefined ? 'none' : isUp ? 'up' : 'away';
}
