import type { BoundedStore, Bounds } from './policies/bounded-store';
import { storeWith, type PolicyName } from './policies/policies';
import { SharingStore, type SharingStoreOptions } from './policies/sharing-store';

/** How a weak bounded map is made. */
export interface WeakBoundedMapOptions<V, P extends object> extends Bounds {
  /** What an object weighs, in bytes: the same each time. */
  readonly weigh: (value: V) => number;
  /** @defaultValue 's3fifo' */
  readonly policy?: PolicyName | undefined;
  /** What objects may have in common, weighed once for all of them within the bounds. @defaultValue nothing */
  readonly shared?: Pick<SharingStoreOptions<never, V, P>, 'partsOf' | 'weighPart'> | undefined;
}

/** What somebody holds who wants an entry to stay: always the entry's latest object. */
export interface Lease<V extends object> {
  /** Undefined when the entry was deleted, until another is put in its place. */
  readonly value: V | undefined;
}

/**
 * A bounded map that never loses what somebody holds.
 *
 * The strong part is bounded, and its policy says what leaves it. Of what leaves, the entries that were lent stay reachable through the map
 * until the last who holds their lease lets go, whatever objects have taken each other's place in them meanwhile: one key has one object at any
 * time. What was never lent costs no weak reference.
 * @remarks Each call is O(1).
 */
export class WeakBoundedMap<K extends string | number, V extends object, P extends object = never> {
  readonly #strong: BoundedStore<K, V>;
  /** The leases that somebody holds. */
  readonly #lent = new Map<K, WeakRef<{ value: V | undefined }>>();
  readonly #weigh: (value: V) => number;
  readonly #collected = new FinalizationRegistry<{ readonly key: K; readonly ref: WeakRef<Lease<V>> }>(({ key, ref }) => {
    // The key may have another lease by now.
    if (this.#lent.get(key) === ref) this.#lent.delete(key);
  });
  #evictions = 0;

  /** @throws {MisuseError} TIER_BOUNDS when no bound is given, or one that is none */
  constructor({ weigh, policy = 's3fifo', maxEntries, maxBytes, shared }: WeakBoundedMapOptions<V, P>) {
    this.#weigh = weigh;
    const options = {
      maxEntries, maxBytes,
      onEvict: (): void => {
        this.#evictions += 1;
      },
    };
    this.#strong = shared ? new SharingStore<K, V, P>({ ...options, ...shared, policy }) : storeWith<K, V>(policy, options);
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
    for (const key of this.#lent.keys()) if (!this.#strong.has(key) && this.#heldOf(key) !== undefined) held += 1;
    return held;
  }

  /** Entries that had to leave since the map was made. */
  get evictions(): number {
    return this.#evictions;
  }

  /** The object, for a look that keeps no reference to it and is no use. */
  peek(key: K): V | undefined {
    return this.#strong.peek(key) ?? this.#heldOf(key);
  }

  /** The object, for a use that keeps no reference to it. */
  get(key: K): V | undefined {
    return this.#strong.get(key) ?? this.#comeBack(key);
  }

  /** A lease of the entry, the same for all who ask: the entry stays in the map for as long as somebody holds it. */
  lend(key: K): Lease<V> | undefined {
    const value = this.get(key);
    const known = this.#lent.get(key)?.deref();
    if (value === undefined || known) return known;
    const lease = { value };
    const ref = new WeakRef(lease);
    this.#lent.set(key, ref);
    this.#collected.register(lease, { key, ref });
    return lease;
  }

  /** Puts an object in, or in the place of another. One larger than the whole map is kept only while somebody holds a lease of its key. */
  set(key: K, value: V): void {
    this.#strong.set(key, value, this.#weigh(value));
    const lease = this.#lent.get(key)?.deref();
    if (lease) lease.value = value;
  }

  /** @returns whether there was an entry */
  delete(key: K): boolean {
    const wasHeld = this.#heldOf(key) !== undefined;
    const lease = this.#lent.get(key)?.deref();
    if (lease) lease.value = undefined;
    return this.#strong.delete(key) || wasHeld;
  }

  clear(): void {
    for (const ref of this.#lent.values()) {
      const lease = ref.deref();
      if (lease) lease.value = undefined;
    }
    this.#strong.clear();
  }

  /** All that can be reached, within the bounds and beyond. */
  *entries(): Generator<readonly [K, V]> {
    yield* this.#strong.entries();
    for (const key of this.#lent.keys()) {
      const value = this.#strong.has(key) ? undefined : this.#heldOf(key);
      if (value !== undefined) yield [key, value];
    }
  }

  /** What was held outside all the time is wanted again, and so within the bounds again. */
  #comeBack(key: K): V | undefined {
    const value = this.#heldOf(key);
    if (value !== undefined) this.#strong.set(key, value, this.#weigh(value));
    return value;
  }

  #heldOf(key: K): V | undefined {
    return this.#lent.get(key)?.deref()?.value;
  }
}
