import type { BoundedStore, BoundedStoreOptions } from './bounded-store';
import { checkedBounds } from './checked-bounds';
import { OldestFirst } from './oldest-first';

interface Node<K, V> {
  readonly key: K;
  value: V;
  bytes: number;
  uses: number;
}

/** Counting ends here: what is used more often is not worth telling apart. */
const MOST_USES = 255;

/**
 * Lets go of what was used least; of several, of what came to its count first.
 *
 * Right where what is popular stays so. What was popular once would stay long after: every ten uses an entry, all counts are halved, so
 * that it goes in the end.
 * @remarks Each call is O(1), the halving amortised.
 */
export class LfuStore<K, V> implements BoundedStore<K, V> {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #onEvict: BoundedStoreOptions<K, V>['onEvict'];
  readonly #nodes = new Map<K, Node<K, V>>();
  /** By uses: the entries used so often, in the order they came to it. */
  #byUses = emptyCounts<Node<K, V>>();
  #bytes = 0;
  #usesSinceHalving = 0;

  /** @throws {MisuseError} TIER_BOUNDS when no bound is given, or one that is none */
  constructor(options: BoundedStoreOptions<K, V>) {
    ({ maxEntries: this.#maxEntries, maxBytes: this.#maxBytes } = checkedBounds(options));
    this.#onEvict = options.onEvict;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: K): V | undefined {
    const node = this.#nodes.get(key);
    if (!node) return undefined;
    this.#use(node);
    return node.value;
  }

  peek(key: K): V | undefined {
    return this.#nodes.get(key)?.value;
  }

  has(key: K): boolean {
    return this.#nodes.has(key);
  }

  set(key: K, value: V, bytes = 1): boolean {
    const uses = (this.#nodes.get(key)?.uses ?? 0) + 1;
    this.delete(key);
    if (bytes > this.#maxBytes) {
      this.#onEvict?.(key, value, 'too large');
      return false;
    }
    // Room is made first: a newcomer is the least used of all and would have to leave at once.
    while (this.#nodes.size + 1 > this.#maxEntries || this.#bytes + bytes > this.#maxBytes) this.evict();
    const node = { key, value, bytes, uses: Math.min(uses, MOST_USES) };
    this.#nodes.set(key, node);
    this.#bytes += bytes;
    this.#byUses[node.uses]?.add(node);
    return true;
  }

  delete(key: K): boolean {
    const node = this.#nodes.get(key);
    if (!node) return false;
    this.#nodes.delete(key);
    this.#bytes -= node.bytes;
    this.#byUses[node.uses]?.delete(node);
    return true;
  }

  evict(): void {
    const node = this.#byUses.find(({ size }) => size > 0)?.takeOldest();
    if (!node) return;
    this.delete(node.key);
    this.#onEvict?.(node.key, node.value, 'bound');
  }

  clear(): void {
    this.#nodes.clear();
    this.#byUses = emptyCounts();
    this.#bytes = 0;
    this.#usesSinceHalving = 0;
  }

  *entries(): Generator<readonly [K, V]> {
    for (const { key, value } of this.#nodes.values()) yield [key, value];
  }

  #use(node: Node<K, V>): void {
    if (node.uses < MOST_USES) {
      this.#byUses[node.uses]?.delete(node);
      node.uses += 1;
      this.#byUses[node.uses]?.add(node);
    }
    this.#usesSinceHalving += 1;
    if (this.#usesSinceHalving >= 10 * Math.max(16, this.#nodes.size)) this.#halve();
  }

  #halve(): void {
    this.#usesSinceHalving = 0;
    const before = this.#byUses;
    this.#byUses = emptyCounts();
    for (const same of before) {
      for (const node of same) {
        node.uses = Math.max(1, node.uses >> 1);
        this.#byUses[node.uses]?.add(node);
      }
    }
  }
}

function emptyCounts<T>(): readonly OldestFirst<T>[] {
  return Array.from({ length: MOST_USES + 1 }, () => new OldestFirst<T>());
}
