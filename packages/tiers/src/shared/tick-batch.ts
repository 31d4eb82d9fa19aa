type Answers = readonly (Uint8Array | undefined | null)[];

interface Batch {
  readonly keys: string[];
  /** Where each key stands; made for the second who joins, and not needed before. */
  places: Map<string, number> | undefined;
  readonly found: Promise<Answers>;
}

const MOST_KEYS = 1_000;

/** What is asked for in one tick travels as one question. */
export class TickBatch {
  readonly #ask: (keys: readonly string[]) => Promise<Answers>;
  readonly #always: readonly string[];
  #next: Batch | undefined;

  /** @param always - keys that are part of every question */
  constructor(ask: (keys: readonly string[]) => Promise<Answers>, always: readonly string[]) {
    this.#ask = ask;
    this.#always = always;
  }

  /** @returns first what there is under the keys that are always asked, then under these */
  async get(keys: readonly string[]): Promise<Answers> {
    const known = this.#next;
    if (!known) {
      const all = await this.#begin(keys).found;
      // Others may have joined behind them.
      const mine = this.#always.length + keys.length;
      return all.length === mine ? all : all.slice(0, mine);
    }
    const places = this.#join(known, keys);
    if (known.keys.length >= MOST_KEYS) this.#next = undefined;
    const all = await known.found;
    const mine = all.slice(0, this.#always.length);
    for (const place of places) mine.push(all[place]);
    return mine;
  }

  #begin(mine: readonly string[]): Batch {
    const keys = [...this.#always, ...mine];
    const found = new Promise<Answers>((resolve, reject) => {
      process.nextTick(() => {
        if (this.#next?.keys === keys) this.#next = undefined;
        this.#ask(keys).then(resolve, reject);
      });
    });
    const batch: Batch = { keys, places: undefined, found };
    if (keys.length < MOST_KEYS) this.#next = batch;
    return batch;
  }

  /** @returns where its keys stand: what others have asked for travels once */
  #join(batch: Batch, mine: readonly string[]): readonly number[] {
    const places = (batch.places ??= new Map(batch.keys.map((key, place) => [key, place])));
    return mine.map((key) => {
      const known = places.get(key);
      if (known !== undefined) return known;
      places.set(key, batch.keys.length);
      return batch.keys.push(key) - 1;
    });
  }
}
