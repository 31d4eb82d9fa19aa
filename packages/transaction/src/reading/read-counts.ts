/** Property reads of records of one model, those of functions that ran again included; what a record keeps itself is read unheard. */
export interface ModelReads {
  readonly reads: number;
  /** Of the reads, those that memory could not answer. */
  readonly misses: number;
}

class Counted implements ModelReads {
  reads = 0;
  misses = 0;
}

/** Counts what a transaction reads of its own memory, by model. */
export class ReadCounts {
  readonly #models = new Map<string, Counted>();
  #model: string | undefined;
  #counted = new Counted();

  /** Many reads of one model mostly follow each other. */
  of(model: string): { reads: number; misses: number } {
    if (model === this.#model) return this.#counted;
    let counted = this.#models.get(model);
    if (!counted) this.#models.set(model, (counted = new Counted()));
    this.#model = model;
    this.#counted = counted;
    return counted;
  }

  get reads(): number {
    return [...this.#models.values()].reduce((sum, { reads }) => sum + reads, 0);
  }

  /** The misses by now, to come back to. */
  misses(): ReadonlyMap<string, number> {
    return new Map(Array.from(this.#models, ([model, { misses }]) => [model, misses]));
  }

  /** Forgets misses of an attempt that is made again in another way. */
  takeBack(misses: ReadonlyMap<string, number>): void {
    for (const [model, counted] of this.#models) counted.misses = misses.get(model) ?? 0;
  }

  get models(): ReadonlyMap<string, ModelReads> {
    return this.#models;
  }
}
