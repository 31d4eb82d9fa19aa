import { randomBytes } from 'node:crypto';
import type { Clock } from '@ormolu/kernel';
import type { Backend, BackendEntry } from '../backend/backend';
import { CacheMark } from './cache-mark';
import { entryFromBytes, entryToBytes, UnfitError, type EntryFormOptions, type SharedEntry } from './entry-form';
import { GuardedBackend, type GuardCounts, type GuardOptions } from './guarded-backend';
import { KeyNames } from './key-names';
import { TagMarks, textOf } from './tag-marks';
import { TickBatch } from './tick-batch';

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

/** What a second level has done. */
export interface SharedCounts {
  /** Of the keys that were asked of the server: there was something that holds. */
  hits: number;
  /** There was nothing, or nothing but who is loading it or has failed to. */
  misses: number;
  /** Entries that are no longer believed: the cache was emptied, a tag taken out, the server restarted. */
  overruled: number;
  /** Bytes that are no entry of ours, or were cut off or changed. */
  unreadable: number;
  tooLarge: number;
  /** Values that are no data: functions, objects of classes. */
  noData: number;
  /** Times that all it holds was given up. */
  forgotten: number;
}

/** How a second level is made. */
export interface SharedLevelOptions extends GuardOptions, EntryFormOptions {
  readonly name: string;
  readonly prefix: string;
  /** The time of day, which entries carry from one process to another. */
  readonly calendar: Clock;
  readonly changed: (state: 'up' | 'away', cause: unknown) => void;
  /** Writes that had failed were taken out. */
  readonly mended?: (() => void) | undefined;
}

/** The entries of one cache on a cache server. Its calls fail when the server is away, and are never waited for long. */
export class SharedLevel {
  readonly counts: SharedCounts = { hits: 0, misses: 0, overruled: 0, unreadable: 0, tooLarge: 0, noData: 0, forgotten: 0 };
  readonly #options: SharedLevelOptions;
  readonly #names: KeyNames;
  readonly #raw: Backend;
  /** With a guard around each server. */
  readonly #store: Backend;
  readonly #guards: GuardedBackend[] = [];
  readonly #reads: TickBatch;
  readonly #mark: CacheMark;
  readonly #tags: TagMarks;
  #away = 0;
  #lastMark: string | undefined;

  /** @throws {MisuseError} TIER_PREFIX */
  constructor(backend: Backend, options: SharedLevelOptions) {
    this.#options = { ...options, maxBytes: Math.min(options.maxBytes, backend.limits.valueBytes) };
    this.#names = new KeyNames({ prefix: options.prefix, name: options.name, limits: backend.limits });
    this.#raw = backend;
    const guard = (node: Backend): Backend => {
      const one = new GuardedBackend(node, options, { forget: () => this.#forget(), changed: (state, cause) => this.#changed(state, cause), mended: options.mended });
      this.#guards.push(one);
      return one;
    };
    this.#store = backend.eachNode ? backend.eachNode(guard) : guard(backend);
    this.#mark = new CacheMark(this.#store, this.#names, () => this.#run);
    this.#tags = new TagMarks(this.#store, this.#names);
    this.#reads = new TickBatch((keys) => this.#store.getMany(keys), [this.#names.mark]);
  }

  /** Whether every server answers. */
  get isUp(): boolean {
    return this.#guards.every((guard) => guard.isUp);
  }

  /** Whether the servers answer, now. @throws {OutageError} TIER_UNAVAILABLE */
  async check(): Promise<void> {
    await this.#store.check();
  }

  /** Of all servers together. */
  guardCounts(): GuardCounts & { readonly unsure: number } {
    const sum = (of: (guard: GuardedBackend) => number): number => this.#guards.reduce((all, guard) => all + of(guard), 0);
    return {
      calls: sum(({ counts }) => counts.calls), failures: sum(({ counts }) => counts.failures), refused: sum(({ counts }) => counts.refused),
      outages: sum(({ counts }) => counts.outages), unsure: sum(({ unsure }) => unsure),
    };
  }

  /**
   * @param tags - of what would be loaded: their marks travel with the answer
   * @param askedMs - what was read since then, by the calendar, holds however short its ttl. @defaultValue none does for that
   * @remarks One round trip; a second for entries whose tags are others than those, or than were to be expected
   */
  async find(keys: readonly string[], tags: readonly string[], askedMs: number = Infinity): Promise<readonly Found[]> {
    const guessed = tags.length === 0 ? this.#tags.guess(keys) : tags;
    const { stamp, there, from, marks } = await this.#ask(keys, tags, guessed);
    const nowMs = this.#options.calendar.now();
    const found = keys.map((key, place): Found => {
      const bytes = there[from + place];
      const entry = this.#read(bytes, stamp.mark, { nowMs, askedMs });
      if (entry) this.#tags.note(key, entry);
      return { bytes, entry, stamp };
    });
    const holding = found.some(({ entry }) => entry !== undefined && entry.tags.size > 0) ? await this.#withoutOverruled(found, guessed, marks) : found;
    for (const { entry } of holding) this.counts[isAnswer(entry) ? 'hits' : 'misses'] += 1;
    return holding;
  }

  /**
   * Puts values in, whatever is there. What fails leaves no old value behind.
   *
   * @remarks One round trip, unless the cache was emptied a moment ago; two for values with tags.
   */
  async keep(all: readonly ToKeep[]): Promise<void> {
    try {
      const tags = [...new Set(all.flatMap((one) => one.tags))];
      const guess = tags.length === 0 ? this.#lastMark : undefined;
      // While they are written under the mark that was seen last, it is asked for.
      const [{ stamp }] = await Promise.all([this.#ask([], tags), guess !== undefined && this.#putUnder({ mark: guess, tags: new Map() }, all)]);
      if (stamp.mark !== guess) await this.#putUnder(stamp, all);
    } catch (error) {
      await this.delete(all.map(({ key }) => key));
      throw error;
    }
  }

  /** Puts an entry in where there is still what was found. @returns whether it did */
  async exchange(key: string, bytes: { readonly from: Uint8Array | undefined; readonly to: Uint8Array }, ttlMs: number): Promise<boolean> {
    const entry = { key: this.#names.of(key), value: bytes.to, ttlMs };
    return bytes.from === undefined ? this.#store.add(entry) : this.#store.replace(entry, bytes.from);
  }

  /** @returns undefined, and counts it, for what is not kept on a server */
  bytesOf({ kind, readAtMs, ttlMs, isSliding, value, tags }: Omit<ToKeep, 'key'>, stamp: Stamp): Buffer | undefined {
    try {
      const marks = new Map(tags.map((tag) => [tag, stamp.tags.get(tag) ?? '']));
      return entryToBytes({ kind, readAtMs, ttlMs, isSliding, value, mark: stamp.mark, tags: marks }, this.#options);
    } catch (error) {
      if (!(error instanceof UnfitError)) throw error;
      this.counts[error.reason === 'too large' ? 'tooLarge' : 'noData'] += 1;
      return undefined;
    }
  }

  delete(keys: readonly string[]): Promise<number> {
    return this.#store.deleteMany(keys.map((key) => this.#names.of(key)));
  }

  /** Of many processes, one gets to refresh a key. */
  addRefresh(key: string, ttlMs: number): Promise<boolean> {
    return this.#store.add({ key: this.#names.ofRefresh(key), value: randomBytes(1), ttlMs });
  }

  touch(key: string, ttlMs: number): Promise<boolean> {
    return this.#store.touch(this.#names.of(key), ttlMs);
  }

  deleteByTag(tag: string): Promise<void> {
    return this.#tags.renew(tag);
  }

  /** Where the server cannot list keys, or fails to, all are given up. @returns how many there were, where that is known */
  async deleteByPattern(pattern: string): Promise<number> {
    const physical = this.#names.ofPattern(pattern);
    const [guard] = this.#guards;
    try {
      if (physical !== undefined && this.#guards.length === 1 && this.#raw.deleteByPattern && guard) return await guard.deleteByPattern(physical);
    } catch {
      // Some keys may be left: none of them is believed any more.
    }
    await this.clear();
    return 0;
  }

  /** Makes all entries misses, in every process; at once, or as soon as the server is back. */
  async clear(): Promise<void> {
    // Should it fail, the guard takes the mark out when the server is back, which does the same.
    this.counts.forgotten += 1;
    await this.#mark.renew();
  }

  async close(): Promise<void> {
    await Promise.all(this.#guards.map((guard) => guard.close()));
  }

  /** Entries hold as long as each of their tags has the mark it had. @param marks - of the tags that were asked for, as far as they have one */
  async #withoutOverruled(found: readonly Found[], asked: readonly string[], marks: ReadonlyMap<string, string>): Promise<readonly Found[]> {
    const known = new Set(asked);
    const others = new Set(found.flatMap(({ entry }) => (entry ? [...entry.tags.keys()] : [])).filter((tag) => !known.has(tag)));
    const told = others.size === 0 ? marks : new Map([...marks, ...(await this.#tags.read([...others]))]);
    return found.map((one) => {
      if (!one.entry || [...one.entry.tags].every(([tag, is]) => told.get(tag) === is)) return one;
      this.counts.overruled += 1;
      return { ...one, entry: undefined };
    });
  }

  async #putUnder(stamp: Stamp, all: readonly ToKeep[]): Promise<void> {
    const entries: BackendEntry[] = [];
    const unfit: string[] = [];
    for (const one of all) {
      const bytes = this.bytesOf(one, stamp);
      if (bytes) entries.push({ key: this.#names.of(one.key), value: bytes, ttlMs: one.ttlMs });
      // What was there before is no longer true.
      else unfit.push(this.#names.of(one.key));
    }
    await Promise.all([entries.length > 0 && this.#store.setMany(entries), unfit.length > 0 && this.#store.deleteMany(unfit)]);
  }

  /**
   * What there is, from a place on, and the marks as they are at that moment or before it.
   *
   * @param tags - those of the stamp, each of which gets a mark if it has none
   * @param asked - whose marks are asked for; the same, or others
   */
  async #ask(keys: readonly string[], tags: readonly string[], asked = tags): Promise<{ readonly stamp: Stamp; readonly there: readonly (Uint8Array | undefined)[]; readonly from: number; readonly marks: ReadonlyMap<string, string> }> {
    const names = keys.map((key) => this.#names.of(key));
    const there = await this.#reads.get(asked.length === 0 ? names : [...asked.map((tag) => this.#names.ofTag(tag)), ...names]);
    const mark = this.#mark.seenIn(there[0]) ?? (await this.#mark.make(there[0]));
    this.#lastMark = mark;
    const marks = new Map<string, string>();
    for (const [place, tag] of asked.entries()) {
      const known = textOf(there[1 + place]) ?? (asked === tags ? await this.#tags.make(tag) : undefined);
      if (known !== undefined) marks.set(tag, known);
    }
    return { stamp: { mark, tags: asked === tags ? marks : NO_MARKS }, there, from: 1 + asked.length, marks };
  }

  /** What holds of it, tags aside. */
  #read(bytes: Uint8Array | undefined, mark: string, { nowMs, askedMs }: { readonly nowMs: number; readonly askedMs: number }): SharedEntry | undefined {
    if (bytes === undefined) return undefined;
    const entry = entryFromBytes(bytes, mark);
    if (!entry) this.counts.unreadable += 1;
    else if (entry.mark !== mark) this.counts.overruled += 1;
    else if (entry.isSliding || entry.ttlMs === 0 || entry.readAtMs >= askedMs || nowMs < entry.readAtMs + entry.ttlMs) return entry;
    return undefined;
  }

  get #run(): string {
    const [only, ...others] = this.#guards;
    if (others.length === 0) return only?.run ?? '';
    return this.#guards.map(({ run = '' }) => run).join(' ').trim();
  }

  /** Not through the guards: they ask for it before they let anything through. */
  async #forget(): Promise<void> {
    const run = await this.#raw.check();
    await this.#mark.renewAt(this.#raw, run);
    this.counts.forgotten += 1;
  }

  /** Told on when the first server goes, and when the last is back. */
  #changed(state: 'up' | 'away', cause: unknown): void {
    this.#away += state === 'away' ? 1 : -1;
    if (this.#away === (state === 'away' ? 1 : 0)) this.#options.changed(state, cause);
  }
}

function isAnswer(entry: SharedEntry | undefined): boolean {
  return entry !== undefined && (entry.kind === 'value' || entry.kind === 'absent' || entry.kind === 'bytes');
}

const NO_MARKS: ReadonlyMap<string, string> = new Map();
