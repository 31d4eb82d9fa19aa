import type { BoundedStore, BoundedStoreOptions } from './bounded-store';
import { storeWith, type PolicyName } from './policies';

/** How a store is made whose entries have parts in common. */
export interface SharingStoreOptions<K, V, P extends object> extends BoundedStoreOptions<K, V> {
  readonly policy: PolicyName;
  /** What an entry may have in common with others: the same objects then. None twice. */
  readonly partsOf: (value: V) => readonly P[];
  /** What such a part takes, in bytes. */
  readonly weighPart: (part: P) => number;
}

/**
 * A bounded store that weighs parts once which many entries share, for as long as one of them is there.
 *
 * Weighed with each entry, entries made together would take their place many times over; weighed with the first of them, nobody would count
 * it any more once that one has left.
 * @remarks Each call is O(1), evictions amortised.
 */
export class SharingStore<K extends string | number, V extends object, P extends object> implements BoundedStore<K, V> {
  readonly #entries: BoundedStore<K, V>;
  readonly #options: SharingStoreOptions<K, V, P>;
  readonly #maxBytes: number;
  readonly #parts = new Map<P, { readonly bytes: number; holders: number }>();
  #partBytes = 0;

  /** @throws {MisuseError} TIER_BOUNDS when no bound is given, or one that is none */
  constructor(options: SharingStoreOptions<K, V, P>) {
    const { policy, maxEntries, maxBytes, onEvict } = options;
    this.#options = options;
    this.#maxBytes = maxBytes ?? Infinity;
    this.#entries = storeWith<K, V>(policy, {
      maxEntries, maxBytes,
      onEvict: (key, value, reason) => {
        this.#release(value);
        onEvict?.(key, value, reason);
      },
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#entries.bytes + this.#partBytes;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  peek(key: K): V | undefined {
    return this.#entries.peek(key);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  set(key: K, value: V, bytes = 1): boolean {
    if (bytes + this.#hold(value) > this.#maxBytes) {
      this.delete(key);
      this.#release(value);
      this.#options.onEvict?.(key, value, 'too large');
      return false;
    }
    const before = this.#entries.peek(key);
    // Room is made first: a newcomer may be the one that its policy would send away.
    if (before === undefined) this.#makeRoom(bytes);
    this.#entries.set(key, value, bytes);
    if (before !== undefined) {
      this.#release(before);
      this.#makeRoom(0);
    }
    return true;
  }

  delete(key: K): boolean {
    const value = this.#entries.peek(key);
    if (value !== undefined) this.#release(value);
    return this.#entries.delete(key);
  }

  evict(): void {
    this.#entries.evict();
  }

  clear(): void {
    this.#entries.clear();
    this.#parts.clear();
    this.#partBytes = 0;
  }

  entries(): IterableIterator<readonly [K, V]> {
    return this.#entries.entries();
  }

  #makeRoom(bytes: number): void {
    while (this.#entries.size > 0 && this.bytes + bytes > this.#maxBytes) this.#entries.evict();
  }

  /** @returns what its parts take */
  #hold(value: V): number {
    let bytes = 0;
    for (const key of this.#options.partsOf(value)) {
      let part = this.#parts.get(key);
      if (!part) {
        this.#parts.set(key, (part = { bytes: this.#options.weighPart(key), holders: 0 }));
        this.#partBytes += part.bytes;
      }
      part.holders += 1;
      bytes += part.bytes;
    }
    return bytes;
  }

  #release(value: V): void {
    for (const key of this.#options.partsOf(value)) {
      const part = this.#parts.get(key);
      if (!part) continue;
      part.holders -= 1;
      if (part.holders > 0) continue;
      this.#parts.delete(key);
      this.#partBytes -= part.bytes;
    }
  }
}
