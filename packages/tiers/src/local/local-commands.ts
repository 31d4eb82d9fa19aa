import { durationMs, MisuseError, type Duration, type EntryStamp } from '@ormolu/kernel';
import { estimatedBytes } from '../named-cache/entry-size';
import type { BoundedStore, Bounds } from '../policies/bounded-store';
import type { PolicyName } from '../policies/policies';
import { SharingStore } from '../policies/sharing-store';
import { isNews } from './held-records';
import { LastStamp, stampBytes } from './kept-stamp';
import type { AnswerCost, CommandEntry, QueryCache } from './query-cache';

/** Which answers to questions a process keeps. */
export interface LocalCommandsOptions extends Bounds {
  /** What leaves when it is full. @defaultValue 's3fifo' */
  readonly policy?: PolicyName | undefined;
  /** What the database answered faster is not worth keeping. @defaultValue 0: everything is */
  readonly minTime?: Duration | undefined;
  /** Answers of more records or groups are not kept. @defaultValue 10 000 */
  readonly maxResult?: number | undefined;
}

/** What the command cache holds, and what it did not take. */
export interface LocalCommandsStats {
  readonly answers: number;
  /** Estimated. */
  readonly bytes: number;
  readonly evictions: number;
  readonly tooFast: number;
  readonly tooLarge: number;
}

/** What an entry takes beside its answer, tags and stamp: its place in maps and queues. Measured in the memory test. */
const ENTRY_BYTES = 500;
const MOST_RESULTS = 10_000;

/**
 * The answers that one process had to its questions: which records a search found, how many there are, figures about groups.
 *
 * An entry says what it depends on, so that each reader can judge whether it holds for him. Nothing leaves because something was written:
 * an answer that is wrong for all new readers is replaced by the next one.
 * @see docs/command-cache.md; OrientDB's command cache
 */
export class LocalCommands implements QueryCache {
  readonly #entries: BoundedStore<string, CommandEntry>;
  readonly #lastStamp = new LastStamp();
  readonly #minMs: number;
  readonly #maxResult: number;
  #evictions = 0;
  #tooFast = 0;
  #tooLarge = 0;

  /** @throws {MisuseError} TIER_BOUNDS for bounds that are none @throws {MisuseError} DURATION_INVALID */
  constructor({ policy = 's3fifo', minTime = 0, maxResult = MOST_RESULTS, ...bounds }: LocalCommandsOptions) {
    this.#minMs = durationMs(minTime, 'minTime');
    if (!(maxResult >= 1)) throw new MisuseError('TIER_BOUNDS', `maxResult is ${String(maxResult)}: give a number of records of at least 1. To keep no answers, switch the command cache off.`);
    this.#maxResult = maxResult;
    this.#entries = new SharingStore<string, CommandEntry, EntryStamp>({
      ...bounds, policy,
      partsOf: ({ stamp }) => [stamp],
      weighPart: stampBytes,
      onEvict: () => {
        this.#evictions += 1;
      },
    });
  }

  /** The answer, for a look that is no use. */
  peek(key: string): CommandEntry | undefined {
    return this.#entries.peek(key);
  }

  get(key: string): CommandEntry | undefined {
    return this.#entries.get(key);
  }

  /** Keeps an answer, in the place of the one that is there unless that one sees more. @returns whether it was worth keeping */
  put(key: string, entry: CommandEntry, { ms, results }: AnswerCost): boolean {
    if (ms < this.#minMs) {
      this.#tooFast += 1;
      return false;
    }
    if (results > this.#maxResult) {
      this.#tooLarge += 1;
      return false;
    }
    const known = this.#entries.peek(key);
    if (known && known.digest === entry.digest && !isNews(entry.stamp, known.stamp)) return false;
    return this.#entries.set(key, { ...entry, stamp: this.#lastStamp.of(entry.stamp) }, ENTRY_BYTES + 2 * (key.length + (entry.digest?.length ?? 0)) + estimatedBytes([entry.answer, entry.tags]));
  }

  /** Forgets the answers that depend on a model, or all. @remarks Of a model: looks at every answer. */
  invalidate(model?: string): void {
    if (model === undefined) {
      this.#entries.clear();
      this.#lastStamp.forget();
      return;
    }
    const keys = [...this.#entries.entries()].flatMap(([key, { tags }]) => (tags.some((tag) => tag.model === model) ? [key] : []));
    for (const key of keys) this.#entries.delete(key);
  }

  stats(): LocalCommandsStats {
    return { answers: this.#entries.size, bytes: this.#entries.bytes, evictions: this.#evictions, tooFast: this.#tooFast, tooLarge: this.#tooLarge };
  }
}
