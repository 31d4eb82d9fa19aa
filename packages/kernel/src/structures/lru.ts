import { LRUCache } from 'lru-cache';
import { MisuseError } from '../errors';

/** A bounded map was given a bound that is none. */
export class LruCapacityError extends MisuseError {
  constructor(capacity: number) {
    super('LRU_CAPACITY', `An Lru needs a capacity of at least 1 and was given ${String(capacity)}. Give a whole number of entries; leave the cache out to keep nothing.`);
  }
}

/** `undefined` was given as a key. */
export class LruKeyError extends MisuseError {
  constructor() {
    super('LRU_KEY', 'An Lru was given undefined as a key. Make keys of what the entry depends on; where there is none, use null or an empty text.');
  }
}

/**
 * A map of bounded size that drops the entry used longest ago. Reading and writing an entry use it; `has` does not.
 *
 * @remarks Every call is O(1) but `clear` and `entries`. Room is taken as entries come, about fifty bytes each beside key and value: a great
 * capacity costs nothing by itself.
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
    // By size, not by number: what is bounded by its number has all its room taken at once.
    this.#entries = new LRUCache({ maxSize: capacity, sizeCalculation: () => 1 });
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

  /**
   * Puts an entry in as the one used last, and drops the one used longest ago when there are too many.
   * @throws {LruKeyError} LRU_KEY when the key is `undefined`
   */
  set(key: K, value: V): void {
    if ((key as unknown) === undefined) throw new LruKeyError();
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

  /**
   * The entries there are when the first is asked for, the one used longest ago first; those dropped meanwhile are left out. Going through
   * them does not count as use, and they may be used meanwhile.
   */
  *entries(): Generator<[K, V]> {
    // Listed first: using an entry would move it, and the walk with it.
    for (const key of [...this.#entries.rkeys()]) {
      const box = this.#entries.peek(key);
      if (box !== undefined) yield [key, box.value];
    }
  }
}
