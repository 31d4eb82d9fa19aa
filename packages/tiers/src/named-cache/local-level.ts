import type { Clock } from '@ormolu/kernel';
import type { BoundedStore } from '../policies/bounded-store';
import { storeWith } from '../policies/policies';
import { estimatedBytes } from './entry-size';
import type { LifetimeMs } from './lifetime';
import type { ModelTally } from './model-tally';
import type { NamedCacheOptions, RemovalReason } from './options';

/** What is kept for a key. */
export interface Entry {
  readonly value: unknown;
  /** Undefined when it never does: a number would be an object of its own, which every hit would have to fetch. Moves on with every hit when the lifetime slides. */
  expiresAtMs: number | undefined;
  readonly tally: ModelTally;
  readonly lifetime: LifetimeMs;
  readonly tags: readonly string[];
  /** When it was written, or the loader that brought it was called. */
  readonly readAtMs: number;
  /** What it is counted with in its tally; 0 while it is not in the level. */
  bytes: number;
}

/** How a level is made. */
export interface LocalLevelOptions extends Pick<NamedCacheOptions, 'maxEntries' | 'maxBytes' | 'maxEntryBytes' | 'policy'> {
  readonly clock: Clock;
  readonly onRemove: (key: string, reason: RemovalReason) => void;
}

/**
 * The entries a process holds itself, with the tags they go by.
 *
 * An expired entry stays until its grace is over or its place is wanted: a loader that fails can still be stood in for.
 */
export class LocalLevel {
  readonly #store: BoundedStore<string, Entry>;
  readonly #byTag = new Map<string, Set<string>>();
  readonly #clock: Clock;
  readonly #onRemove: LocalLevelOptions['onRemove'];
  readonly #weighs: boolean;
  readonly #maxEntryBytes: number;

  constructor({ policy = 's3fifo', clock, onRemove, maxEntries, maxBytes, maxEntryBytes }: LocalLevelOptions) {
    this.#clock = clock;
    this.#onRemove = onRemove;
    this.#maxEntryBytes = maxEntryBytes ?? Infinity;
    // Weighing walks the value: only where a bound asks for it.
    this.#weighs = maxBytes !== undefined || maxEntryBytes !== undefined;
    this.#store = storeWith<string, Entry>(policy, {
      maxEntries, maxBytes,
      onEvict: (key, entry, reason) => {
        if (reason === 'bound') entry.tally.evictions += 1;
        this.#left(key, entry);
        onRemove(key, reason);
      },
    });
  }

  get size(): number {
    return this.#store.size;
  }

  /** The entry, also one that has expired and is within its grace. */
  take(key: string): Entry | undefined {
    const entry = this.#store.get(key);
    if (entry?.expiresAtMs === undefined) return entry;
    const now = this.#clock.now();
    if (now < entry.expiresAtMs) {
      if (entry.lifetime.isSliding) entry.expiresAtMs = now + entry.lifetime.ttlMs;
      return entry;
    }
    if (now < standsInUntilMs(entry)) return entry;
    this.#drop(key, entry, 'expired');
    return undefined;
  }

  isFresh(entry: Entry): boolean {
    return entry.expiresAtMs === undefined || this.#clock.now() < entry.expiresAtMs;
  }

  /** @returns whether it was kept */
  put(key: string, entry: Entry): boolean {
    const before = this.#store.peek(key);
    if (before) this.#left(key, before);
    const bytes = this.#weighs ? estimatedBytes(key) + estimatedBytes(entry.value) : entry.tally.typicalBytes(key, entry.value);
    if (this.#weighs && bytes > this.#maxEntryBytes) {
      this.#store.delete(key);
      this.#onRemove(key, 'too large');
      return false;
    }
    entry.bytes = bytes;
    entry.tally.items += 1;
    entry.tally.bytes += bytes;
    if (!this.#store.set(key, entry, this.#weighs ? bytes : 1) || !this.#store.has(key)) {
      this.#left(key, entry);
      return false;
    }
    for (const tag of entry.tags) {
      const keys = this.#byTag.get(tag);
      if (keys) keys.add(key);
      else this.#byTag.set(tag, new Set([key]));
    }
    return true;
  }

  delete(key: string): boolean {
    const entry = this.#store.peek(key);
    if (entry) this.#drop(key, entry, 'deleted');
    return entry !== undefined;
  }

  /**
   * The server has nothing under the key: what is still here, but no longer serves, was taken out there unless its own ttl may be over.
   */
  deleteIfTakenOut(key: string): void {
    const entry = this.#store.peek(key);
    if (!entry || this.isFresh(entry)) return;
    const { readAtMs, lifetime: { ttlMs, jitter } } = entry;
    if (ttlMs === 0 || this.#clock.now() < readAtMs + ttlMs * (1 - jitter)) this.#drop(key, entry, 'deleted');
  }

  /** @returns how many entries had the tag */
  deleteByTag(tag: string): number {
    const keys = [...(this.#byTag.get(tag) ?? [])];
    return keys.filter((key) => this.delete(key)).length;
  }

  /** @returns how many keys fitted. @remarks Looks at every key. */
  deleteWhere(fits: (key: string) => boolean): number {
    const keys = [...this.#store.entries()].flatMap(([key]) => (fits(key) ? [key] : []));
    return keys.filter((key) => this.delete(key)).length;
  }

  clear(): void {
    for (const [, entry] of this.#store.entries()) uncount(entry);
    this.#store.clear();
    this.#byTag.clear();
  }

  #drop(key: string, entry: Entry, reason: RemovalReason): void {
    this.#store.delete(key);
    this.#left(key, entry);
    this.#onRemove(key, reason);
  }

  #left(key: string, entry: Entry): void {
    uncount(entry);
    for (const tag of entry.tags) {
      const keys = this.#byTag.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.#byTag.delete(tag);
    }
  }
}

/** Its grace begins with the end of its own ttl, though it may have ceased to serve here before. */
function standsInUntilMs({ expiresAtMs = Infinity, readAtMs, lifetime: { ttlMs, graceMs } }: Entry): number {
  return graceMs === 0 ? expiresAtMs : Math.max(expiresAtMs, readAtMs + ttlMs) + graceMs;
}

/** Does nothing to one that is not counted. */
function uncount(entry: Entry): void {
  if (entry.bytes === 0) return;
  entry.tally.items -= 1;
  entry.tally.bytes -= entry.bytes;
  entry.bytes = 0;
}
