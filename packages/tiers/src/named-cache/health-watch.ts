import { durationMs, MisuseError, type Duration } from '@ormolu/kernel';
import { Histogram } from '../histogram';
import type { CacheCounts, SharedStats } from './cache-counts';
import { ratio } from './model-tally';

/** From where on a cache is told of. Each is judged over what happened since the check before; what is left out is not judged. */
export interface HealthThresholds {
  /** Hits among requests, between 0 and 1: fewer are told of. */
  readonly minHitRatio?: number | undefined;
  /** One answer in a hundred took longer, loaders included. */
  readonly maxLatency?: Duration | undefined;
  /** Of loads and calls of the server, the share that failed or was not even tried, between 0 and 1. */
  readonly maxErrorRate?: number | undefined;
  /** What entries take in this process's memory, in estimated bytes. */
  readonly maxBytes?: number | undefined;
  /** Of fewer requests, or loads and calls, nothing is said: they are judged together with those that follow. @defaultValue 100 */
  readonly minRequests?: number | undefined;
}

/** What an alert is about: `server` when it does not answer, `bus` when it is not connected. */
export type AlertKind = 'server' | 'bus' | 'hit ratio' | 'latency' | 'error rate' | 'memory';

/** Something that crossed a threshold, or is back behind it. */
export interface CacheAlert {
  readonly kind: AlertKind;
  readonly state: 'raised' | 'over';
  /** As it was found; milliseconds for latency. Undefined for `server` and `bus`. */
  readonly value: number | undefined;
  readonly limit: number | undefined;
}

/** What a watch looks at. */
export interface Watched {
  readonly counts: CacheCounts;
  readonly shared: () => SharedStats | undefined;
  /** Undefined where there is none. */
  readonly isServerUp: boolean | undefined;
  readonly isBusUp: boolean | undefined;
}

interface Totals {
  readonly hits: number;
  readonly misses: number;
  readonly answers: Histogram;
  readonly errors: number;
  readonly attempts: number;
}

/** Compares a cache with its thresholds, and tells once when one is crossed, and once when it no longer is. */
export class HealthWatch {
  readonly #limits: { readonly hitRatio: number; readonly latencyMs: number; readonly errorRate: number; readonly bytes: number; readonly requests: number };
  readonly #tell: (alert: CacheAlert) => void;
  readonly #standing = new Map<AlertKind, CacheAlert>();
  #asked: Totals = { hits: 0, misses: 0, answers: new Histogram(), errors: 0, attempts: 0 };
  #tried: Totals = this.#asked;

  /** @throws {MisuseError} TIER_THRESHOLD, DURATION_INVALID */
  constructor(name: string, thresholds: HealthThresholds, tell: (alert: CacheAlert) => void) {
    const { minHitRatio = 0, maxLatency, maxErrorRate = 1, maxBytes = Infinity, minRequests = 100 } = thresholds;
    const wrong = (option: keyof HealthThresholds, expects: string): MisuseError => new MisuseError('TIER_THRESHOLD', `Cache '${name}': the threshold ${option} is ${String(thresholds[option])}. Give ${expects}.`);
    if (!isShare(minHitRatio)) throw wrong('minHitRatio', 'a share between 0 and 1');
    if (!isShare(maxErrorRate)) throw wrong('maxErrorRate', 'a share between 0 and 1');
    if (!(maxBytes >= 0)) throw wrong('maxBytes', 'a number of bytes');
    if (!(Number.isInteger(minRequests) && minRequests >= 1)) throw wrong('minRequests', 'a whole number above zero');
    const unknown = Object.keys(thresholds).find((option) => !OPTIONS.includes(option));
    if (unknown !== undefined) throw new MisuseError('TIER_THRESHOLD', `Cache '${name}': there is no threshold '${unknown}'. There are ${OPTIONS.join(', ')}.`);
    this.#limits = { hitRatio: minHitRatio, latencyMs: maxLatency === undefined ? Infinity : durationMs(maxLatency, 'maxLatency'), errorRate: maxErrorRate, bytes: maxBytes, requests: minRequests };
    this.#tell = tell;
  }

  /** What is beyond its threshold, as of the last check. */
  get alerts(): readonly CacheAlert[] {
    return [...this.#standing.values()];
  }

  check({ counts, shared, isServerUp, isBusUp }: Watched): void {
    const { hitRatio, latencyMs, errorRate, bytes, requests } = this.#limits;
    const now = totalsOf(counts, shared());
    const hits = now.hits - this.#asked.hits;
    const misses = now.misses - this.#asked.misses;
    if (hits + misses >= requests) {
      const is = ratio(hits, misses);
      this.#judge('hit ratio', { isBeyond: is < hitRatio, value: is, limit: hitRatio });
      const { p99Ms } = now.answers.since(this.#asked.answers).summary();
      this.#judge('latency', { isBeyond: p99Ms > latencyMs, value: p99Ms, limit: latencyMs });
      this.#asked = now;
    }
    const attempts = now.attempts - this.#tried.attempts;
    if (attempts >= requests) {
      const is = (now.errors - this.#tried.errors) / attempts;
      this.#judge('error rate', { isBeyond: is > errorRate, value: is, limit: errorRate });
      this.#tried = now;
    }
    const taken = counts.models.sum((tally) => tally.bytes);
    this.#judge('memory', { isBeyond: taken > bytes, value: Math.round(taken), limit: bytes });
    this.#judge('server', { isBeyond: isServerUp === false, value: undefined, limit: undefined });
    this.#judge('bus', { isBeyond: isBusUp === false, value: undefined, limit: undefined });
  }

  #judge(kind: AlertKind, { isBeyond, value, limit }: { readonly isBeyond: boolean; readonly value: number | undefined; readonly limit: number | undefined }): void {
    const wasBeyond = this.#standing.has(kind);
    const alert: CacheAlert = { kind, state: isBeyond ? 'raised' : 'over', value, limit };
    if (isBeyond) this.#standing.set(kind, alert);
    else this.#standing.delete(kind);
    if (isBeyond !== wasBeyond) this.#tell(alert);
  }
}

const OPTIONS: readonly string[] = ['minHitRatio', 'maxLatency', 'maxErrorRate', 'maxBytes', 'minRequests'] satisfies readonly (keyof HealthThresholds)[];

function isShare(value: number): boolean {
  return value >= 0 && value <= 1;
}

function totalsOf({ models, loads, loadFailures }: CacheCounts, shared: SharedStats | undefined): Totals {
  const { calls = 0, failures = 0, refused = 0 } = shared ?? {};
  return {
    hits: models.sum((tally) => tally.hits), misses: models.sum((tally) => tally.misses), answers: models.answers(),
    errors: loadFailures + failures + refused, attempts: loads.summary().count + loadFailures + calls + refused,
  };
}
