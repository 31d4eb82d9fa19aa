import type { BoundedStore, BoundedStoreOptions } from './bounded-store';
import { checkedBounds } from './checked-bounds';
import { OldestFirst } from './oldest-first';

/**
 * Lets go of what came first: for caches whose entries all expire by time, where the bound is only there for safety.
 *
 * @remarks Each call is O(1). A use moves nothing and costs no more than a Map's.
 */
export class FifoStore<K, V> implements BoundedStore<K, V> {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #onEvict: BoundedStoreOptions<K, V>['onEvict'];
  readonly #entries = new Map<K, { readonly value: V; readonly bytes: number }>();
  readonly #order = new OldestFirst<K>();
  #bytes = 0;

  /** @throws {MisuseError} TIER_BOUNDS when no bound is given, or one that is none */
  constructor(options: BoundedStoreOptions<K, V>) {
    ({ maxEntries: this.#maxEntries, maxBytes: this.#maxBytes } = checkedBounds(options));
    this.#onEvict = options.onEvict;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)?.value;
  }

  peek(key: K): V | undefined {
    return this.#entries.get(key)?.value;
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  set(key: K, value: V, bytes = 1): boolean {
    this.delete(key);
    if (bytes > this.#maxBytes) {
      this.#onEvict?.(key, value, 'too large');
      return false;
    }
    this.#entries.set(key, { value, bytes });
    this.#bytes += bytes;
    this.#order.add(key);
    while (this.#entries.size > this.#maxEntries || this.#bytes > this.#maxBytes) this.evict();
    return true;
  }

  delete(key: K): boolean {
    const entry = this.#entries.get(key);
    if (!entry) return false;
    this.#entries.delete(key);
    this.#order.delete(key);
    this.#bytes -= entry.bytes;
    return true;
  }

  evict(): void {
    if (this.#entries.size === 0) return;
    const oldest = this.#order.takeOldest() as K; // there is one: both hold the same keys
    const value = this.#entries.get(oldest)?.value as V; // as above
    this.delete(oldest);
    this.#onEvict?.(oldest, value, 'bound');
  }

  clear(): void {
    this.#entries.clear();
    this.#order.clear();
    this.#bytes = 0;
  }

  *entries(): Generator<readonly [K, V]> {
    for (const [key, { value }] of this.#entries) yield [key, value];
  }
}
