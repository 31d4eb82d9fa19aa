import { Histogram, type DurationSummary } from '../histogram';
import type { GuardCounts } from '../shared/guarded-backend';
import type { SharedCounts } from '../shared/shared-level';
import type { RemovalReason } from './options';

/** What a named cache has done since it was made. */
export interface NamedCacheStats {
  readonly name: string;
  readonly requests: number;
  readonly hits: number;
  /** Of the hits: answered with an expired entry because its loader failed. */
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
  readonly size: number;
  /** Estimated; 0 where no bound asks for it. */
  readonly bytes: number;
  /** What the second level did; undefined without one. */
  readonly shared: SharedStats | undefined;
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
  /** How long the server took to answer; undefined when it did not. */
  readonly ms: number | undefined;
  /** Hits among requests since the cache was made, 0 when there were none. */
  readonly hitRatio: number;
  /** Keys that are taken out of the server before they are read again. */
  readonly unsure: number;
}

/** Counts what happens to a cache. */
export class CacheCounts {
  hits = 0;
  staleHits = 0;
  misses = 0;
  sets = 0;
  loadFailures = 0;
  readonly removals: Record<RemovalReason, number> = { bound: 0, 'too large': 0, expired: 0, deleted: 0 };
  readonly loads: Histogram = new Histogram();

  stats(name: string, { size, bytes }: { readonly size: number; readonly bytes: number }, shared: SharedStats | undefined): NamedCacheStats {
    const { hits, staleHits, misses, sets, loadFailures } = this;
    const requests = hits + misses;
    return {
      name, requests, hits, staleHits, misses, sets, loadFailures, size, bytes, shared,
      hitRatio: requests === 0 ? 0 : hits / requests,
      deletes: this.removals.deleted,
      removals: { ...this.removals },
      loads: this.loads.summary(),
    };
  }
}
