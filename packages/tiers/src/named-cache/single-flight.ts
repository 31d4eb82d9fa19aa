/** A load under way. */
export interface Flight {
  result: Promise<unknown>;
  readonly tags: readonly string[];
  /** False once its key was written or deleted meanwhile: those who wait still get what it gives, and nobody else does. */
  mayStore: boolean;
}

const NOTHING = Promise.resolve<unknown>(undefined);

/**
 * One load per key at a time, however many ask: the others wait for the first, and share what it gives, or its failure.
 *
 * @see the Go package golang.org/x/sync/singleflight
 */
export class SingleFlight {
  readonly #flights = new Map<string, Flight>();

  /** How many loads are under way. */
  get size(): number {
    return this.#flights.size;
  }

  /**
   * Joins the load of a key, or begins one.
   *
   * @param load - gets the flight, so that it can ask at its end whether its result may be stored. Not called when one is under way
   */
  join(key: string, tags: readonly string[], load: (flight: Flight) => Promise<unknown>): Promise<unknown> {
    const known = this.#flights.get(key);
    if (known?.mayStore === true) return known.result;
    const flight: Flight = { result: NOTHING, tags, mayStore: true };
    // Entered before the loader runs: it may ask for the same key itself, and must find itself under way.
    this.#flights.set(key, flight);
    flight.result = Promise.resolve()
      .then(() => load(flight))
      .finally(() => {
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
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
