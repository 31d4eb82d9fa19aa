import { MisuseError, whyStale, type EntryStamp, type Session, type Sight, type Tag } from '@ormolu/kernel';
import { isNews } from '../local/held-records';
import type { BoundedStore } from '../policies/bounded-store';
import { storeWith } from '../policies/policies';
import { Computation } from './computation';

/** The transaction on whose behalf a function is asked. */
export interface ResultReader {
  readonly session: Session;
  /** Whether it has been told to change anything, also what it has not sent yet: what it computes then is nobody else's. What else it has changed, its sight tells. */
  hasWritten(): boolean;
  /** Does something once it has committed, unless what was done since is taken back. */
  afterCommit(work: () => void): void;
}

/** One question to a function. */
export interface Asked<T> {
  readonly key: string;
  /** What its result goes by: a clear of any of them makes it wrong. */
  readonly tags: readonly Tag[];
  readonly compute: () => T | Promise<T>;
}

/** What the results of one function have come to. */
export interface MethodResultsStats {
  readonly hits: number;
  readonly misses: number;
  /** Of the hits, those that waited for somebody else's computation. */
  readonly shared: number;
  readonly failures: number;
  readonly size: number;
  readonly evictions: number;
}

interface Result {
  readonly value: unknown;
  readonly stamp: EntryStamp;
}

/** A computation that others may wait for. Its promise never fails: it tells when there is nothing to share. */
interface Flight {
  readonly by: Computation;
  readonly session: Session;
  readonly result: Promise<Result | undefined>;
}

/**
 * The results of one function, for all transactions of a process.
 *
 * A result is judged as every entry of the local cache is: by what the reader's own transaction sees of the clears in the change log. Only
 * what was computed from committed rows is shared, and only what a transaction computed that then committed is kept.
 */
export class MethodResults {
  readonly #name: string;
  readonly #store: BoundedStore<string, Result>;
  readonly #flights = new Map<string, Flight>();
  /** What open transactions have computed, and may not yet be kept. */
  readonly #own = new WeakMap<Session, Map<string, Result>>();
  #hits = 0;
  #misses = 0;
  #shared = 0;
  #failures = 0;
  #evictions = 0;

  constructor(name: string, maxEntries: number) {
    this.#name = name;
    this.#store = storeWith<string, Result>('lru', {
      maxEntries,
      onEvict: () => {
        this.#evictions += 1;
      },
    });
  }

  /**
   * The result, from memory or computed.
   *
   * @throws {MisuseError} ORMCACHE_CYCLE when the computation of a key asks for itself
   * @throws {unknown} what the computation threw; others who wait for it compute themselves
   */
  async get<T>(reader: ResultReader, { key, tags, compute }: Asked<T>): Promise<T> {
    const within = Computation.current;
    if (within?.isOf(this, key)) {
      throw new MisuseError('ORMCACHE_CYCLE', `The memoised function '${this.#name}' asks for its own result while it computes it. Compute what it needs in a function of its own.`);
    }
    for (;;) {
      const sight = await reader.session.sight?.();
      const known = this.#holding(reader, key, { sight, tags });
      if (known) {
        this.#hits += 1;
        return known.value as T; // what its computation gave
      }
      const flight = this.#flights.get(key);
      // Whoever holds locks, or is waited for by the other, must not wait.
      if (!flight || (!takesOthers(reader) && flight.session !== reader.session) || !seesCommitted(reader, sight) || (within && flight.by.needs(within))) return await this.#compute(reader, { key, tags, compute }, sight);
      const result = await (within ? within.waitFor(flight.by, () => flight.result) : flight.result);
      if (result && whyStale(sight, result.stamp, tags) === undefined) {
        this.#hits += 1;
        this.#shared += 1;
        return result.value as T;
      }
    }
  }

  /** Forgets what a transaction has computed itself: it has cleared it. */
  forgetOwn(session: Session): void {
    this.#own.delete(session);
  }

  clear(): void {
    this.#store.clear();
  }

  stats(): MethodResultsStats {
    return { hits: this.#hits, misses: this.#misses, shared: this.#shared, failures: this.#failures, size: this.#store.size, evictions: this.#evictions };
  }

  #holding(reader: ResultReader, key: string, { sight, tags }: { readonly sight: Sight | undefined; readonly tags: readonly Tag[] }): Result | undefined {
    const own = this.#own.get(reader.session)?.get(key);
    // At READ COMMITTED a transaction sees the clears of others, too: of what it has computed itself.
    if (own && (reader.session.isolation !== 'read committed' || (sight && whyStale(sight, own.stamp, tags) === undefined))) return own;
    const kept = sight && takesOthers(reader) ? this.#store.get(key) : undefined;
    return kept && sight && whyStale(sight, kept.stamp, tags) === undefined ? kept : undefined;
  }

  async #compute<T>(reader: ResultReader, { key, tags, compute }: Asked<T>, sight: Sight | undefined): Promise<T> {
    this.#misses += 1;
    const by = new Computation(this, key);
    if (!seesCommitted(reader, sight)) return await this.#counted(by, compute);
    let land: (result: Result | undefined) => void = () => undefined;
    const flight: Flight = { by, session: reader.session, result: new Promise((resolve) => (land = resolve)) };
    if (!this.#flights.has(key)) this.#flights.set(key, flight);
    let result: Result | undefined;
    try {
      const value = await this.#counted(by, compute);
      // At READ COMMITTED a clear may have become visible while it was computed: of before or after, nobody knows.
      const after = await reader.session.sight?.();
      const stamp = { snapshot: sight.snapshot, epoch: sight.epoch };
      if (seesCommitted(reader, after) && whyStale(after, stamp, tags) === undefined) {
        result = { value, stamp };
        this.#remember(reader, key, result);
      }
      return value;
    } finally {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
      land(result);
    }
  }

  async #counted<T>(by: Computation, compute: () => T | Promise<T>): Promise<T> {
    try {
      return await by.run(compute);
    } catch (error) {
      this.#failures += 1;
      throw error;
    }
  }

  #remember(reader: ResultReader, key: string, result: Result): void {
    let own = this.#own.get(reader.session);
    if (!own) this.#own.set(reader.session, (own = new Map<string, Result>()));
    own.set(key, result);
    reader.afterCommit(() => {
      const known = this.#store.peek(key);
      if (!known || isNews(result.stamp, known.stamp)) this.#store.set(key, result);
    });
  }
}

/** At SERIALIZABLE a result is of use only to the transaction that computed it: of what others read for theirs, the database does not know that this one depends on it. */
function takesOthers({ session }: ResultReader): boolean {
  return session.isolation !== 'serializable';
}

/** Whether a transaction sees nothing but what was committed: only then is what it computes anybody else's, and may it wait for others, who may need its locks. */
function seesCommitted(reader: ResultReader, sight: Sight | undefined): sight is Sight {
  return sight !== undefined && !reader.hasWritten() && !sight.hasChanged();
}
