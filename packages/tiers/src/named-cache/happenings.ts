import type { Clock } from '@ormolu/kernel';
import { CacheCounts } from './cache-counts';
import { CacheListeners } from './cache-listeners';
import type { ModelTally } from './model-tally';
import type { RemovalReason } from './options';

/** A hit in memory takes about as long as two looks at the clock: one in so many is timed. A power of two. */
const TIMED_EVERY = 128;
const UNTIMED = -1;

/** What happens to a cache: counted, and told to whoever listens. */
export class Happenings {
  readonly counts: CacheCounts = new CacheCounts();
  readonly listeners: CacheListeners = new CacheListeners();
  readonly #clock: Clock;
  #turn = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** When a look into memory begins, which is told with what came of it. */
  begin(): number {
    this.#turn = (this.#turn + 1) & (TIMED_EVERY - 1);
    return this.#turn === 0 ? this.#clock.now() : UNTIMED;
  }

  /** Found in memory. @param beganMs - what `begin` gave */
  hit(key: string, tally: ModelTally, beganMs: number): void {
    tally.hits += 1;
    if (beganMs !== UNTIMED) this.#timed(tally, beganMs);
    if (this.listeners.isHeard) this.#tellHit(key);
  }

  /** Not in memory, and there is nowhere else to look. */
  miss(key: string, beganMs: number): void {
    const tally = this.counts.models.of(key);
    if (beganMs !== UNTIMED) this.#timed(tally, beganMs);
    this.#missed(key, tally);
  }

  /** Found on the server, or loaded there by another process: each such answer is timed. @param tookMs - how long it took */
  farHit(key: string, tookMs: number): void {
    const tally = this.counts.models.of(key);
    tally.hits += 1;
    tally.answers.add(tookMs);
    if (this.listeners.isHeard) this.#tellHit(key);
  }

  /** Found nowhere. */
  farMiss(key: string): void {
    this.#missed(key, this.counts.models.of(key));
  }

  /** A miss has its answer, or its failure: what was loaded is part of the time it took. */
  answered(key: string, sinceMs: number): void {
    this.counts.models.of(key).answers.add(this.#clock.now() - sinceMs);
  }

  /** Answered with an expired entry, because its loader failed. It is counted as a miss, too. */
  staleHit(key: string): void {
    this.counts.staleHits += 1;
    this.listeners.tell('hit', () => ({ key, isStale: true }));
  }

  /** An entry came into this process's memory. */
  kept(key: string): void {
    this.counts.sets += 1;
    if (this.listeners.isHeard) this.listeners.tell('set', () => ({ key }));
  }

  removed(key: string, reason: RemovalReason): void {
    this.counts.removals[reason] += 1;
    if (this.listeners.isHeard) this.listeners.tell('remove', () => ({ key, reason }));
  }

  /** @param key - or how many keys, for a load of several at once */
  loaded(key: string, durationMs: number): void {
    this.counts.loads.add(durationMs);
    this.listeners.tell('load', () => ({ key, durationMs }));
  }

  loadFailed(key: string, cause: unknown): void {
    this.counts.loadFailures += 1;
    this.listeners.tell('error', () => ({ key, cause }));
  }

  #timed(tally: ModelTally, beganMs: number): void {
    tally.answers.add(this.#clock.now() - beganMs, TIMED_EVERY);
  }

  #missed(key: string, tally: ModelTally): void {
    tally.misses += 1;
    if (this.listeners.isHeard) this.listeners.tell('miss', () => ({ key }));
  }

  #tellHit(key: string): void {
    this.listeners.tell('hit', () => ({ key, isStale: false }));
  }
}
