import { LRUCache } from 'lru-cache';
import type { BoundedStore, BoundedStoreOptions } from './bounded-store';
import { checkedBounds } from './checked-bounds';

/**
 * Lets go of what was used longest ago.
 *
 * Right where use comes in runs; a single scan over many entries empties it of all that is used often.
 * @see npm package lru-cache, which does the work
 */
export class LruStore<K extends string | number | bigint | symbol | object, V> implements BoundedStore<K, V> {
  /** Boxed: lru-cache takes undefined for a deletion. */
  readonly #entries: LRUCache<K, Box<V>>;
  readonly #maxBytes: number;
  readonly #onEvict: BoundedStoreOptions<K, V>['onEvict'];

  /** @throws {MisuseError} TIER_BOUNDS when no bound is given, or one that is none */
  constructor(options: BoundedStoreOptions<K, V>) {
    const { maxEntries, maxBytes } = checkedBounds(options);
    this.#maxBytes = maxBytes;
    this.#onEvict = options.onEvict;
    // Given bytes, lru-cache wants to know those of each entry; without a bound by bytes it need not count them.
    this.#entries = new LRUCache<K, Box<V>>({
      ...(Number.isFinite(maxEntries) ? { max: maxEntries } : {}),
      ...(Number.isFinite(maxBytes) ? { maxSize: maxBytes } : { maxSize: Number.MAX_SAFE_INTEGER }),
      dispose: ({ value }, key, reason) => {
        if (reason === 'evict') this.#onEvict?.(key, value, 'bound');
      },
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)?.value;
  }

  peek(key: K): V | undefined {
    return this.#entries.peek(key)?.value;
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  set(key: K, value: V, bytes = 1): boolean {
    if (bytes > this.#maxBytes) {
      this.#entries.delete(key);
      this.#onEvict?.(key, value, 'too large');
      return false;
    }
    this.#entries.set(key, { value }, { size: Math.max(1, bytes) });
    return true;
  }

  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  evict(): void {
    this.#entries.pop();
  }

  clear(): void {
    this.#entries.clear();
  }

  *entries(): Generator<readonly [K, V]> {
    for (const [key, { value }] of this.#entries.entries()) yield [key, value];
  }
}

interface Box<V> {
  readonly value: V;
}
