import type { Clock } from '@ormolu/kernel';
import type { Backend } from '../backend/backend';
import { keyPattern } from '../named-cache/key-pattern';
import type { EntryFormOptions } from './entry-form';
import type { GuardCounts, GuardOptions } from './guarded-backend';
import { KeyNames } from './key-names';
import type { KeyRing } from './key-ring';
import type { SharedCounts } from './level-counts';
import { settled } from './parts';
import { TagGuesses } from './tag-guesses';
import type { Abandoned } from './unsure-keys';
import { Shelf, type Found, type ShelfOptions, type Stamp, type ToKeep } from './shelf';

export type { SharedCounts } from './level-counts';
export type { Found, Stamp, ToKeep } from './shelf';

/** How a second level is made. */
export interface SharedLevelOptions extends GuardOptions, EntryFormOptions {
  readonly name: string;
  readonly prefix: string;
  /** The time of day, which entries carry from one process to another. */
  readonly calendar: Clock;
  /** Seals what programs keep; undefined: it lies open. */
  readonly ring: KeyRing | undefined;
  readonly changed: (state: 'up' | 'away', cause: unknown) => void;
  /** A server has gone, or is back, or what it has is believed again: that which has these keys, where there are several. */
  readonly turned?: ((isIts: ((key: string) => boolean) | undefined) => void) | undefined;
  /** Writes that had failed were taken out. */
  readonly mended?: (() => void) | undefined;
}

/**
 * The entries of one cache on a cache server, or on several, each of which has its share of the keys. Its calls fail when the server is away, and are never waited for long; what one of
 * several does not answer or take keeps nobody from the others.
 */
export class SharedLevel {
  readonly counts: SharedCounts = { hits: 0, misses: 0, overruled: 0, unreadable: 0, tooLarge: 0, noData: 0, forgotten: 0 };
  readonly #options: SharedLevelOptions;
  readonly #names: KeyNames;
  readonly #nodeOf: (key: string) => number;
  readonly #shelves: readonly Shelf[];
  /** Most caches have one server. */
  readonly #first: Shelf;
  #away = 0;

  /** @throws {MisuseError} TIER_PREFIX */
  constructor(backend: Backend, options: SharedLevelOptions) {
    this.#options = options;
    this.#names = new KeyNames({ prefix: options.prefix, name: options.name, limits: backend.limits });
    const guesses = new TagGuesses();
    const common = (place: number): ShelfOptions => ({
      ...options, maxBytes: Math.min(options.maxBytes, backend.limits.valueBytes), names: this.#names, counts: this.counts, guesses, now: (): number => options.calendar.now(),
      changed: (state, cause) => this.#changed(place, state, cause),
      opened: () => this.#turned(place),
      mended: () => {
        this.#turned(place);
        options.mended?.();
      },
    });
    const nodes = backend.nodeOf && backend.nodes !== undefined && backend.nodes.length > 0 ? backend.nodes : [backend];
    this.#nodeOf = nodes.length > 1 ? (key) => backend.nodeOf?.(key) ?? 0 : () => 0;
    this.#shelves = nodes.map((node, place) => new Shelf(node, common(place)));
    this.#first = this.#shelves[0] as Shelf; // there is at least one
  }

  /** Whether every server answers. */
  get isUp(): boolean {
    return this.#shelves.every(({ guard }) => guard.isUp);
  }

  /** Whether the server is asked, now, that has the key. */
  isUpFor(key: string): boolean {
    return this.#shelfOf(key).guard.isInUse;
  }

  /** Whether the servers answer, now. @throws {OutageError} TIER_UNAVAILABLE */
  async check(): Promise<void> {
    await this.#everywhere(({ guard }) => guard.check());
  }

  /** Of all servers together. */
  guardCounts(): GuardCounts & { readonly unsure: number } {
    const sum = (of: (guard: Shelf['guard']) => number): number => this.#shelves.reduce((all, { guard }) => all + of(guard), 0);
    return {
      calls: sum(({ counts }) => counts.calls), failures: sum(({ counts }) => counts.failures), refused: sum(({ counts }) => counts.refused),
      outages: sum(({ counts }) => counts.outages), sentBytes: sum(({ counts }) => counts.sentBytes), receivedBytes: sum(({ counts }) => counts.receivedBytes),
      unsure: sum(({ unsure }) => unsure),
    };
  }

  /**
   * @param tags - of what would be loaded: their marks travel with the answer
   * @param askedMs - what was read since then, by the calendar, holds however short its ttl. @defaultValue none does for that
   * @returns what there is; undefined where a server did not answer: nothing is known of the key then. Fails when none did
   * @remarks One round trip for some hundreds of keys; a second for entries whose tags are others than those, or than were to be expected
   */
  async find(keys: readonly string[], tags: readonly string[], askedMs: number = Infinity): Promise<readonly (Found | undefined)[]> {
    if (this.#shelves.length === 1) return this.#first.find(keys, { tags, askedMs });
    const shares = this.#shares(keys, (key) => key);
    const answers = await Promise.allSettled(shares.map(({ shelf, places }) => shelf.find(places.map((place) => keys[place] ?? ''), { tags, askedMs })));
    if (answers.length > 0 && answers.every(({ status }) => status === 'rejected')) settled(answers);
    // Without holes, which whoever goes over it would leave out.
    const found = new Array<Found | undefined>(keys.length).fill(undefined);
    for (const [share, answer] of answers.entries()) {
      if (answer.status === 'fulfilled') for (const [at, place] of (shares[share]?.places ?? []).entries()) found[place] = answer.value[at];
    }
    return found;
  }

  /**
   * Puts values in, whatever is there. What fails leaves no old value behind.
   *
   * @remarks One round trip for some hundreds of keys, unless the cache was emptied a moment ago; two for values with tags.
   */
  async keep(all: readonly ToKeep[]): Promise<void> {
    if (this.#shelves.length === 1) await this.#first.keep(all);
    else settled(await Promise.allSettled(this.#shares(all, ({ key }) => key).map(({ shelf, places }) => shelf.keep(places.flatMap((place) => all[place] ?? [])))));
  }

  async delete(keys: readonly string[]): Promise<number> {
    if (this.#shelves.length === 1) return this.#first.delete(keys);
    const counts = settled(await Promise.allSettled(this.#shares(keys, (key) => key).map(({ shelf, places }) => shelf.delete(places.flatMap((place) => keys[place] ?? [])))));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Puts an entry in where there is still what was found. @returns whether it did */
  exchange(key: string, bytes: { readonly from: Uint8Array | undefined; readonly to: Uint8Array }, ttlMs: number): Promise<boolean> {
    return this.#shelfOf(key).exchange(key, bytes, ttlMs);
  }

  /** Whether what is written there under these marks is believed, now. */
  isStill(key: string, stamp: Stamp): Promise<boolean> {
    return this.#shelfOf(key).isStill(stamp);
  }

  /** @returns undefined, and counts it, for what is not kept on a server */
  bytesOf(one: ToKeep, stamp: Stamp): Buffer | undefined {
    return this.#first.bytesOf(one, stamp);
  }

  /** What may be under the key is taken out as soon as the server can be told, and nothing else. */
  abandon(key: string, what: Abandoned): void {
    this.#shelfOf(key).abandon(key, what);
  }

  /** Of many processes, one gets to refresh a key. */
  addRefresh(key: string, ttlMs: number): Promise<boolean> {
    return this.#shelfOf(key).addRefresh(key, ttlMs);
  }

  touch(key: string, ttlMs: number): Promise<boolean> {
    return this.#shelfOf(key).touch(key, ttlMs);
  }

  async deleteByTag(tag: string): Promise<void> {
    await this.#everywhere((shelf) => shelf.deleteByTag(tag));
  }

  /** Where a server cannot list keys, or fails to, all that it has are given up. @returns how many there were, where that is known */
  async deleteByPattern(pattern: string): Promise<number> {
    const fits = keyPattern(pattern);
    const counts = await this.#everywhere((shelf) => shelf.deleteByPattern(pattern, fits));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Makes all entries misses, in every process; at once, or as soon as a server is back. */
  async clear(): Promise<void> {
    this.counts.forgotten += 1;
    await this.#everywhere((shelf) => shelf.clear());
  }

  async close(): Promise<void> {
    await Promise.all(this.#shelves.map(({ guard }) => guard.close()));
  }

  /** Waits for all before it fails with the first that did. */
  async #everywhere<T>(call: (shelf: Shelf) => Promise<T>): Promise<readonly T[]> {
    return settled(await Promise.allSettled(this.#shelves.map(call)));
  }

  #shelfOf(key: string): Shelf {
    return this.#shelves.length === 1 ? this.#first : this.#shelves[this.#nodeOf(this.#names.of(key))] ?? this.#first;
  }

  #shares<T>(all: readonly T[], keyOf: (one: T) => string): readonly { readonly shelf: Shelf; readonly places: readonly number[] }[] {
    const shares = new Map<Shelf, number[]>();
    for (const [place, one] of all.entries()) {
      const shelf = this.#shelfOf(keyOf(one));
      const places = shares.get(shelf);
      if (places) places.push(place);
      else shares.set(shelf, [place]);
    }
    return Array.from(shares, ([shelf, places]) => ({ shelf, places }));
  }

  /** Told on when the first server goes, and when the last is back. */
  #changed(place: number, state: 'up' | 'away', cause: unknown): void {
    this.#away += state === 'away' ? 1 : -1;
    this.#turned(place);
    if (this.#away === (state === 'away' ? 1 : 0)) this.#options.changed(state, cause);
  }

  #turned(place: number): void {
    this.#options.turned?.(this.#shelves.length === 1 ? undefined : (key) => this.#nodeOf(this.#names.of(key)) === place);
  }
}
