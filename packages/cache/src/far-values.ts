/** Greater than any slot. */
const NO_SLOT = 2 ** 31 - 1;

/** Values on slots far behind those of a column's array, so that one value among a million records does not cost a million places. */
export class FarValues {
  readonly #raws = new Map<number, unknown>();
  /** No slot is less. */
  #from = NO_SLOT;

  get size(): number {
    return this.#raws.size;
  }

  get(slot: number): unknown {
    return this.#raws.get(slot);
  }

  set(slot: number, raw: unknown): void {
    this.#raws.set(slot, raw);
    this.#from = Math.min(this.#from, slot);
  }

  delete(slot: number): void {
    this.#raws.delete(slot);
  }

  /** The slots, from small to large. */
  ascending(): number[] {
    return [...this.#raws.keys()].sort((a, b) => a - b);
  }

  /** Some of what stands there, at most so many, in no order. */
  some(limit: number): unknown[] {
    const raws: unknown[] = [];
    for (const raw of this.#raws.values()) {
      if (raws.length === limit) break;
      raws.push(raw);
    }
    return raws;
  }

  /** Moves to an array that has grown what has its place there now; what stands in its last place is newer, and stays. */
  moveInto(places: unknown[]): void {
    if (places.length <= this.#from) return;
    const newest = places.length - 1;
    let from = NO_SLOT;
    for (const [slot, raw] of this.#raws) {
      if (slot > newest) {
        from = Math.min(from, slot);
        continue;
      }
      if (slot !== newest) places[slot] = raw;
      this.#raws.delete(slot);
    }
    this.#from = from;
  }
}
