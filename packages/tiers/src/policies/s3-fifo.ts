import Denque from 'denque';
import { checkedBounds } from './checked-bounds';
import type { BoundedStore, BoundedStoreOptions } from './bounded-store';
import { OldestFirst } from './oldest-first';

/** The share of the store where newcomers are on trial. */
const TRIAL_SHARE = 0.1;
const MOST_USES = 3;

/** Where the entry of a slot is. Who was deleted is in a queue still, which drops it, and frees its slot, when it comes to the front. */
const GONE = 0;
const ON_TRIAL = 1;
const IN_MAIN = 2;

/**
 * Keeps what is used again, and lets what was used once pass through: S3-FIFO.
 *
 * Three queues, first in, first out. Newcomers wait in a small one. Those used again by the time they come to its front move on to the
 * main queue; the others leave, and only their keys are remembered for a while: who comes back in that time goes to the main queue at
 * once. In the main queue an entry that was used goes round again. A hit moves nothing: it counts one up.
 * @see Yang et al., FIFO queues are all you need for cache eviction, SOSP 2023
 * @remarks Each call is O(1), an eviction amortised. Deleted entries leave their queue when they come to its front, or when half of a queue is such.
 *   An entry is a number, its slot: what is known of it lies side by side with the others' in a list for each fact, of which a hit fetches two. Objects would lie all over memory.
 */
export class S3Fifo<K, V> implements BoundedStore<K, V> {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #onEvict: BoundedStoreOptions<K, V>['onEvict'];
  readonly #slots = new Map<K, number>();
  // By slot; keys and values of entries that are gone are let go of.
  #keys: (K | undefined)[] = [];
  #values: (V | undefined)[] = [];
  #weights: number[] = [];
  /** Uses since it was put in or last looked at, three at most. */
  #uses: number[] = [];
  #places: number[] = [];
  #free: number[] = [];
  #trial = new Denque<number>();
  #main = new Denque<number>();
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
    return this.#slots.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: K): V | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    this.#use(slot);
    return this.#values[slot];
  }

  peek(key: K): V | undefined {
    const slot = this.#slots.get(key);
    return slot === undefined ? undefined : this.#values[slot];
  }

  has(key: K): boolean {
    return this.#slots.has(key);
  }

  set(key: K, value: V, bytes = 1): boolean {
    if (bytes > this.#maxBytes) {
      this.delete(key);
      this.#onEvict?.(key, value, 'too large');
      return false;
    }
    const slot = this.#slots.get(key);
    if (slot === undefined) this.#add(key, value, bytes);
    else this.#replace(slot, value, bytes);
    while (this.#slots.size > this.#maxEntries || this.#bytes > this.#maxBytes) this.#pass();
    return true;
  }

  delete(key: K): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    if (this.#places[slot] === ON_TRIAL) this.#endTrial(slot);
    this.#drop(slot, key);
    this.#tidy();
    return true;
  }

  evict(): void {
    const { size } = this.#slots;
    while (this.#slots.size > 0 && this.#slots.size === size) this.#pass();
  }

  clear(): void {
    this.#slots.clear();
    [this.#keys, this.#values, this.#weights, this.#uses, this.#places, this.#free] = [[], [], [], [], [], []];
    this.#trial = new Denque();
    this.#main = new Denque();
    this.#ghosts.clear();
    this.#bytes = 0;
    this.#trialEntries = 0;
    this.#trialBytes = 0;
  }

  *entries(): Generator<readonly [K, V]> {
    for (const [key, slot] of this.#slots) yield [key, this.#values[slot] as V]; // what has a slot has a value
  }

  #add(key: K, value: V, bytes: number): void {
    const isInMain = this.#ghosts.delete(key);
    const slot = this.#free.pop() ?? this.#keys.length;
    this.#slots.set(key, slot);
    this.#keys[slot] = key;
    this.#values[slot] = value;
    this.#weights[slot] = bytes;
    this.#uses[slot] = 0;
    this.#places[slot] = isInMain ? IN_MAIN : ON_TRIAL;
    this.#bytes += bytes;
    if (isInMain) {
      this.#main.push(slot);
      return;
    }
    this.#trial.push(slot);
    this.#trialEntries += 1;
    this.#trialBytes += bytes;
  }

  #replace(slot: number, value: V, bytes: number): void {
    const more = bytes - this.#weightOf(slot);
    this.#bytes += more;
    if (this.#places[slot] === ON_TRIAL) this.#trialBytes += more;
    this.#values[slot] = value;
    this.#weights[slot] = bytes;
    this.#use(slot);
  }

  #use(slot: number): void {
    const uses = this.#usesOf(slot);
    if (uses < MOST_USES) this.#uses[slot] = uses + 1;
  }

  #usesOf(slot: number): number {
    return this.#uses[slot] ?? 0;
  }

  #weightOf(slot: number): number {
    return this.#weights[slot] ?? 0;
  }

  /** One entry leaves, or moves on from the trial; entries that deserve another round in the main queue get it first. */
  #pass(): void {
    if (this.#isTrialFull()) this.#passTrial();
    else this.#passMain();
  }

  #isTrialFull(): boolean {
    if (this.#trialEntries === this.#slots.size) return true;
    return this.#trialEntries > 0 && (this.#trialEntries >= this.#maxEntries * TRIAL_SHARE || this.#trialBytes >= this.#maxBytes * TRIAL_SHARE);
  }

  /** The first of the trial moves on, or leaves. */
  #passTrial(): void {
    const slot = this.#nextHeld(this.#trial);
    if (slot === undefined) return;
    this.#endTrial(slot);
    if (this.#usesOf(slot) > 1) {
      this.#uses[slot] = 0;
      this.#places[slot] = IN_MAIN;
      this.#main.push(slot);
      return;
    }
    this.#remember(this.#keys[slot] as K); // it is held
    this.#leave(slot);
  }

  /** The first of the main queue that was not used since it last came by leaves. */
  #passMain(): void {
    for (let slot = this.#nextHeld(this.#main); slot !== undefined; slot = this.#nextHeld(this.#main)) {
      const uses = this.#usesOf(slot);
      if (uses === 0) {
        this.#leave(slot);
        return;
      }
      this.#uses[slot] = uses - 1;
      this.#main.push(slot);
    }
  }

  /** It has left its queue. */
  #leave(slot: number): void {
    const [key, value] = [this.#keys[slot] as K, this.#values[slot] as V]; // it is held
    this.#drop(slot, key);
    this.#free.push(slot);
    this.#onEvict?.(key, value, 'bound');
  }

  #endTrial(slot: number): void {
    this.#trialEntries -= 1;
    this.#trialBytes -= this.#weightOf(slot);
  }

  /** Its slot is not free before it has left its queue. */
  #drop(slot: number, key: K): void {
    this.#slots.delete(key);
    this.#bytes -= this.#weightOf(slot);
    this.#keys[slot] = undefined;
    this.#values[slot] = undefined;
    this.#places[slot] = GONE;
  }

  /** As many keys are remembered as there are entries: whoever comes back within a store's length was worth keeping. */
  #remember(key: K): void {
    this.#ghosts.add(key);
    while (this.#ghosts.size > this.#slots.size) this.#ghosts.takeOldest();
  }

  /** Programs may delete for ever without filling the store: its queues must not grow with that. */
  #tidy(): void {
    if (this.#trial.length > 2 * this.#trialEntries + 16) this.#trial = this.#held(this.#trial);
    if (this.#main.length > 2 * (this.#slots.size - this.#trialEntries) + 16) this.#main = this.#held(this.#main);
  }

  #held(queue: Denque<number>): Denque<number> {
    const held = new Denque<number>();
    for (let slot = this.#nextHeld(queue); slot !== undefined; slot = this.#nextHeld(queue)) held.push(slot);
    return held;
  }

  /** Takes it from its queue. */
  #nextHeld(queue: Denque<number>): number | undefined {
    for (let slot = queue.shift(); slot !== undefined; slot = queue.shift()) {
      if (this.#places[slot] !== GONE) return slot;
      this.#free.push(slot);
    }
    return undefined;
  }
}
