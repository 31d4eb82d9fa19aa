import type { CacheParts } from './cache-parts';
import { checkLoader, checkTexts } from './checked-options';
import type { Answer, FlightLoads, LoadMany } from './flight-loads';
import { NO_TAGS, valueOf, type Keeping } from './keeping';
import { lifetimeMs, type LifetimeMs } from './lifetime';
import type { Entry } from './local-level';
import { runWithin } from './nested-loads';
import type { EntryOptions } from './options';
import type { Flight } from './single-flight';

/** Of an entry, by one clock. */
interface Age {
  readonly readAtMs: number;
  readonly expiresAtMs: number | undefined;
  readonly nowMs: number;
}

/** How one key is loaded: by one caller for all, ahead of time, or not at all while an expired value is within its grace. */
export class Loading {
  readonly #parts: CacheParts;
  readonly #keeping: Keeping;
  readonly #loads: FlightLoads;

  constructor(parts: CacheParts, keeping: Keeping, loads: FlightLoads) {
    this.#parts = parts;
    this.#keeping = keeping;
    this.#loads = loads;
  }

  getOrSet<T>(key: string, load: () => T | Promise<T>, options: EntryOptions): Promise<T> {
    const { local, happenings } = this.#parts;
    const beganMs = happenings.begin();
    const entry = this.#keeping.usesMemory(key) ? local.take(key) : undefined;
    if (entry === undefined || !local.isFresh(entry)) return this.#loadOrStale(key, load, { options, entry });
    happenings.hit(key, entry.tally, beganMs);
    if (entry.expiresAtMs !== undefined && entry.lifetime.earlyRefresh < 1) this.#refreshEarly(key, load, { options, entry });
    // What the loader gave is what is kept under its key.
    return Promise.resolve(valueOf(entry) as T);
  }

  async #loadOrStale<T>(key: string, load: () => T | Promise<T>, { options, entry }: { readonly options: EntryOptions; readonly entry: Entry | undefined }): Promise<T> {
    const { flights, shared, happenings, local, clock } = this.#parts;
    this.#keeping.check(options);
    checkTexts(this.#parts.name, 'a key', [key]);
    checkLoader(this.#parts.name, load);
    const sinceMs = clock.now();
    // Another process may have it: that is known later.
    if (!shared) happenings.farMiss(key);
    try {
      const { value, isHit } = await flights.join(key, this.#loads.wish(options), (own) => this.#loads.run(own, loaderOf(key, load), { options })) as Answer; // what flights end with
      if (isHit) {
        happenings.farHit(key, clock.now() - sinceMs);
        return value as T;
      }
      if (shared) happenings.farMiss(key);
      happenings.answered(key, sinceMs);
      return value as T;
    } catch (cause) {
      if (shared) happenings.farMiss(key);
      happenings.answered(key, sinceMs);
      // Meanwhile it may have been deleted.
      const stale = entry && local.take(key);
      if (!stale) throw cause;
      happenings.staleHit(key);
      return valueOf(stale) as T;
    }
  }

  #refreshEarly(key: string, load: () => unknown, { options, entry }: { readonly options: EntryOptions; readonly entry: Entry }): void {
    const { flights, clock } = this.#parts;
    const { readAtMs, expiresAtMs } = entry;
    if (!isOld({ readAtMs, expiresAtMs, nowMs: clock.now() }, entry.lifetime) || flights.isUnderWay(key)) return;
    // Nobody waits for it: a failure is counted and told of where loads are.
    runWithin(undefined, () => flights.join(key, this.#loads.wish(options), (own) => this.#refresh(key, loaderOf(key, load), { options, own }))).catch(() => undefined);
  }

  /** What another process has refreshed is taken as it is. */
  async #refresh(key: string, load: LoadMany<unknown>, { options, own }: { readonly options: EntryOptions; readonly own: ReadonlyMap<string, Flight> }): Promise<void> {
    const { shared, lifetime } = this.#parts;
    const askedMs = performance.now();
    const [found] = (await shared?.find([key], options.tags ?? NO_TAGS)) ?? [];
    const entry = found?.entry;
    if (!shared || !found || entry?.kind !== 'value') {
      await this.#loads.run(own, load, { options });
      return;
    }
    const flight = own.get(key);
    const nowMs = shared.calendar.now();
    const isDue = isOld({ readAtMs: entry.readAtMs, expiresAtMs: entry.ttlMs === 0 ? undefined : entry.readAtMs + entry.ttlMs, nowMs }, lifetimeMs(options, lifetime));
    const work = this.#loads.work([key], load, { options, done: (_, loaded) => this.#loads.end(key, loaded, { options, flight }), failed: (_, cause) => flight?.fail(cause) });
    if (!isDue || !(await shared.refresh(work, found))) this.#loads.end(key, { from: 'server', entry, askedMs }, { options, flight });
  }
}

function loaderOf(key: string, load: () => unknown): LoadMany<unknown> {
  return async () => [[key, await load()]];
}

function isOld({ readAtMs, expiresAtMs, nowMs }: Age, { earlyRefresh }: LifetimeMs): boolean {
  return expiresAtMs !== undefined && nowMs >= readAtMs + earlyRefresh * (expiresAtMs - readAtMs);
}
