import { CacheCounts } from './cache-counts';
import { CacheListeners } from './cache-listeners';
import type { RemovalReason } from './options';

/** What happens to a cache: counted, and told to whoever listens. */
export class Happenings {
  readonly counts: CacheCounts = new CacheCounts();
  readonly listeners: CacheListeners = new CacheListeners();

  hit(key: string): void {
    this.counts.hits += 1;
    if (this.listeners.isHeard) this.listeners.tell('hit', () => ({ key, isStale: false }));
  }

  /** Answered with an expired entry, because its loader failed. It was counted as a miss before. */
  staleHit(key: string): void {
    this.counts.staleHits += 1;
    this.listeners.tell('hit', () => ({ key, isStale: true }));
  }

  miss(key: string): void {
    this.counts.misses += 1;
    if (this.listeners.isHeard) this.listeners.tell('miss', () => ({ key }));
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
}
