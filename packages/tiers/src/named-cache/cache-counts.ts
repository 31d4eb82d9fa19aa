import type { BusStats } from '../bus/bus-link';
import { Histogram, type DurationSummary } from '../histogram';
import type { GuardCounts } from '../shared/guarded-backend';
import type { SharedCounts } from '../shared/shared-level';
import type { CacheAlert } from './health-watch';
import { ModelTallies, ratio, type NamedModelStats } from './model-tally';
import type { RemovalReason } from './options';

/** What a named cache has done since it was made. */
export interface NamedCacheStats {
  readonly name: string;
  readonly requests: number;
  readonly hits: number;
  /** Of the misses: answered with an expired entry because its loader failed. */
  readonly staleHits: number;
  readonly misses: number;
  /** Hits among requests, 0 when there were none. */
  readonly hitRatio: number;
  readonly sets: number;
  readonly deletes: number;
  /** Entries that left by themselves, by reason. */
  readonly removals: Readonly<Record<RemovalReason, number>>;
  readonly loads: DurationSummary;
  readonly loadFailures: number;
  /** Of the removals: entries that left because the cache was full. */
  readonly evictions: number;
  /** Entries in this process's memory. */
  readonly size: number;
  /** What they take there, estimated: each is weighed where a bound asks for it, else one in sixteen. */
  readonly bytes: number;
  /** How long answers took, loaders included. Of hits in memory every 128th is looked at, and stands for the others. */
  readonly answers: DurationSummary;
  /** By model: what stands before the first colon of a key; `'*'` for keys without, and for those of more than 256 models. */
  readonly models: Readonly<Record<string, NamedModelStats>>;
  /** What the second level did; undefined without one. */
  readonly shared: SharedStats | undefined;
  /** What it said and heard over its bus; undefined without one. */
  readonly bus: BusStats | undefined;
}

/** What a second level has done since it was made. */
export interface SharedStats extends Readonly<SharedCounts>, Readonly<GuardCounts> {
  readonly isUp: boolean;
  /** Keys that are taken out of it before they are read again, because a write of theirs failed. */
  readonly unsure: number;
}

/** How a named cache is, asked just now. */
export interface CacheHealth {
  readonly name: string;
  /** `none`: it is in this process's memory alone. `away`: it does without its server until that is back. */
  readonly server: 'none' | 'up' | 'away';
  /** `away`: what others change is not heard of, and memory is trusted for seconds only. */
  readonly bus: 'none' | 'up' | 'away';
  /** How long the server took to answer; undefined when it did not. */
  readonly ms: number | undefined;
  /** Hits among requests since the cache was made, 0 when there were none. */
  readonly hitRatio: number;
  /** Keys that are taken out of the server before they are read again. */
  readonly unsure: number;
  /** The thresholds that are crossed, as of now. */
  readonly alerts: readonly CacheAlert[];
}

/** Counts what happens to a cache. */
export class CacheCounts {
  readonly models: ModelTallies = new ModelTallies();
  staleHits = 0;
  sets = 0;
  loadFailures = 0;
  readonly removals: Record<RemovalReason, number> = { bound: 0, 'too large': 0, expired: 0, deleted: 0 };
  readonly loads: Histogram = new Histogram();

  stats(name: string, size: number, { shared, bus }: Pick<NamedCacheStats, 'shared' | 'bus'>): NamedCacheStats {
    const { models, staleHits, sets, loadFailures } = this;
    const hits = models.sum((tally) => tally.hits);
    const misses = models.sum((tally) => tally.misses);
    return {
      name, requests: hits + misses, hits, staleHits, misses, sets, loadFailures, size, shared, bus,
      hitRatio: ratio(hits, misses),
      bytes: Math.round(models.sum((tally) => tally.bytes)),
      evictions: this.removals.bound,
      answers: models.answers().summary(),
      models: models.stats(),
      deletes: this.removals.deleted,
      removals: { ...this.removals },
      loads: this.loads.summary(),
    };
  }
}
