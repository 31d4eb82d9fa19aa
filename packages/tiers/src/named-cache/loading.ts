import type { LoadWork } from '../shared/leased-load';
import type { CacheParts } from './cache-parts';
import { ABSENT, NO_TAGS, valueOf, type Keeping } from './keeping';
import { traceLoad } from './load-trace';
import { lifetimeMs, type LifetimeMs } from './lifetime';
import type { Entry } from './local-level';
import type { EntryOptions } from './options';
import type { Flight, Wish } from './single-flight';

/** What a load came to. */
interface Answer {
  readonly value: unknown;
  /** Another process had loaded it. */
  readonly isHit: boolean;
}

/** Of an entry, by one clock. */
interface Age {
  readonly readAtMs: number;
  readonly expiresAtMs: number;
  readonly nowMs: number;
}

/** How one key is loaded: by one caller for all, ahead of time, or not at all while an expired value is within its grace. */
export class Loading {
  readonly #parts: CacheParts;
  readonly #keeping: Keeping;

  constructor(parts: CacheParts, keeping: Keeping) {
    this.#parts = parts;
    this.#keeping = keeping;
  }

  getOrSet<T>(key: string, load: () => T | Promise<T>, options: EntryOptions): Promise<T> {
    const { local, happenings } = this.#parts;
    const beganMs = happenings.begin();
    const entry = this.#keeping.usesMemory ? local.take(key) : undefined;
    if (entry === undefined || !local.isFresh(entry)) return this.#loadOrStale(key, load, { options, entry });
    happenings.hit(key, entry.tally, beganMs);
    if (entry.lifetime.earlyRefresh < 1) this.#refreshEarly(key, load, { options, entry });
    // What the loader gave is what is kept under its key.
    return Promise.resolve(valueOf(entry) as T);
  }

  async #loadOrStale<T>(key: string, load: () => T | Promise<T>, { options, entry }: { readonly options: EntryOptions; readonly entry: Entry | undefined }): Promise<T> {
    const { shared, happenings, clock } = this.#parts;
    const sinceMs = clock.now();
    // Another process may have it: that is known later.
    if (!shared) happenings.farMiss(key);
    try {
      const { value, isHit } = await this.#load(key, load, options);
      if (isHit) {
        happenings.farHit(key, sinceMs);
        return value as T;
      }
      if (shared) happenings.farMiss(key);
      happenings.answered(key, sinceMs);
      return value as T;
    } catch (cause) {
      if (shared) happenings.farMiss(key);
      happenings.answered(key, sinceMs);
      if (!entry) throw cause;
      happenings.staleHit(key);
      return valueOf(entry) as T;
    }
  }

  #refreshEarly(key: string, load: () => unknown, { options, entry }: { readonly options: EntryOptions; readonly entry: Entry }): void {
    const { flights, clock } = this.#parts;
    const { readAtMs, expiresAtMs } = entry;
    if (!isOld({ readAtMs, expiresAtMs, nowMs: clock.now() }, entry.lifetime) || flights.isUnderWay(key)) return;
    // Nobody waits for it: a failure is counted and told of where loads are.
    flights.join(key, this.#wish(options), (flight) => this.#refresh(key, load, { options, flight })).catch(() => undefined);
  }

  /** What another process has refreshed is taken as it is. */
  async #refresh(key: string, load: () => unknown, { options, flight }: { readonly options: EntryOptions; readonly flight: Flight }): Promise<Answer> {
    const { shared, clock, lifetime } = this.#parts;
    const [found] = (await shared?.find([key], options.tags)) ?? [];
    const entry = found?.entry;
    if (!shared || !found || entry?.kind !== 'value') return this.#loadInFlight(key, load, { options, flight });
    const nowMs = shared.calendar.now();
    const isDue = isOld({ readAtMs: entry.readAtMs, expiresAtMs: entry.readAtMs + entry.ttlMs, nowMs }, lifetimeMs(options, lifetime));
    const loaded = isDue ? await shared.refresh(this.#work(key, load, options), found) : undefined;
    if (loaded?.from === 'loader') return this.#keepLoaded(key, loaded, { options, flight, readAtMs: clock.now() });
    if (flight.mayStore) this.#keeping.putFound(key, entry);
    return { value: entry.value, isHit: true };
  }

  #load(key: string, load: () => unknown, options: EntryOptions): Promise<Answer> {
    return this.#parts.flights.join(key, this.#wish(options), (flight) => this.#loadInFlight(key, load, { options, flight })) as Promise<Answer>;
  }

  async #loadInFlight(key: string, load: () => unknown, { options, flight }: { readonly options: EntryOptions; readonly flight: Flight }): Promise<Answer> {
    const { shared, clock } = this.#parts;
    // Its ttl begins here: what a slow loader brings may have been read when it began.
    const readAtMs = clock.now();
    const work = this.#work(key, load, options);
    if (!shared) return this.#keepLoaded(key, { value: await work.load(), isCurrent: true }, { options, flight, readAtMs });
    const loaded = await shared.load(work);
    if (loaded.from === 'loader') return this.#keepLoaded(key, loaded, { options, flight, readAtMs });
    if (flight.mayStore) this.#keeping.putFound(key, loaded.entry);
    return { value: loaded.entry.kind === 'absent' ? undefined : loaded.entry.value, isHit: true };
  }

  #keepLoaded(key: string, { value, isCurrent }: { readonly value: unknown; readonly isCurrent: boolean }, { options, flight, readAtMs }: { readonly options: EntryOptions; readonly flight: Flight; readonly readAtMs: number }): Answer {
    // A loader that finds nothing has found something out.
    if (isCurrent && flight.mayStore) this.#keeping.putOne(key, value === undefined ? ABSENT : value, options, { readAtMs, isLoaded: true });
    return { value, isHit: false };
  }

  /** What was read longer ago than its ttl is no answer: who asks then does not wait for it. */
  #wish(options: EntryOptions): Wish {
    const { ttlMs } = lifetimeMs(options, this.#parts.lifetime);
    return { tags: options.tags ?? NO_TAGS, longestMs: ttlMs === 0 ? Infinity : ttlMs };
  }

  #work(key: string, load: () => unknown, options: EntryOptions): LoadWork {
    const { name, clock, happenings } = this.#parts;
    const tags = options.tags ?? NO_TAGS;
    let readAtMs = 0;
    return {
      key, tags,
      load: async () => {
        readAtMs = clock.now();
        try {
          const value = await traceLoad(name, [key], load);
          happenings.loaded(key, clock.now() - readAtMs);
          return value;
        } catch (cause) {
          happenings.loadFailed(key, cause);
          throw cause;
        }
      },
      keep: (value) => this.#keeping.toKeep(key, value === undefined ? ABSENT : value, options, { readAtMs, isLoaded: true }),
    };
  }
}

function isOld({ readAtMs, expiresAtMs, nowMs }: Age, { earlyRefresh }: LifetimeMs): boolean {
  return expiresAtMs !== Infinity && nowMs >= readAtMs + earlyRefresh * (expiresAtMs - readAtMs);
}
