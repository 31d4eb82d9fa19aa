import type { Clock } from '@ormolu/kernel';
import type { NamedCache } from '../named-cache/named-cache';
import type { SecondLevel } from '../named-cache/second-level';
import { eachInParts } from '../shared/parts';
import type { Found } from '../shared/shared-level';

/**
 * Where a shared rung keeps its entries: bytes under texts, in a named cache. It may lose them, give old ones, or be away; it never fails.
 */
export interface EntryPlace {
  /**
   * @param tags - what the entries go by: whoever takes out one of them takes these out
   * @remarks One round trip for some hundreds of keys.
   */
  find(keys: readonly string[], tags: readonly string[]): Promise<FoundEntries>;
}

/** What there is under some keys. */
export interface FoundEntries {
  /** In the order of the keys. */
  readonly entries: readonly (FoundEntry | undefined)[];
  /** Puts entries in, each where there is still what was found. */
  put(writes: readonly EntryWrite[]): Promise<void>;
}

export interface FoundEntry {
  readonly bytes: Uint8Array;
  /** By the calendar: when it was written. */
  readonly readAtMs: number;
  /** 0: for ever. */
  readonly ttlMs: number;
}

export interface EntryWrite extends FoundEntry {
  /** Which of the keys. */
  readonly at: number;
}

/** On the server of a named cache: what its memory holds may be behind what others have put there. */
export class ServerPlace implements EntryPlace {
  readonly #server: SecondLevel;

  constructor(server: SecondLevel) {
    this.#server = server;
  }

  async find(keys: readonly string[], tags: readonly string[]): Promise<FoundEntries> {
    const found = (await this.#server.find(keys, tags)) ?? keys.map(() => undefined);
    return {
      entries: found.map((one) => {
        const entry = one?.entry;
        return entry?.kind === 'bytes' ? { bytes: entry.value as Uint8Array, readAtMs: entry.readAtMs, ttlMs: entry.ttlMs } : undefined; // of that kind
      }),
      put: (writes) => this.#put(keys, found, { writes, tags }),
    };
  }

  async #put(keys: readonly string[], found: readonly (Found | undefined)[], { writes, tags }: { readonly writes: readonly EntryWrite[]; readonly tags: readonly string[] }): Promise<void> {
    await this.#server.attempt((level) => eachInParts(writes, async ({ at, bytes, readAtMs, ttlMs }) => {
      const [key, was] = [keys[at], found[at]];
      // The server was not there: what it holds nobody knows.
      if (key === undefined || !was) return;
      const to = level.bytesOf({ key, kind: 'bytes', value: bytes, tags, readAtMs, ttlMs, isSliding: false }, was.stamp);
      if (to) await level.exchange(key, { from: was.bytes, to }, ttlMs);
    }));
  }
}

/** In this process's memory, of a cache that has no server. */
export class MemoryPlace implements EntryPlace {
  readonly #cache: NamedCache;
  readonly #calendar: Clock;

  constructor(cache: NamedCache, calendar: Clock) {
    this.#cache = cache;
    this.#calendar = calendar;
  }

  find(keys: readonly string[], tags: readonly string[]): Promise<FoundEntries> {
    const found = keys.map((key) => this.#cache.peek(key));
    return Promise.resolve({
      entries: found.map((one) => (one instanceof HeldEntry ? one : undefined)),
      put: async (writes) => {
        for (const write of writes) {
          const key = keys[write.at];
          if (key !== undefined && this.#cache.peek(key) === found[write.at]) await this.#cache.setHere(key, new HeldEntry(write), { tags, ttl: this.#left(write), jitter: 0, sliding: false });
        }
      },
    });
  }

  #left({ readAtMs, ttlMs }: EntryWrite): number {
    return ttlMs === 0 ? 0 : Math.max(1, readAtMs + ttlMs - this.#calendar.now());
  }
}

/** A class, so that no value of a program's own is taken for one. */
class HeldEntry implements FoundEntry {
  readonly bytes: Uint8Array;
  readonly readAtMs: number;
  readonly ttlMs: number;

  constructor({ bytes, readAtMs, ttlMs }: FoundEntry) {
    this.bytes = bytes;
    this.readAtMs = readAtMs;
    this.ttlMs = ttlMs;
  }
}
