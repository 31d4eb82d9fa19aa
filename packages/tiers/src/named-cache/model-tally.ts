import { Histogram, type DurationSummary } from '../histogram';
import { estimatedBytes } from './entry-size';

/** What a cache did for the keys of one model: those that begin with its name and a colon. */
export interface NamedModelStats {
  readonly requests: number;
  readonly hits: number;
  readonly misses: number;
  /** Hits among requests, 0 when there were none. */
  readonly hitRatio: number;
  /** Entries in this process's memory, and what they take there, estimated. */
  readonly items: number;
  readonly bytes: number;
  /** Entries that left this process's memory because it was full. */
  readonly evictions: number;
  /** How long answers took, loaders included. Of hits in memory every 128th is looked at, and stands for the others. */
  readonly answers: DurationSummary;
}

/** Of values without a bound by bytes, every so many is weighed. */
const WEIGHED_EVERY = 16;

/** Counts for one model in the making. */
export class ModelTally {
  hits = 0;
  misses = 0;
  items = 0;
  bytes = 0;
  evictions = 0;
  readonly answers: Histogram = new Histogram();
  #typicalBytes = 0;
  #weighing = 0;

  /** What an entry takes, by those that were weighed: to walk every value would cost more than to keep it. */
  typicalBytes(key: string, value: unknown): number {
    if (this.#weighing === 0) {
      const bytes = estimatedBytes(key) + estimatedBytes(value);
      this.#typicalBytes = this.#typicalBytes === 0 ? bytes : 0.8 * this.#typicalBytes + 0.2 * bytes;
    }
    this.#weighing = (this.#weighing + 1) % WEIGHED_EVERY;
    return this.#typicalBytes;
  }

  stats(): NamedModelStats {
    const { hits, misses, items, bytes, evictions, answers } = this;
    return { requests: hits + misses, hits, misses, hitRatio: ratio(hits, misses), items, bytes: Math.round(bytes), evictions, answers: answers.summary() };
  }
}

export function ratio(hits: number, misses: number): number {
  return hits + misses === 0 ? 0 : hits / (hits + misses);
}

/** So many models have counts of their own; keys of others, and those without a colon, are counted together. */
const MOST_MODELS = 256;
export const OTHER_KEYS = '*';

/** Counts by model, of which there are never many. */
export class ModelTallies {
  readonly #models = new Map<string, ModelTally>();
  readonly #others = new ModelTally();

  of(key: string): ModelTally {
    const end = key.indexOf(':');
    if (end < 1) return this.#others;
    const model = key.slice(0, end);
    const known = this.#models.get(model);
    if (known || this.#models.size >= MOST_MODELS) return known ?? this.#others;
    const tally = new ModelTally();
    this.#models.set(model, tally);
    return tally;
  }

  *all(): Generator<ModelTally> {
    yield this.#others;
    yield* this.#models.values();
  }

  sum(of: (tally: ModelTally) => number): number {
    let sum = 0;
    for (const tally of this.all()) sum += of(tally);
    return sum;
  }

  /** How long all answers took. */
  answers(): Histogram {
    const all = new Histogram();
    for (const { answers } of this.all()) all.include(answers);
    return all;
  }

  stats(): Readonly<Record<string, NamedModelStats>> {
    const named = Array.from(this.#models, ([model, tally]): [string, NamedModelStats] => [model, tally.stats()]);
    const others = this.#others.stats();
    return Object.fromEntries(others.requests + others.items + others.evictions > 0 ? [...named, [OTHER_KEYS, others]] : named);
  }
}
