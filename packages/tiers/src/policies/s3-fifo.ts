import Denque from 'denque';
import { checkedBounds } from './checked-bounds';
import type { BoundedStore, BoundedStoreOptions } from './bounded-store';
import { OldestFirst } from './oldest-first';

/** An entry, wherever it waits. */
interface Node<K, V> {
  readonly key: K;
  value: V;
  bytes: number;
  /** Uses since it was put in or last looked at, three at most. */
  uses: number;
  isInMain: boolean;
  /** False once deleted; its queue drops it when it comes to the front. */
  isHeld: boolean;
}

/** The share of the store where newcomers are on trial. */
const TRIAL_SHARE = 0.1;
const MOST_USES = 3;

/**
 * Keeps what is used again, and lets what was used once pass through: S3-FIFO.
 *
 * Three queues, first in, first out. Newcomers wait in a small one. Those used again by the time they come to its front move on to the
 * main queue; the others leave, and only their keys are remembered for a while: who comes back in that time goes to the main queue at
 * once. In the main queue an entry that was used goes round again. A hit moves nothing: it counts one up.
 * @see Yang et al., FIFO queues are all you need for cache eviction, SOSP 2023
 * @remarks Each call is O(1), an eviction amortised. Deleted entries leave their queue when they come to its front, or when half of a queue is such.
 */
export class S3Fifo<K, V> implements BoundedStore<K, V> {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #onEvict: BoundedStoreOptions<K, V>['onEvict'];
  readonly #nodes = new Map<K, Node<K, V>>();
  #trial = new Denque<Node<K, V>>();
  #main = new Denque<Node<K, V>>();
  /** Keys that left the trial unused, the first to leave first. */
  readonly #ghosts = new OldestFirst<K>();
  #bytes = 0;
  #trialEntries = 0;
  #trialBytes = 0;

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
    if (node === undefined) return undefined;
    if (node.uses < MOST_USES) node.uses += 1;
    return node.value;
  }

  peek(key: K): V | undefined {
    return this.#nodes.get(key)?.value;
  }

  has(key: K): boolean {
    return this.#nodes.has(key);
  }

  set(key: K, value: V, bytes = 1): boolean {
    const known = this.#nodes.get(key);
    if (bytes > this.#maxBytes) {
      this.delete(key);
      this.#onEvict?.(key, value, 'too large');
      return false;
    }
    if (known) this.#replace(known, value, bytes);
    else this.#add(key, value, bytes);
    while (this.#nodes.size > this.#maxEntries || this.#bytes > this.#maxBytes) this.#pass();
    return true;
  }

  delete(key: K): boolean {
    const node = this.#nodes.get(key);
    if (!node) return false;
    this.#forget(node);
    this.#tidy();
    return true;
  }

  evict(): void {
    const { size } = this.#nodes;
    while (this.#nodes.size > 0 && this.#nodes.size === size) this.#pass();
  }

  clear(): void {
    this.#nodes.clear();
    this.#trial = new Denque();
    this.#main = new Denque();
    this.#ghosts.clear();
    this.#bytes = 0;
    this.#trialEntries = 0;
    this.#trialBytes = 0;
  }

  *entries(): Generator<readonly [K, V]> {
    for (const { key, value } of this.#nodes.values()) yield [key, value];
  }

  #add(key: K, value: V, bytes: number): void {
    const isInMain = this.#ghosts.delete(key);
    const node = { key, value, bytes, uses: 0, isInMain, isHeld: true };
    this.#nodes.set(key, node);
    this.#bytes += bytes;
    if (isInMain) {
      this.#main.push(node);
      return;
    }
    this.#trial.push(node);
    this.#trialEntries += 1;
    this.#trialBytes += bytes;
  }

  #replace(node: Node<K, V>, value: V, bytes: number): void {
    this.#bytes += bytes - node.bytes;
    if (!node.isInMain) this.#trialBytes += bytes - node.bytes;
    node.value = value;
    node.bytes = bytes;
    if (node.uses < MOST_USES) node.uses += 1;
  }

  /** One entry leaves, or moves on from the trial; entries that deserve another round in the main queue get it first. */
  #pass(): void {
    if (this.#isTrialFull()) this.#passTrial();
    else this.#passMain();
  }

  #isTrialFull(): boolean {
    if (this.#trialEntries === this.#nodes.size) return true;
    return this.#trialEntries > 0 && (this.#trialEntries >= this.#maxEntries * TRIAL_SHARE || this.#trialBytes >= this.#maxBytes * TRIAL_SHARE);
  }

  /** The first of the trial moves on, or leaves. */
  #passTrial(): void {
    const node = nextHeld(this.#trial);
    if (!node) return;
    this.#trialEntries -= 1;
    this.#trialBytes -= node.bytes;
    node.isInMain = true;
    if (node.uses > 1) {
      node.uses = 0;
      this.#main.push(node);
      return;
    }
    this.#remember(node.key);
    this.#leave(node);
  }

  /** The first of the main queue that was not used since it last came by leaves. */
  #passMain(): void {
    for (let node = nextHeld(this.#main); node; node = nextHeld(this.#main)) {
      if (node.uses === 0) {
        this.#leave(node);
        return;
      }
      node.uses -= 1;
      this.#main.push(node);
    }
  }

  #leave(node: Node<K, V>): void {
    this.#nodes.delete(node.key);
    this.#bytes -= node.bytes;
    node.isHeld = false;
    this.#onEvict?.(node.key, node.value, 'bound');
  }

  /** As many keys are remembered as there are entries: whoever comes back within a store's length was worth keeping. */
  #remember(key: K): void {
    this.#ghosts.add(key);
    while (this.#ghosts.size > this.#nodes.size) this.#ghosts.takeOldest();
  }

  #forget(node: Node<K, V>): void {
    this.#nodes.delete(node.key);
    this.#bytes -= node.bytes;
    node.isHeld = false;
    if (node.isInMain) return;
    this.#trialEntries -= 1;
    this.#trialBytes -= node.bytes;
  }

  /** Programs may delete for ever without filling the store: its queues must not grow with that. */
  #tidy(): void {
    if (this.#trial.length > 2 * this.#trialEntries + 16) this.#trial = held(this.#trial);
    if (this.#main.length > 2 * (this.#nodes.size - this.#trialEntries) + 16) this.#main = held(this.#main);
  }
}

function nextHeld<K, V>(queue: Denque<Node<K, V>>): Node<K, V> | undefined {
  for (let node = queue.shift(); node; node = queue.shift()) if (node.isHeld) return node;
  return undefined;
}

function held<K, V>(queue: Denque<Node<K, V>>): Denque<Node<K, V>> {
  return new Denque(queue.toArray().filter(({ isHeld }) => isHeld));
}
