import { durationMs, MisuseError, type Clock } from '@ormolu/kernel';
import { KeyRing } from '../shared/key-ring';
import { LeasedLoads, type LoadWork } from '../shared/leased-load';
import { serializerNamed } from '../shared/serializers';
import { SharedLevel, type Found, type SharedLevelOptions } from '../shared/shared-level';
import type { SharedStats } from './cache-counts';
import { Fetches } from './fetches';
import type { FirstLevelOptions, NamedCacheOptions } from './options';

const DEFAULT_ENTRIES = 10_000;
const DEFAULT_FIRST_TTL = '5s';
/** Where a bus tells what others have changed. */
const DEFAULT_FIRST_TTL_WITH_BUS = '1m';
const COMPRESS_ABOVE = 1_024;

/** A stale value stands in from memory. */
export function graceWithoutMemory(name: string): MisuseError {
  return new MisuseError('TIER_SHARED_OPTION', `Cache '${name}' has l1: false and a grace, but keeps nothing that could stand in for a loader that fails. Leave grace out, or give it a small first level: l1: { maxEntries: 1_000, ttl: 1 }.`);
}

/** Who hears of the server of a second level. */
export type ServerListener = Required<Pick<SharedLevelOptions, 'changed' | 'turned' | 'mended'>>;

/** A cache server behind one named cache, which answers what is asked of it or leaves it unanswered, and never fails. */
export class SecondLevel {
  readonly level: SharedLevel;
  readonly calendar: Clock;
  /** An entry serves in memory at most so long. */
  readonly firstTtlMs: number;
  readonly fetches: Fetches = new Fetches();
  readonly #loads: LeasedLoads;
  readonly #keepsHere: boolean;
  readonly #fallsBack: boolean;

  /**
   * @returns undefined for a cache without one
   * @throws {MisuseError} TIER_PREFIX; TIER_SHARED_OPTION; TIER_PACKAGE_MISSING; TIER_KEYS; DURATION_INVALID
   */
  static of(name: string, options: NamedCacheOptions, heard: ServerListener): SecondLevel | undefined {
    // Also of a cache that has none yet: what is wrong is told when it is written.
    checkGuards(name, options);
    if (options.l2 !== undefined) return new SecondLevel(name, options, heard);
    if (options.l1 === false) throw new MisuseError('TIER_SHARED_OPTION', `Cache '${name}' has neither a first level nor a second. Give it l2: redis(…), or bounds.`);
    return undefined;
  }

  private constructor(name: string, { l1, l2, fallback, ...options }: NamedCacheOptions, heard: ServerListener) {
    const { calendar = { now: () => Date.now() }, compress = false, serializer = 'json', prefix = 'ormolu', maxSharedBytes = Infinity, keys } = options;
    const { deadlineMs, leaseMs, breakAfter, maxUnsure } = checkGuards(name, options);
    if (l2 === undefined) throw new MisuseError('TIER_SHARED_OPTION', `Cache '${name}' has no second level.`);
    if (!['json', 'msgpack', 'v8'].includes(serializer)) throw new MisuseError('TIER_SHARED_OPTION', `Cache '${name}': serializer is ${JSON.stringify(serializer)}. Give 'json', 'msgpack' or 'v8'.`);
    if (l1 === false && durationMs(options.grace ?? 0, 'grace') > 0) throw graceWithoutMemory(name);
    this.calendar = calendar;
    this.firstTtlMs = l1 === false ? 0 : durationMs(l1?.ttl ?? (options.bus ? DEFAULT_FIRST_TTL_WITH_BUS : DEFAULT_FIRST_TTL), 'l1.ttl');
    this.#keepsHere = l1 !== false;
    this.#fallsBack = fallback === 'memory';
    this.level = new SharedLevel(l2, {
      name, prefix, calendar, ...heard, deadlineMs, breakAfter, maxUnsure,
      serialise: serializerNamed(serializer), compressAbove: compressAbove(compress), maxBytes: maxSharedBytes, ring: keys && new KeyRing(keys),
    });
    this.#loads = new LeasedLoads(this.level, { leaseMs, calendar });
  }

  /** Whether the entry of a key is looked for and kept in this process, now. */
  usesFirst(key: string): boolean {
    return this.#keepsHere || (this.#fallsBack && !this.level.isUpFor(key));
  }

  /** Nothing is kept here while the server is there: what was kept while it was away is no longer wanted. */
  get dropsFirst(): boolean {
    return !this.#keepsHere;
  }

  /** @returns undefined when the server is away; undefined for keys of one of several that is */
  async find(keys: readonly string[], tags: readonly string[] = []): Promise<readonly (Found | undefined)[] | undefined> {
    try {
      return await this.level.find(keys, tags);
    } catch {
      return undefined;
    }
  }

  load(work: LoadWork, found?: ReadonlyMap<string, Found | undefined>): Promise<void> {
    return this.#loads.run(work, found);
  }

  refresh(work: LoadWork, found: Found): Promise<boolean> {
    return this.#loads.refresh(work, found);
  }

  /** Does it, as far as the server is there: what it could not be told, it is told when it is back. */
  async attempt<T>(call: (level: SharedLevel) => Promise<T>): Promise<T | undefined> {
    try {
      return await call(this.level);
    } catch {
      return undefined;
    }
  }

  stats(): SharedStats {
    return { ...this.level.counts, ...this.level.guardCounts(), isUp: this.level.isUp };
  }

  close(): Promise<void> {
    return this.level.close();
  }
}

/** How long its server is waited for, and what is remembered meanwhile. */
function checkGuards(name: string, { deadline = 40, lease = '2s', breakAfter = 3, maxUnsure = 10_000 }: NamedCacheOptions): { readonly deadlineMs: number; readonly leaseMs: number; readonly breakAfter: number; readonly maxUnsure: number } {
  for (const [option, value] of Object.entries({ breakAfter, maxUnsure })) {
    if (!Number.isInteger(value) || value < 1) throw new MisuseError('TIER_SHARED_OPTION', `Cache '${name}': ${option} is ${String(value)}. Give a whole number above zero.`);
  }
  const [deadlineMs, leaseMs] = [durationMs(deadline, 'deadline'), durationMs(lease, 'lease')];
  if (deadlineMs === 0 || leaseMs === 0) throw new MisuseError('TIER_SHARED_OPTION', `Cache '${name}': deadline and lease are lengths of time above zero.`);
  return { deadlineMs, leaseMs, breakAfter, maxUnsure };
}

/** From how many bytes on values are deflated. */
export function compressAbove(compress: Exclude<NamedCacheOptions['compress'], undefined>): number {
  return compress === false ? Infinity : compress === true ? COMPRESS_ABOVE : compress.above;
}

/** The bounds of the memory a cache keeps entries in. */
export function firstLevelOf(options: NamedCacheOptions): FirstLevelOptions {
  const { l1, l2, policy, maxEntries, maxBytes, maxEntryBytes } = options;
  const given = { policy, maxEntries, maxBytes, maxEntryBytes, ...(l1 === false ? {} : l1) };
  return l2 !== undefined && given.maxEntries === undefined && given.maxBytes === undefined ? { ...given, maxEntries: DEFAULT_ENTRIES } : given;
}
