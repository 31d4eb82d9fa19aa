import { randomBytes } from 'node:crypto';
import type { Backend, BackendEntry } from '../backend/backend';
import { CacheMark } from './cache-mark';
import { entryFromBytes, entryToBytes, UnfitError, type EntryFormOptions, type Seal, type SharedEntry } from './entry-form';
import { GuardedBackend, type GuardListener, type GuardOptions } from './guarded-backend';
import type { KeyNames } from './key-names';
import type { KeyRing } from './key-ring';
import type { SharedCounts } from './level-counts';
import { OpenWrites } from './open-writes';
import { BYTES_A_PART, inParts, KEYS_A_PART, settled } from './parts';
import type { TagGuesses } from './tag-guesses';
import { TagMarks } from './tag-marks';
import { TickBatch } from './tick-batch';
import type { Abandoned } from './unsure-keys';

/** What was true of a cache and of tags when a key was asked for: entries written under it hold as long as that. */
export interface Stamp {
  readonly mark: string;
  readonly tags: ReadonlyMap<string, string>;
}

/** What the second level says of a key. */
export interface Found {
  /** What holds there; undefined when nothing does. */
  readonly entry: SharedEntry | undefined;
  /** What is there, whether it holds or not. */
  readonly bytes: Uint8Array | undefined;
  readonly stamp: Stamp;
}

/** A value to be kept. */
export interface ToKeep extends Pick<SharedEntry, 'kind' | 'readAtMs' | 'ttlMs' | 'isSliding' | 'value'> {
  readonly key: string;
  readonly tags: readonly string[];
}

/** What all shelves of a cache have in common. */
export interface ShelfOptions extends GuardOptions, EntryFormOptions {
  readonly names: KeyNames;
  readonly counts: SharedCounts;
  readonly guesses: TagGuesses;
  /** Seals what programs keep; undefined: it lies open. */
  readonly ring: KeyRing | undefined;
  /** The time of day, which entries carry from one process to another. */
  readonly now: () => number;
  readonly changed: GuardListener['changed'];
  readonly opened: GuardListener['opened'];
  readonly mended: GuardListener['mended'];
}

/** How a question is asked. */
export interface Search {
  /** Of what would be loaded: their marks travel with the answer. */
  readonly tags: readonly string[];
  /** What was read since then, by the calendar, holds however short its ttl. */
  readonly askedMs: number;
}

/**
 * What one cache has on one server: its entries there, the mark they are believed under, those of its tags. Several servers are several shelves, none of which needs another.
 *
 * Of many keys, each part has a call, a deadline and a failure of its own.
 */
export class Shelf {
  readonly guard: GuardedBackend;
  readonly #options: ShelfOptions;
  readonly #names: KeyNames;
  readonly #raw: Backend;
  readonly #reads: TickBatch;
  readonly #mark: CacheMark;
  readonly #tags: TagMarks;
  readonly #open = new OpenWrites();
  #lastMark: string | undefined;

  constructor(backend: Backend, options: ShelfOptions) {
    const { names, changed, opened, mended } = options;
    this.#options = options;
    this.#names = names;
    this.#raw = backend;
    this.guard = new GuardedBackend(backend, options, { forget: () => this.#forget(), changed, opened, mended });
    this.#mark = new CacheMark(this.guard, names);
    this.#tags = new TagMarks(this.guard, names);
    this.#reads = new TickBatch((keys) => this.guard.getMany(keys), [names.mark]);
  }

  /**
   * @returns what there is, undefined where the server did not answer; fails when it answered nothing
   * @remarks One round trip a part; a second for entries whose tags are others than those, or than were to be expected
   */
  async find(keys: readonly string[], search: Search): Promise<readonly (Found | undefined)[]> {
    if (keys.length <= KEYS_A_PART) return this.#findPart(keys, search);
    const parts = await inParts(keys, (part) => this.#findPart(part, search));
    if (parts.every(({ status }) => status === 'rejected')) settled(parts);
    return parts.flatMap((part, at): readonly (Found | undefined)[] => (part.status === 'fulfilled' ? part.value : keys.slice(at * KEYS_A_PART, (at + 1) * KEYS_A_PART).map(() => undefined)));
  }

  /**
   * Puts values in, whatever is there. What fails leaves no old value behind.
   *
   * @remarks One round trip a part, unless the cache was emptied a moment ago; two for values with tags.
   */
  async keep(all: readonly ToKeep[]): Promise<void> {
    for (const one of all) this.#open.begin(one.key, one);
    try {
      if (all.length <= KEYS_A_PART) await this.#keepPart(all);
      else settled(await inParts(all, (part) => this.#keepPart(part)));
    } finally {
      for (const one of all) this.#open.end(one.key, one);
    }
  }

  /** @returns how many there were */
  async delete(keys: readonly string[]): Promise<number> {
    if (keys.length <= KEYS_A_PART) {
      for (const key of keys) this.#open.take(key);
      return this.guard.deleteMany(keys.map((key) => this.#names.of(key)));
    }
    const write = { tags: [] };
    for (const key of keys) this.#open.begin(key, write);
    const counts = settled(await inParts(keys, (part) => this.delete(part.filter((key) => this.#open.has(key, write)))));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Puts an entry in where there is still what was found. @returns whether it did */
  async exchange(key: string, bytes: { readonly from: Uint8Array | undefined; readonly to: Uint8Array }, ttlMs: number): Promise<boolean> {
    const entry = { key: this.#names.of(key), value: bytes.to, ttlMs };
    return bytes.from === undefined ? this.guard.add(entry) : this.guard.replace(entry, bytes.from);
  }

  /** Whether what is written under these marks is believed, now. @remarks One round trip, which travels with what else is asked in this tick */
  async isStill({ mark, tags }: Stamp): Promise<boolean> {
    const names = [...tags.keys()];
    const { stamp } = await this.#ask([], names);
    return stamp.mark === mark && names.every((tag) => stamp.tags.get(tag) === tags.get(tag));
  }

  abandon(key: string, what: Abandoned): void {
    this.guard.abandon(this.#names.of(key), what);
  }

  addRefresh(key: string, ttlMs: number): Promise<boolean> {
    return this.guard.add({ key: this.#names.ofRefresh(key), value: randomBytes(1), ttlMs });
  }

  touch(key: string, ttlMs: number): Promise<boolean> {
    return this.guard.touch(this.#names.of(key), ttlMs);
  }

  async deleteByTag(tag: string): Promise<void> {
    // What is being written with it would see its next mark, and what was there before may have other tags.
    const open = this.#open.takeTagged(tag);
    await Promise.all([this.#tags.renew(tag), open.length > 0 && this.delete(open)]);
  }

  /** Where the server cannot list keys, or fails to, all are given up. @returns how many there were, where that is known */
  async deleteByPattern(pattern: string, fits: (key: string) => boolean): Promise<number> {
    const physical = this.#names.ofPattern(pattern);
    this.#open.takeFitting(fits);
    try {
      if (physical !== undefined && this.#raw.deleteByPattern) return await this.guard.deleteByPattern(physical);
    } catch {
      // Some keys may be left: none of them is believed any more.
    }
    this.#options.counts.forgotten += 1;
    await this.clear();
    return 0;
  }

  /** Makes all entries misses, in every process; at once, or as soon as the server is back. */
  async clear(): Promise<void> {
    this.#open.takeAll();
    // Should it fail, the guard takes the mark out when the server is back, which does the same.
    await this.#mark.renew();
  }

  /** @returns undefined, and counts it, for what is not kept on a server */
  bytesOf({ key, kind, readAtMs, ttlMs, isSliding, value, tags }: ToKeep, stamp: Stamp): Buffer | undefined {
    try {
      const marks = new Map(tags.map((tag) => [tag, stamp.tags.get(tag) ?? '']));
      return entryToBytes({ kind, readAtMs, ttlMs, isSliding, value, mark: stamp.mark, tags: marks }, this.#options, this.#sealOf(key));
    } catch (error) {
      if (!(error instanceof UnfitError)) throw error;
      this.#options.counts[error.reason === 'too large' ? 'tooLarge' : 'noData'] += 1;
      return undefined;
    }
  }

  async #findPart(keys: readonly string[], { tags, askedMs }: Search): Promise<readonly (Found | undefined)[]> {
    const { counts, guesses, now } = this.#options;
    const guessed = tags.length === 0 ? guesses.guess(keys) : tags;
    const { stamp, there, from, marks } = await this.#ask(keys, tags, guessed);
    const nowMs = now();
    const found = keys.map((key, place): Found | undefined => {
      const bytes = there[from + place];
      if (bytes === null) return undefined;
      const entry = this.#read(key, bytes, { mark: stamp.mark, nowMs, askedMs });
      if (entry) guesses.note(key, entry);
      return { bytes, entry, stamp };
    });
    const holding = found.some((one) => one?.entry !== undefined && one.entry.tags.size > 0) ? await this.#withoutOverruled(found, guessed, marks) : found;
    for (const one of holding) counts[isAnswer(one?.entry) ? 'hits' : 'misses'] += 1;
    return holding;
  }

  async #keepPart(all: readonly ToKeep[]): Promise<void> {
    const tags = [...new Set(all.flatMap((one) => one.tags))];
    const guess = tags.length === 0 && this.guard.isUp ? this.#lastMark : undefined;
    // While they are written under the mark that was seen last, it is asked for.
    const [asked, put] = await Promise.allSettled([this.#ask([], tags), guess !== undefined && this.#putUnder({ mark: guess, tags: NO_MARKS }, all)]);
    if (asked.status === 'fulfilled' && asked.value.stamp.mark !== guess) await this.#putUnder(asked.value.stamp, all);
    if (put.status === 'rejected') throw put.reason;
    if (asked.status === 'fulfilled') return;
    // What was not tried leaves what was there before.
    if (guess === undefined) await this.delete(all.flatMap((one) => (this.#open.has(one.key, one) ? [one.key] : [])));
    throw asked.reason;
  }

  /** Those that nobody has written or taken out since. What fails is taken out by the guard before it is read again; the others are put in all the same. */
  async #putUnder(stamp: Stamp, all: readonly ToKeep[]): Promise<void> {
    const results: PromiseSettledResult<unknown>[] = [];
    for (let at = 0; at < all.length;) {
      const entries: BackendEntry[] = [];
      const unfit: string[] = [];
      for (let bytes = 0; at < all.length && bytes < BYTES_A_PART; at += 1) {
        const one = all[at];
        if (!one || !this.#open.has(one.key, one)) continue;
        const value = this.bytesOf(one, stamp);
        if (value) entries.push({ key: this.#names.of(one.key), value, ttlMs: one.ttlMs });
        // What was there before is no longer true.
        else unfit.push(this.#names.of(one.key));
        bytes += value?.length ?? 0;
      }
      results.push(...(await Promise.allSettled([entries.length > 0 && this.guard.setMany(entries), unfit.length > 0 && this.guard.deleteMany(unfit)])));
    }
    settled(results);
  }

  /** Entries hold as long as each of their tags has the mark it had. @param marks - of the tags that were asked for, as far as they have one */
  async #withoutOverruled(found: readonly (Found | undefined)[], asked: readonly string[], marks: ReadonlyMap<string, string>): Promise<readonly (Found | undefined)[]> {
    const known = new Set(asked);
    const others = new Set(found.flatMap((one) => (one?.entry ? [...one.entry.tags.keys()] : [])).filter((tag) => !known.has(tag)));
    const told = others.size === 0 ? marks : new Map([...marks, ...(await this.#tags.read([...others]))]);
    return found.map((one) => {
      if (!one?.entry || [...one.entry.tags].every(([tag, is]) => told.get(tag) === is)) return one;
      this.#options.counts.overruled += 1;
      return { ...one, entry: undefined };
    });
  }

  /**
   * What there is, from a place on, and the marks as they are at that moment or before it.
   *
   * @param tags - those of the stamp, each of which gets a mark if it has none
   * @param asked - whose marks are asked for; the same, or others
   */
  async #ask(keys: readonly string[], tags: readonly string[], asked = tags): Promise<{ readonly stamp: Stamp; readonly there: readonly (Uint8Array | undefined | null)[]; readonly from: number; readonly marks: ReadonlyMap<string, string> }> {
    const names = keys.map((key) => this.#names.of(key));
    const there = await this.#reads.get(asked.length === 0 ? names : [...asked.map((tag) => this.#names.ofTag(tag)), ...names]);
    const [marked] = there;
    if (marked === null) throw this.guard.unreached(this.#names.mark);
    const mark = this.#mark.seenIn(marked) ?? (await this.#mark.make(marked));
    this.#lastMark = mark;
    const marks = asked.length === 0 ? NO_MARKS : await this.#tags.within(there.slice(1, 1 + asked.length), asked, asked === tags);
    return { stamp: { mark, tags: asked === tags ? marks : NO_MARKS }, there, from: 1 + asked.length, marks };
  }

  /** What holds of it, tags aside. */
  #read(key: string, bytes: Uint8Array | undefined, { mark, nowMs, askedMs }: { readonly mark: string; readonly nowMs: number; readonly askedMs: number }): SharedEntry | undefined {
    if (bytes === undefined) return undefined;
    const entry = entryFromBytes(bytes, mark, this.#sealOf(key));
    if (!entry) this.#options.counts.unreadable += 1;
    else if (entry.mark !== mark) this.#options.counts.overruled += 1;
    else if (entry.isSliding || entry.ttlMs === 0 || entry.readAtMs >= askedMs || nowMs < entry.readAtMs + entry.ttlMs) return entry;
    return undefined;
  }

  #sealOf(key: string): Seal | undefined {
    const { ring } = this.#options;
    return ring && { ring, name: this.#names.of(key) };
  }

  /** Not through the guard, which asks for it before it lets anything through. */
  async #forget(): Promise<void> {
    const run = await this.#raw.check();
    await this.#mark.renewAt(this.#raw, run);
    this.#options.counts.forgotten += 1;
  }
}

function isAnswer(entry: SharedEntry | undefined): boolean {
  return entry !== undefined && (entry.kind === 'value' || entry.kind === 'absent' || entry.kind === 'bytes');
}

const NO_MARKS: ReadonlyMap<string, string> = new Map();
