/** What a set of durations looks like. */
export interface DurationSummary {
  readonly count: number;
  readonly meanMs: number;
  /** Half of the durations were at most this long, within the width of a bucket (19 %). */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** Buckets grow by the fourth root of two: four to a doubling. */
const PER_DOUBLING = 4;
const SMALLEST_MS = 0.001;
const BUCKETS = 120;

/**
 * Durations in a fixed number of buckets, each a fifth wider than the one before: from a microsecond to a quarter of an hour in
 * a kilobyte, with percentiles exact to a bucket.
 */
export class Histogram {
  readonly #buckets = new Float64Array(BUCKETS);
  #count = 0;
  #sumMs = 0;

  /**
   * @param ms - a duration; negative ones count as none
   * @param times - for how many like it this one stands. @defaultValue 1
   */
  add(ms: number, times = 1): void {
    this.#count += times;
    this.#sumMs += Math.max(0, ms) * times;
    const place = ms <= SMALLEST_MS ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log2(ms / SMALLEST_MS) * PER_DOUBLING));
    this.#buckets[place] = (this.#buckets[place] ?? 0) + times;
  }

  /** Takes the durations of another in. */
  include(other: Histogram, sign: 1 | -1 = 1): this {
    this.#count += sign * other.#count;
    this.#sumMs += sign * other.#sumMs;
    for (const [place, count] of other.#buckets.entries()) this.#buckets[place] = (this.#buckets[place] ?? 0) + sign * count;
    return this;
  }

  /** What came since it was as the other is. @param earlier - a copy of this one */
  since(earlier: Histogram): Histogram {
    return new Histogram().include(this).include(earlier, -1);
  }

  /** How many durations lie in each bucket that has any, with its upper bound; in order. */
  *buckets(): Generator<{ readonly upToMs: number; readonly count: number }> {
    for (const [place, count] of this.#buckets.entries()) if (count > 0) yield { upToMs: upperBoundMs(place), count };
  }

  summary(): DurationSummary {
    return {
      count: this.#count,
      meanMs: this.#count === 0 ? 0 : this.#sumMs / this.#count,
      p50Ms: this.#percentile(0.5),
      p95Ms: this.#percentile(0.95),
      p99Ms: this.#percentile(0.99),
    };
  }

  /** The upper bound of the bucket in which the percentile lies. */
  #percentile(share: number): number {
    let left = this.#count * share;
    if (left === 0) return 0;
    for (const [place, count] of this.#buckets.entries()) {
      left -= count;
      if (left <= 0) return upperBoundMs(place);
    }
    return upperBoundMs(BUCKETS);
  }
}

function upperBoundMs(place: number): number {
  return SMALLEST_MS * 2 ** (place / PER_DOUBLING);
}
