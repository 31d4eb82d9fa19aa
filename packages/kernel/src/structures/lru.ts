import { LRUCache } from 'lru-cache';
import { MisuseError } from '../errors';

/** A bounded map was given a bound that is none. */
export class LruCapacityError extends MisuseError {
  constructor(capacity: number) {
    super('LRU_CAPACITY', `An Lru needs a capacity of at least 1 and was given ${String(capacity)}. Give a whole number of entries; leave the cache out to keep nothing.`);
  }
}

/**
 * A map of bounded size that drops the entry used longest ago. Reading and writing an entry use it; `has` does not.
 *
 * @see npm package lru-cache, which does the work; oracle/README.md, structure-traces: the recorded behaviour
 */
export class Lru<K extends string | number | bigint | boolean | symbol | object, V> {
  readonly capacity: number;
  /** Values are boxed, because lru-cache takes `undefined` for absence and `set(key, undefined)` for a deletion. */
  readonly #entries: LRUCache<K, { readonly value: V }>;

  /**
   * @param capacity - the greatest number of entries, at least 1
   * @throws {LruCapacityError} LRU_CAPACITY
   */
  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) throw new LruCapacityError(capacity);
    this.capacity = capacity;
    this.#entries = new LRUCache({ max: capacity });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value, or undefined when there is none; `has` tells the two apart. The entry counts as used. */
  get(key: K): V | undefined {
    return this.#entries.get(key)?.value;
  }

  /** Whether there is an entry. It does not count as used. */
  has(key: K): boolean {
    return this.#entries.has(key);
  }

  /** Puts an entry in as the one used last, and drops the one used longest ago when there are too many. */
  set(key: K, value: V): void {
    this.#entries.set(key, { value });
  }

  /** @returns whether there was an entry */
  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  /** Takes an entry out. @returns its value, or undefined when there was none */
  take(key: K): V | undefined {
    const value = this.#entries.peek(key)?.value;
    this.#entries.delete(key);
    return value;
  }

  clear(): void {
    this.#entries.clear();
  }

  /** The entries, the one used longest ago first. */
  *entries(): Generator<[K, V]> {
    for (const key of this.#entries.rkeys()) {
      const box = this.#entries.peek(key);
      if (box !== undefined) yield [key, box.value];
    }
  }
}
