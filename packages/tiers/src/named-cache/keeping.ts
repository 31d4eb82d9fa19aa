import type { SharedEntry } from '../shared/entry-form';
import type { ToKeep } from '../shared/shared-level';
import type { CacheParts } from './cache-parts';
import { checkEntryOptions, checkTexts } from './checked-options';
import { lifetimeMs, type LifetimeMs } from './lifetime';
import type { Entry } from './local-level';
import type { EntryOptions } from './options';
import { graceWithoutMemory } from './second-level';

/** What is known of a value beside it. */
export interface Told {
  /** When it was read, or its loader was called. @defaultValue now */
  readonly readAtMs?: number;
  /** A loader gave it: null then says that there is nothing. */
  readonly isLoaded?: boolean;
}

/** While nothing is heard of what others change. */
const UNHEARD_MS = 5_000;

/** Of a sliding ttl: hits in memory tell the server nothing, so that an entry may expire by so much too early. */
const SLIDING_SHARE = 0.1;

/** Stands for what a loader did not find. */
export const ABSENT: unique symbol = Symbol('absent');
export const NO_TAGS: readonly string[] = Object.freeze([]);
export const NO_OPTIONS: EntryOptions = Object.freeze({});

export function valueOf({ value }: Entry): unknown {
  return value === ABSENT ? undefined : value;
}

/** How values come into a cache: which lifetime they have, in memory and on the server. */
export class Keeping {
  readonly #parts: CacheParts;

  constructor(parts: CacheParts) {
    this.#parts = parts;
  }

  /** Whether the entry of a key is looked for and kept in this process, now. */
  usesMemory(key: string): boolean {
    return this.#parts.shared?.usesFirst(key) ?? true;
  }

  /** @remarks With a second level, one round trip; two for entries with tags. */
  async setMany(given: readonly (readonly [string, unknown])[], options: EntryOptions): Promise<void> {
    const { name, bus } = this.#parts;
    this.check(options);
    checkTexts(name, 'a key', given.map(([key]) => key));
    // Of a key that is named twice, the last counts: what is kept and what is deleted goes to the server side by side.
    const all = given.length < 2 ? given : [...new Map(given)];
    this.putHere(all, options);
    await this.#setThere(all, options);
    // Behind the server: who is told looks there.
    if (bus) await bus.tellKeys(all.map(([key]) => key));
  }

  async #setThere(all: readonly (readonly [string, unknown])[], options: EntryOptions): Promise<void> {
    const { shared } = this.#parts;
    if (!shared) return;
    const kept = all.flatMap(([key, value]) => this.toKeep(key, value, options) ?? []);
    const gone = all.flatMap(([key, value]) => (value === undefined ? [key] : []));
    await Promise.all([
      kept.length > 0 && shared.attempt((level) => level.keep(kept)),
      gone.length > 0 && shared.attempt((level) => level.delete(gone)),
    ]);
    // What was read from the server before it had them may have come in between.
    for (const [key] of all) shared.fetches.overtake(key);
  }

  /** @throws {MisuseError} TIER_OPTION_UNKNOWN, TIER_OPTION_INVALID, TIER_LIFETIME, TIER_SHARED_OPTION, DURATION_INVALID */
  check(options: EntryOptions): void {
    if (options === NO_OPTIONS) return;
    const { name, lifetime, shared } = this.#parts;
    checkEntryOptions(name, options);
    if (lifetimeMs(options, lifetime).graceMs > 0 && shared?.dropsFirst === true) throw graceWithoutMemory(name);
  }

  /** What was asked of the key before must not be kept any more: it may be older than what has happened to it since. */
  overtake(key: string): void {
    this.#parts.flights.supersedeKey(key);
    this.#parts.shared?.fetches.overtake(key);
  }

  /** Into this process's memory alone. */
  putHere(entries: readonly (readonly [string, unknown])[], options: EntryOptions, readAtMs?: number): void {
    for (const [key, value] of entries) {
      this.overtake(key);
      if (value === undefined) this.#parts.local.delete(key);
      else this.putOne(key, value, options, readAtMs === undefined ? {} : { readAtMs });
    }
  }

  /** The same, of one that was asked for: nothing is overtaken. */
  putOne(key: string, value: unknown, options: EntryOptions, { readAtMs = this.#parts.clock.now(), isLoaded = false }: Told): void {
    const term = this.#termOf(value, options, isLoaded);
    if (!term || !this.usesMemory(key)) return;
    const { lifetime, ttlMs } = term;
    // A sliding entry begins its ttl anew with every hit: jitter would shorten it once and never again.
    const expiresAtMs = ttlMs === 0 ? undefined : readAtMs + ttlMs * (lifetime.isSliding ? 1 : 1 - lifetime.jitter * this.#parts.random());
    this.#keepHere(key, { value, tags: options.tags ?? NO_TAGS, lifetime, readAtMs, expiresAtMs });
  }

  /** What the server had, as old as it is. A hit on a sliding entry begins its ttl there anew, which nobody waits for. */
  putFound(key: string, { kind, value, tags, readAtMs, ttlMs, isSliding }: SharedEntry): void {
    const { shared, clock, lifetime } = this.#parts;
    if (isSliding) void shared?.attempt((level) => level.touch(key, ttlMs));
    if (!shared || !this.usesMemory(key)) return;
    const now = clock.now();
    const ageMs = Math.max(0, shared.calendar.now() - readAtMs);
    const expiresAtMs = ttlMs === 0 ? undefined : isSliding ? now + ttlMs : now - ageMs + ttlMs;
    this.#keepHere(key, { value: kind === 'absent' ? ABSENT : value, tags: [...tags.keys()], lifetime: ttlMs === lifetime.ttlMs && isSliding === lifetime.isSliding ? lifetime : { ...lifetime, ttlMs, isSliding }, readAtMs: now - ageMs, expiresAtMs });
  }

  /** The value as the server is to have it; undefined when it is not to. */
  toKeep(key: string, value: unknown, options: EntryOptions, { readAtMs = this.#parts.clock.now(), isLoaded = false }: Told = {}): ToKeep | undefined {
    const { shared, clock, random } = this.#parts;
    if (value === undefined || !shared) return undefined;
    const term = this.#termOf(value, options, isLoaded);
    if (!term) return undefined;
    const { lifetime, ttlMs } = term;
    return {
      key, kind: value === ABSENT ? 'absent' : 'value', value: value === ABSENT ? undefined : value, tags: options.tags ?? NO_TAGS, isSliding: lifetime.isSliding,
      ttlMs: lifetime.isSliding ? ttlMs : ttlMs * (1 - lifetime.jitter * random()),
      readAtMs: shared.calendar.now() - (clock.now() - readAtMs),
    };
  }

  #keepHere(key: string, { value, tags, lifetime, readAtMs, expiresAtMs }: Omit<Entry, 'tally' | 'bytes'>): void {
    const { clock, local, happenings } = this.#parts;
    const trustMs = this.#trustMs(lifetime);
    const isTrusted = trustMs === Infinity;
    const kept = local.put(key, {
      value,
      // Here it neither slides nor lasts: the server is asked again, and so told that it is used.
      expiresAtMs: isTrusted ? expiresAtMs : Math.min(expiresAtMs ?? Infinity, clock.now() + trustMs),
      tally: happenings.counts.models.of(key),
      lifetime: isTrusted || !lifetime.isSliding ? lifetime : { ...lifetime, isSliding: false },
      tags, readAtMs, bytes: 0,
    });
    if (kept) happenings.kept(key);
  }

  /** How long memory is believed, whatever an entry's own ttl. */
  #trustMs({ isSliding, ttlMs }: LifetimeMs): number {
    const { shared, bus } = this.#parts;
    const isBacked = shared !== undefined && !shared.dropsFirst;
    const slidingMs = isBacked && isSliding && ttlMs > 0 ? ttlMs * SLIDING_SHARE : Infinity;
    const ownMs = Math.min(slidingMs, isBacked && shared.firstTtlMs > 0 ? shared.firstTtlMs : Infinity);
    return bus?.isUp === false ? Math.min(ownMs, UNHEARD_MS) : ownMs;
  }

  /** @returns undefined for what is not to be kept at all */
  #termOf(value: unknown, options: EntryOptions, isLoaded: boolean): { readonly lifetime: LifetimeMs; readonly ttlMs: number } | undefined {
    const lifetime = lifetimeMs(options, this.#parts.lifetime);
    const isNegative = isLoaded && (value === ABSENT || value === null);
    if (isNegative && lifetime.negativeTtlMs === 0) return undefined;
    const ttlMs = (isNegative ? lifetime.negativeTtlMs : undefined) ?? lifetime.ttlMs;
    // Entries share what they have in common.
    return { lifetime: ttlMs === lifetime.ttlMs ? lifetime : { ...lifetime, ttlMs }, ttlMs };
  }
}
