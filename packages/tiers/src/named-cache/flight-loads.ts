import type { Loaded, LoadWork } from '../shared/leased-load';
import type { Found } from '../shared/shared-level';
import type { CacheParts } from './cache-parts';
import { pairsOf } from './checked-options';
import { ABSENT, NO_TAGS, type Keeping } from './keeping';
import { lifetimeMs } from './lifetime';
import { traceLoad } from './load-trace';
import type { EntryOptions } from './options';
import type { Flight, Wish } from './single-flight';

/** Loads what is missing of several keys, in one call. What it does not name, there is not; what it names beside them is left out. */
export type LoadMany<T> = (missing: readonly string[]) => Iterable<readonly [string, T]> | Promise<Iterable<readonly [string, T]>>;

/** What a load of a key came to. */
export interface Answer {
  readonly value: unknown;
  /** Another process had loaded it. */
  readonly isHit: boolean;
}

/** What flights of one cache do: they call the loader for their keys, once among all processes where there is a server, and keep what it gives. */
export class FlightLoads {
  readonly #parts: CacheParts;
  readonly #keeping: Keeping;

  constructor(parts: CacheParts, keeping: Keeping) {
    this.#parts = parts;
    this.#keeping = keeping;
  }

  /** What was read longer ago than its ttl is no answer: who asks then does not wait for it. */
  wish(options: EntryOptions): Wish {
    const { ttlMs } = lifetimeMs(options, this.#parts.lifetime);
    return { tags: options.tags ?? NO_TAGS, longestMs: ttlMs === 0 ? Infinity : ttlMs };
  }

  /** @param found - what the server said of the keys of `own`, and perhaps of others, a moment ago; undefined where it did not answer */
  async run(own: ReadonlyMap<string, Flight>, load: LoadMany<unknown>, { options, found }: { readonly options: EntryOptions; readonly found?: ReadonlyMap<string, Found | undefined> | undefined }): Promise<void> {
    const { shared } = this.#parts;
    const work = this.work([...own.keys()], load, {
      options,
      done: (key, loaded) => this.end(key, loaded, { options, flight: own.get(key) }),
      // Where memory is believed for a while, what it says may be as old as that anyway.
      failed: (key, cause, askedMs) => own.get(key)?.fail(cause, this.#keeping.usesMemory(key) ? Infinity : askedMs),
      isJoined: (key) => own.get(key)?.isJoined === true && !this.#keeping.usesMemory(key),
    });
    if (shared) {
      await shared.load(work, found);
      return;
    }
    const values = await work.load(work.keys);
    for (const key of work.keys) work.done(key, { from: 'loader', value: values.get(key), isCurrent: true, askedMs: Infinity });
  }

  /** Keeps what came of a flight, as far as it may be kept, and tells those who wait. */
  end(key: string, loaded: Loaded, { options, flight }: { readonly options: EntryOptions; readonly flight: Flight | undefined }): void {
    const mayStore = flight?.mayStore === true;
    if (loaded.from === 'server') {
      const { entry } = loaded;
      if (mayStore) this.#keeping.putFound(key, entry);
      // Where memory is believed for a while, it may be as old as that anyway.
      flight?.land({ value: entry.kind === 'absent' ? undefined : entry.value, isHit: true } satisfies Answer, this.#keeping.usesMemory(key) ? Infinity : loaded.askedMs);
      return;
    }
    const { value, isCurrent } = loaded;
    // A loader that finds nothing has found something out. Its ttl began with the flight: what a slow loader brings may have been read then.
    if (isCurrent && mayStore) this.#keeping.putOne(key, value === undefined ? ABSENT : value, options, { readAtMs: flight.beganMs, isLoaded: true });
    flight?.land({ value, isHit: false } satisfies Answer, isCurrent && this.#keeping.usesMemory(key) ? Infinity : loaded.askedMs);
  }

  work(keys: readonly string[], load: LoadMany<unknown>, { options, done, failed, isJoined }: { readonly options: EntryOptions } & Pick<LoadWork, 'done' | 'failed' | 'isJoined'>): LoadWork {
    const { name: cache, clock, happenings, local } = this.#parts;
    let readAtMs = 0;
    return {
      keys, tags: options.tags ?? NO_TAGS, done, failed, isJoined, absent: (key) => local.deleteIfTakenOut(key),
      load: async (missing) => {
        readAtMs = clock.now();
        const name = missing.length === 1 ? missing[0] ?? '' : `${String(missing.length)} keys`;
        try {
          const values = new Map(pairsOf(cache, 'what a loader of many gave, which is not keys with values', await traceLoad(cache, missing, () => load(missing))));
          happenings.loaded(name, clock.now() - readAtMs);
          return values;
        } catch (cause) {
          happenings.loadFailed(name, cause);
          throw cause;
        }
      },
      keep: (key, value) => this.#keeping.toKeep(key, value === undefined ? ABSENT : value, options, { readAtMs, isLoaded: true }),
    };
  }
}
