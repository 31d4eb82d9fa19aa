import type { BoundedStore, Bounds } from './policies/bounded-store';
import { storeWith, type PolicyName } from './policies/policies';

/** How a weak bounded map is made. */
export interface WeakBoundedMapOptions<V> extends Bounds {
  /** What an object weighs, in bytes: the same each time. */
  readonly weigh: (value: V) => number;
  /** @defaultValue 's3fifo' */
  readonly policy?: PolicyName | undefined;
}

/**
 * A bounded map that never loses what somebody holds.
 *
 * The strong part is bounded, and its policy says what leaves it. Of what leaves, the objects that were lent stay reachable through the map
 * until the last who holds them lets go: one key has one object at any time. What was never lent costs no weak reference.
 * @remarks Each call is O(1).
 */
export class WeakBoundedMap<K extends string | number, V extends object> {
  readonly #strong: BoundedStore<K, V>;
  /** The objects that were lent, for as long as somebody holds them. */
  readonly #lent = new Map<K, WeakRef<V>>();
  readonly #weigh: (value: V) => number;
  readonly #collected = new FinalizationRegistry<{ readonly key: K; readonly ref: WeakRef<V> }>(({ key, ref }) => {
    // The key may have another object by now.
    if (this.#lent.get(key) === ref) this.#lent.delete(key);
  });
  #evictions = 0;

  /** @throws {MisuseError} TIER_BOUNDS when no bound is given, or one that is none */
  constructor({ weigh, policy = 's3fifo', maxEntries, maxBytes }: WeakBoundedMapOptions<V>) {
    this.#weigh = weigh;
    this.#strong = storeWith<K, V>(policy, {
      maxEntries, maxBytes,
      onEvict: () => {
        this.#evictions += 1;
      },
    });
  }

  /** Entries within the bounds. */
  get size(): number {
    return this.#strong.size;
  }

  /** Of the entries within the bounds, as they were put in. */
  get bytes(): number {
    return this.#strong.bytes;
  }

  /** Objects beyond the bounds, which others hold, or held when they were last looked at. */
  get heldOutside(): number {
    let held = 0;
    for (const [key, ref] of this.#lent) if (!this.#strong.has(key) && ref.deref() !== undefined) held += 1;
    return held;
  }

  /** Entries that had to leave since the map was made. */
  get evictions(): number {
    return this.#evictions;
  }

  /** The object, for a look that keeps no reference to it and is no use. */
  peek(key: K): V | undefined {
    return this.#strong.peek(key) ?? this.#lent.get(key)?.deref();
  }

  /** The object, for a use that keeps no reference to it. */
  get(key: K): V | undefined {
    return this.#strong.get(key) ?? this.#comeBack(key);
  }

  /** The object, for a use by somebody who may hold it: it stays in the map for as long as he does. */
  lend(key: K): V | undefined {
    const value = this.get(key);
    if (value === undefined || this.#lent.has(key)) return value;
    const ref = new WeakRef(value);
    this.#lent.set(key, ref);
    this.#collected.register(value, { key, ref }, ref);
    return value;
  }

  /** Puts an object in, or in the place of another. One larger than the whole map is not kept. */
  set(key: K, value: V): void {
    this.#takeBack(key);
    this.#strong.set(key, value, this.#weigh(value));
  }

  /** @returns whether there was an entry */
  delete(key: K): boolean {
    const wasHeld = this.#lent.get(key)?.deref() !== undefined;
    this.#takeBack(key);
    return this.#strong.delete(key) || wasHeld;
  }

  clear(): void {
    for (const key of [...this.#lent.keys()]) this.#takeBack(key);
    this.#strong.clear();
  }

  /** All that can be reached, within the bounds and beyond. */
  *entries(): Generator<readonly [K, V]> {
    yield* this.#strong.entries();
    for (const [key, ref] of this.#lent) {
      const value = this.#strong.has(key) ? undefined : ref.deref();
      if (value !== undefined) yield [key, value];
    }
  }

  /** What was held outside all the time is wanted again, and so within the bounds again. */
  #comeBack(key: K): V | undefined {
    const value = this.#lent.get(key)?.deref();
    if (value !== undefined) this.#strong.set(key, value, this.#weigh(value));
    return value;
  }

  #takeBack(key: K): void {
    const ref = this.#lent.get(key);
    if (!ref) return;
    this.#lent.delete(key);
    this.#collected.unregister(ref);
  }
}
