import type { Clock } from '@ormolu/kernel';

/** A load under way. */
export interface Flight {
  result: Promise<unknown>;
  readonly tags: readonly string[];
  readonly beganMs: number;
  /** False once its key was written or deleted meanwhile, or another has begun because it took too long: those who wait still get what it gives, and nobody else does. */
  mayStore: boolean;
  /** The one whose place it took because that one took too long, while that is under way. */
  slower: Flight | undefined;
}

/** What one who asks wants of a load. */
export interface Wish {
  readonly tags: readonly string[];
  /** What was read longer ago is too old for him. Infinity: nothing is. */
  readonly longestMs: number;
}

const NOTHING = Promise.resolve<unknown>(undefined);

/**
 * One load per key at a time, however many ask: the others wait for the first, and share what it gives, or its failure.
 *
 * A load that takes longer than what it brings may be old is not joined any more. Another begins beside it, once; who finds these two too old waits until one of
 * them ends: a loader that is slow because there is too much to do is not given more.
 * @see the Go package golang.org/x/sync/singleflight
 */
export class SingleFlight {
  readonly #flights = new Map<string, Flight>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For how many keys loads are under way. */
  get size(): number {
    return this.#flights.size;
  }

  /**
   * Joins the load of a key, or begins one.
   *
   * @param load - gets the flight, so that it can ask at its end whether its result may be stored. Not called when one is joined
   */
  join(key: string, wish: Wish, load: (flight: Flight) => Promise<unknown>): Promise<unknown> {
    const known = this.#flights.get(key);
    if (known?.mayStore !== true) return this.#begin(key, wish, { load, slower: undefined });
    if (this.#clock.now() - known.beganMs < wish.longestMs) return known.result;
    const again = (): Promise<unknown> => this.join(key, wish, load);
    // What either brings, or that it fails, concerns those who joined it.
    if (known.slower) return Promise.race([known.result, known.slower.result]).then(again, again);
    known.mayStore = false;
    return this.#begin(key, wish, { load, slower: known });
  }

  #begin(key: string, { tags }: Wish, { load, slower }: { readonly load: (flight: Flight) => Promise<unknown>; readonly slower: Flight | undefined }): Promise<unknown> {
    const flight: Flight = { result: NOTHING, tags, beganMs: this.#clock.now(), mayStore: true, slower };
    // Entered before the loader runs: it may ask for the same key itself, and must find itself under way.
    this.#flights.set(key, flight);
    flight.result = Promise.resolve()
      .then(() => load(flight))
      .finally(() => {
        const now = this.#flights.get(key);
        if (now === flight) this.#flights.delete(key);
        else if (now?.slower === flight) now.slower = undefined;
      });
    return flight.result;
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
