import type { ContextKey } from '@ormolu/cache';

/**
 * All values of one record's field that has a value per company or language, by the cache's key of the place: what a copy takes along, and what a
 * draft was given. Where a single value stands, it is that of whoever asks.
 */
export class KeyedValues {
  readonly #values: ReadonlyMap<ContextKey, unknown>;

  constructor(values: Iterable<readonly [ContextKey, unknown]> = []) {
    this.#values = new Map(values);
  }

  [Symbol.iterator](): Iterator<readonly [ContextKey, unknown]> {
    return this.#values[Symbol.iterator]();
  }

  /** The value of one place; undefined when it has none of its own. */
  get(key: ContextKey): unknown {
    return this.#values.get(key);
  }

  /** The value that came first. */
  get first(): unknown {
    return this.values()[0];
  }

  values(): readonly unknown[] {
    return [...this.#values.values()];
  }

  /** The same with another value in one place. */
  with(key: ContextKey, value: unknown): KeyedValues {
    return new KeyedValues([...this.#values, [key, value]]);
  }

  map(change: (value: unknown) => unknown): KeyedValues {
    return new KeyedValues(Array.from(this.#values, ([key, value]) => [key, change(value)] as const));
  }
}
