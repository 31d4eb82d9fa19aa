/** Why an entry left a store by itself. */
export type EvictionReason = 'bound' | 'too large';

/** How much a store may hold. At least one bound must be given. */
export interface Bounds {
  /** @defaultValue no bound by number */
  readonly maxEntries?: number | undefined;
  /** In bytes, of the weights that entries are put in with. @defaultValue no bound by bytes */
  readonly maxBytes?: number | undefined;
}

/** How a store is made. */
export interface BoundedStoreOptions<K, V> extends Bounds {
  /** Hears of every entry that leaves because of a bound; not of those that are deleted or replaced. */
  readonly onEvict?: ((key: K, value: V, reason: EvictionReason) => void) | undefined;
}

/**
 * A map of bounded size. What leaves it when it is full is what its policy says.
 *
 * Invariant, after every call: no more entries and no more bytes than the bounds say.
 */
export interface BoundedStore<K, V> {
  readonly size: number;
  /** The bytes of all entries, as they were put in. */
  readonly bytes: number;
  /** The value, or undefined. The entry counts as used. */
  get(key: K): V | undefined;
  /** The value, or undefined. The entry does not count as used. */
  peek(key: K): V | undefined;
  has(key: K): boolean;
  /**
   * Puts an entry in, or replaces its value.
   *
   * @param bytes - its weight. @defaultValue 1
   * @returns false when it is larger than the whole store: it is not kept then, and what was there before is gone
   */
  set(key: K, value: V, bytes?: number): boolean;
  /** @returns whether there was an entry */
  delete(key: K): boolean;
  /** The entry that would be the next to leave because of a bound leaves, and is told of as such; nothing when there is none. */
  evict(): void;
  clear(): void;
  /** All entries, in no particular order. */
  entries(): IterableIterator<readonly [K, V]>;
}
