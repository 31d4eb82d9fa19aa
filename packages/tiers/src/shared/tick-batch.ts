interface Batch {
  readonly places: Map<string, number>;
  readonly found: Promise<readonly (Uint8Array | undefined)[]>;
}

const MOST_KEYS = 1_000;

/** What is asked for in one tick travels as one question. */
export class TickBatch {
  readonly #ask: (keys: readonly string[]) => Promise<readonly (Uint8Array | undefined)[]>;
  readonly #always: readonly string[];
  #next: Batch | undefined;

  /** @param always - keys that are part of every question */
  constructor(ask: (keys: readonly string[]) => Promise<readonly (Uint8Array | undefined)[]>, always: readonly string[]) {
    this.#ask = ask;
    this.#always = always;
  }

  /** @returns first what there is under the keys that are always asked, then under these */
  async get(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const { places, found } = (this.#next ??= this.#begin());
    const mine = keys.map((key) => {
      const place = places.get(key) ?? places.size;
      places.set(key, place);
      return place;
    });
    if (places.size >= MOST_KEYS) this.#next = undefined;
    const all = await found;
    return [...this.#always.map((_, place) => all[place]), ...mine.map((place) => all[place])];
  }

  #begin(): Batch {
    const places = new Map(this.#always.map((key, place) => [key, place]));
    const found = new Promise<readonly (Uint8Array | undefined)[]>((resolve, reject) => {
      process.nextTick(() => {
        if (this.#next?.places === places) this.#next = undefined;
        this.#ask([...places.keys()]).then(resolve, reject);
      });
    });
    return { places, found };
  }
}
