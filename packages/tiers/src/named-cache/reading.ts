import type { Found } from '../shared/shared-level';
import type { CacheParts } from './cache-parts';
import { checkKeys, checkLoader, checkTexts } from './checked-options';
import type { Answer, FlightLoads, LoadMany } from './flight-loads';
import { ABSENT, NO_TAGS, type Keeping } from './keeping';
import type { Entry } from './local-level';
import type { EntryOptions } from './options';

/** What is to be done with keys that are not in memory. */
interface Missing<T> {
  readonly found: Map<string, T>;
  readonly load: LoadMany<T> | undefined;
  readonly options: EntryOptions;
}

/** How values are looked for: in memory, on the server, by one loader for all that is left. */
export class Reading {
  readonly #parts: CacheParts;
  readonly #keeping: Keeping;
  readonly #loads: FlightLoads;

  constructor(parts: CacheParts, keeping: Keeping, loads: FlightLoads) {
    this.#parts = parts;
    this.#keeping = keeping;
    this.#loads = loads;
  }

  /** In this process's memory, at once. Counts as a request. */
  peek(key: string): unknown {
    const { happenings } = this.#parts;
    const beganMs = happenings.begin();
    const entry = this.#inMemory(key);
    if (entry === undefined) happenings.miss(key, beganMs);
    else happenings.hit(key, entry.tally, beganMs);
    return entry?.value;
  }

  /** One key, which nobody loads: what `getMany` of it alone finds, by a shorter way. */
  async get(key: string): Promise<unknown> {
    const { name, shared, happenings, clock } = this.#parts;
    if (typeof key !== 'string') checkTexts(name, 'a key', [key]);
    if (!shared) return this.peek(key);
    const beganMs = happenings.begin();
    const here = this.#inMemory(key);
    if (here !== undefined) {
      happenings.hit(key, here.tally, beganMs);
      return here.value;
    }
    const sinceMs = clock.now();
    const fetch = shared.fetches.begin();
    const entry = (await shared.find([key], NO_TAGS))?.[0]?.entry;
    fetch.end();
    if (entry?.kind !== 'value') {
      happenings.farMiss(key);
      happenings.answered(key, sinceMs);
      return undefined;
    }
    if (fetch.mayKeep(key)) this.#keeping.putFound(key, entry);
    happenings.farHit(key, clock.now() - sinceMs);
    return entry.value;
  }

  async getMany<T>(keys: readonly string[], load: LoadMany<T> | undefined, options: EntryOptions): Promise<ReadonlyMap<string, T>> {
    const { happenings } = this.#parts;
    const found = new Map<string, T>();
    const missing: string[] = [];
    checkKeys(this.#parts.name, keys);
    if (load !== undefined) {
      this.#keeping.check(options);
      checkLoader(this.#parts.name, load);
    }
    for (const key of new Set(keys)) {
      const beganMs = happenings.begin();
      const entry = load ? this.#known(key) : this.#inMemory(key);
      if (entry === undefined) missing.push(key);
      else {
        happenings.hit(key, entry.tally, beganMs);
        // The caller names the type: the cache holds what was put in under the key.
        if (entry.value !== ABSENT) found.set(key, entry.value as T);
      }
    }
    if (missing.length > 0) await this.#getMissing(missing, { found, load, options });
    return found;
  }

  #inMemory(key: string): Entry | undefined {
    const entry = this.#known(key);
    return entry?.value === ABSENT ? undefined : entry;
  }

  /** The same, or that a loader has found nothing. */
  #known(key: string): Entry | undefined {
    if (!this.#keeping.usesMemory(key)) return undefined;
    const { local } = this.#parts;
    const entry = local.take(key);
    return entry !== undefined && local.isFresh(entry) ? entry : undefined;
  }

  async #getMissing<T>(missing: readonly string[], { found, load, options }: Missing<T>): Promise<void> {
    const { shared, happenings, clock } = this.#parts;
    const sinceMs = clock.now();
    const fetch = shared?.fetches.begin();
    const there = await shared?.find(missing, load ? options.tags : NO_TAGS);
    fetch?.end();
    const tookMs = clock.now() - sinceMs;
    const left = new Map<string, Found | undefined>();
    for (const [place, key] of missing.entries()) {
      const one = there?.[place];
      const entry = one?.entry;
      if (entry?.kind === 'value') {
        if (fetch?.mayKeep(key) === true) this.#keeping.putFound(key, entry);
        happenings.farHit(key, tookMs);
        found.set(key, entry.value as T);
      } else if (!load || entry?.kind === 'absent') this.#missed(key, sinceMs);
      else {
        // While the server was asked, it may have come in.
        const here = shared && this.#known(key);
        if (!here) left.set(key, one);
        else {
          happenings.farHit(key, tookMs);
          if (here.value !== ABSENT) found.set(key, here.value as T);
        }
      }
    }
    if (load && left.size > 0) await this.#loadLeft(left, { found, load, options, sinceMs });
  }

  async #loadLeft<T>(left: ReadonlyMap<string, Found | undefined>, { found, load, options, sinceMs }: Missing<T> & { readonly load: LoadMany<T>; readonly sinceMs: number }): Promise<void> {
    const { flights, happenings, clock } = this.#parts;
    const keys = [...left.keys()];
    const results = flights.joinMany(keys, this.#loads.wish(options), (own, isLater) => this.#loads.run(own, load, { options, found: isLater ? undefined : left }));
    const answers = await Promise.allSettled(results);
    for (const [place, key] of keys.entries()) {
      const answer = answers[place];
      const { value, isHit } = answer?.status === 'fulfilled' ? answer.value as Answer : NOTHING; // what flights end with
      if (isHit) happenings.farHit(key, clock.now() - sinceMs);
      else this.#missed(key, sinceMs);
      if (value !== undefined) found.set(key, value as T);
    }
    const failure = answers.find(({ status }) => status === 'rejected');
    if (failure?.status === 'rejected') throw failure.reason;
  }

  #missed(key: string, sinceMs: number): void {
    const { happenings } = this.#parts;
    happenings.farMiss(key);
    happenings.answered(key, sinceMs);
  }
}

const NOTHING: Answer = { value: undefined, isHit: false };
