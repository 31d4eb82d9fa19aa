import { MisuseError, type Clock } from '@ormolu/kernel';
import { loadAskedBy, NestedLoad, runWithin, wouldWaitForItself } from './nested-loads';

/** A load of a key under way. */
export interface Flight {
  readonly result: Promise<unknown>;
  readonly tags: readonly string[];
  readonly beganMs: number;
  /** False once its key was written or deleted meanwhile, or another has begun because it took too long: those who wait still get what it gives, and nobody else does. */
  mayStore: boolean;
  /** The one whose place it took because that one took too long, while that is under way. */
  slower: Flight | undefined;
  /** The load that will end it, and perhaps others. */
  readonly load: NestedLoad;
  /** Its loader is called by one that loads the same key, and has written or deleted that meanwhile. */
  readonly isWithinItself: boolean;
  /** Somebody has come to wait for it, who must be told nothing older than what other processes had changed before. */
  isJoined: boolean;
  /** Who has joined it later asked for what may be newer than what it gave; Infinity: nothing is, as far as can be known. */
  asOfMs: number;
  /** Ends it, with what it gives. */
  land(value: unknown, asOfMs?: number): void;
  fail(cause: unknown, asOfMs?: number): void;
}

/** What one who asks wants of a load. */
export interface Wish {
  readonly tags: readonly string[];
  /** What was read longer ago is too old for him. Infinity: nothing is. */
  readonly longestMs: number;
  /** When he asked. @defaultValue now */
  readonly askedMs?: number;
}

/**
 * Loads what nobody else does: ends each of these flights, and may ask at its end whether its result may be stored. Fails with what ends all that are left.
 *
 * @param isLater - others were waited for since it was asked: what was known of the keys then may be true no more
 */
export type Load = (own: ReadonlyMap<string, Flight>, isLater: boolean) => Promise<void>;

/** The load of keys that nobody loads. */
interface Begun {
  readonly own: Map<string, Flight>;
  /** The load by whose loader they are asked for. */
  readonly asker: NestedLoad | undefined;
  readonly nested: NestedLoad;
  readonly load: Load;
  /** Asks once more for a key, when what its load gave was too old; those of which that is heard together, together. */
  readonly again: (key: string, askedMs: number) => Promise<unknown>;
  readonly isLater: boolean;
}

/**
 * One load per key at a time, however many ask: the others wait for the first, and share what it gives, or its failure.
 *
 * A load that takes longer than what it brings may be old is not joined any more. Another begins beside it, once; who finds these two too old waits until one of
 * them ends: a loader that is slow because there is too much to do is not given more.
 * @see the Go package golang.org/x/sync/singleflight
 */
export class SingleFlight {
  readonly #flights = new Map<string, Flight>();
  readonly #name: string;
  readonly #clock: Clock;
  readonly #isShared: boolean;

  /** @param name - of the cache @param isShared - other processes may write what is loaded here, unheard of */
  constructor(name: string, clock: Clock, isShared = false) {
    this.#name = name;
    this.#clock = clock;
    this.#isShared = isShared;
  }

  /** For how many keys loads are under way. */
  get size(): number {
    return this.#flights.size;
  }

  /** Joins the load of a key, or begins one. */
  join(key: string, wish: Wish, load: Load): Promise<unknown> {
    return this.#join([key], wish, { load, isLater: false })[0] as Promise<unknown>; // one was asked for
  }

  /**
   * Joins the loads of keys, and begins one for all those that nobody loads.
   *
   * @param keys - each once
   * @param load - not called when all are joined; called once more for a key that had to wait for a place
   * @returns what each gives, in their order; TIER_LOAD_CYCLE of a key that a loader asks for on which it waits
   */
  joinMany(keys: readonly string[], wish: Wish, load: Load): readonly Promise<unknown>[] {
    return this.#join(keys, wish, { load, isLater: false });
  }

  #join(keys: readonly string[], wish: Wish, how: Pick<Begun, 'load' | 'isLater'>): readonly Promise<unknown>[] {
    const asker = loadAskedBy();
    const again = gathered((left, askedMs) => this.#join(left, { ...wish, askedMs }, { ...how, isLater: true }));
    const begun: Begun = { own: new Map(), asker, nested: new NestedLoad(asker), again, ...how };
    const results = keys.map((key) => this.#joined(key, wish, begun));
    if (begun.own.size > 0) void this.#run(begun);
    return results;
  }

  #joined(key: string, wish: Wish, { own, asker, nested, again }: Begun): Promise<unknown> {
    const { askedMs = performance.now() } = wish;
    const known = this.#flights.get(key);
    const isThere = known?.mayStore === true;
    const isYoung = isThere && this.#clock.now() - known.beganMs < wish.longestMs;
    const slower = isThere && !isYoung ? known.slower : undefined;
    const waitsForUs = ({ load: other }: Flight): boolean => asker !== undefined && wouldWaitForItself(asker, other);
    const isCycle = known !== undefined && waitsForUs(known) && (!slower || waitsForUs(slower));
    // Also where its own load took too long: it would begin another, which would do the same. One that has written or deleted the key may ask for it once.
    if (isCycle && (isThere || known.isWithinItself)) return Promise.reject(this.#cycleOf(key));
    if (isYoung) {
      asker?.waitFor([known.load], known.result);
      return this.#isShared ? notOlder(known, { askedMs, again: () => again(key, askedMs) }) : known.result;
    }
    if (isThere && slower) {
      const either = Promise.race([known.result, slower.result]);
      asker?.waitFor([known.load, slower.load], either);
      const ask = (): Promise<unknown> => again(key, askedMs);
      // What either brings, or that it fails, concerns those who joined it.
      return either.then(ask, ask);
    }
    if (isThere) known.mayStore = false;
    const flight = this.#begin(key, wish.tags, { load: nested, slower: isThere ? known : undefined, isWithinItself: isCycle });
    // It has the lease, which is waited for.
    if (flight.slower && this.#isShared) nested.waitFor([flight.slower.load], flight.slower.result);
    own.set(key, flight);
    return flight.result;
  }

  #cycleOf(key: string): MisuseError {
    return new MisuseError('TIER_LOAD_CYCLE', `Cache '${this.#name}': the loader of '${key}' asks for '${key}' again, itself or by what it asks for, and would wait for itself for ever. Let loaders ask only for keys whose loaders do not ask for theirs.`);
  }

  /** Entered before the loader runs: it may ask for the same key itself, and must find itself under way. */
  #begin(key: string, tags: readonly string[], { load, slower, isWithinItself }: Pick<Flight, 'load' | 'slower' | 'isWithinItself'>): Flight {
    const end = (): void => {
      const now = this.#flights.get(key);
      if (now === flight) this.#flights.delete(key);
      else if (now?.slower === flight) now.slower = undefined;
    };
    let [land, fail]: [Flight['land'], Flight['fail']] = [end, end];
    const result = new Promise<unknown>((resolve, reject) => {
      land = (value, asOfMs = Infinity) => {
        end();
        flight.asOfMs = asOfMs;
        resolve(value);
      };
      fail = (cause, asOfMs = Infinity) => {
        end();
        flight.asOfMs = asOfMs;
        // What the loader threw, whatever that is.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(cause);
      };
    });
    const flight: Flight = { result, tags, beganMs: this.#clock.now(), mayStore: true, slower, load, isWithinItself, isJoined: false, asOfMs: Infinity, land, fail };
    this.#flights.set(key, flight);
    return flight;
  }

  async #run({ own, asker, nested, load, isLater }: Begun): Promise<void> {
    for (const { result } of own.values()) asker?.waitFor([nested], result);
    await Promise.resolve();
    try {
      await runWithin(nested, () => load(own, isLater));
    } catch (cause) {
      // Those that have ended do not end again.
      for (const flight of own.values()) flight.fail(cause);
    } finally {
      nested.isOver = true;
    }
  }

  isUnderWay(key: string): boolean {
    return this.#flights.get(key)?.mayStore === true;
  }

  /** What is under way for such keys must not be stored: it may have read what was true before. */
  supersede(concerns: (key: string, flight: Flight) => boolean): void {
    for (const [key, flight] of this.#flights) if (concerns(key, flight)) flight.mayStore = false;
  }

  /** The same for one key. */
  supersedeKey(key: string): void {
    const flight = this.#flights.get(key);
    if (flight) flight.mayStore = false;
  }
}

/** What another process had changed before he asked he is told: what was read before that is for those who asked before. Whatever begins from now on is none of it. */
function notOlder(flight: Flight, { askedMs, again }: { readonly askedMs: number; readonly again: () => Promise<unknown> }): Promise<unknown> {
  flight.isJoined = true;
  return flight.result.then((value) => (askedMs <= flight.asOfMs ? value : again()), (cause: unknown) => {
    if (askedMs <= flight.asOfMs) throw cause;
    return again();
  });
}

/** Keys that are asked for in one turn of the event loop are asked for together. */
function gathered(ask: (keys: readonly string[], askedMs: number) => readonly Promise<unknown>[]): (key: string, askedMs: number) => Promise<unknown> {
  let waiting: { readonly key: string; readonly resolve: (result: Promise<unknown>) => void }[] = [];
  return (key, askedMs) => new Promise((resolve) => {
    if (waiting.push({ key, resolve }) > 1) return;
    setImmediate(() => {
      const all = waiting;
      waiting = [];
      const results = ask(all.map((one) => one.key), askedMs);
      for (const [place, one] of all.entries()) one.resolve(results[place] as Promise<unknown>); // as many as were asked for
    });
  });
}
