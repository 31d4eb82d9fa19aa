import { OrmoluError, type Clock, type Columns, type EntryStamp, type QueryCaching, type Session } from '@ormolu/kernel';
import type { KeyWarnings } from './key-warnings';
import type { LocalCache } from './local-cache';
import type { LocalCounts, LocalMiss } from './local-counts';
import type { AnswerCost, CommandEntry, QueryCache } from './query-cache';
import type { QueryTag } from './query-tags';

/** A question whose answer can be kept: where, under which key, and what it depends on. */
export interface Command {
  readonly model: string;
  readonly store: QueryCache;
  readonly key: string;
  readonly tags: readonly QueryTag[];
  readonly caching: QueryCaching;
  /** Of a key that was given: what it stands for. */
  readonly digest: string | undefined;
}

/** A question as far as it says how its answer is to be kept. */
interface Asked {
  readonly model: string;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  readonly caching?: QueryCaching | undefined;
}

/** What decides where answers are kept. */
export interface AnswersOptions {
  readonly cache: LocalCache;
  readonly counts: LocalCounts;
  readonly clock: Clock;
  /** A named cache. @throws {MisuseError} TIER_CACHE_UNKNOWN */
  readonly named: (name: string) => QueryCache;
  readonly warnings: KeyWarnings;
}

const AS_MADE: QueryCaching = {};

/** Where the answers to questions are found again: in the command cache, or in the named cache that a query asks for. */
export class Answers {
  readonly #options: AnswersOptions;

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  /**
   * @param known - makes the key and what it depends on
   * @returns undefined when the answer is not to be kept, the cache is off, or names are wrong, which who is asked below says better
   * @throws {MisuseError} TIER_CACHE_UNKNOWN
   */
  commandOf(session: Session, { model, limit, offset, caching = AS_MADE }: Asked, known: () => Pick<Command, 'key' | 'tags'>): Command | undefined {
    const { cache, named } = this.#options;
    if (caching.use === 'none') return undefined;
    const store = caching.cache !== undefined ? named(caching.cache) : cache.isEnabled ? cache.commands : undefined;
    if (!store || !session.sight) return undefined;
    try {
      const { key, tags } = known();
      // A search, a count and pages of one name are entries of their own.
      const own = caching.key === undefined ? key : `${key.slice(0, 1)}= ${JSON.stringify(model)} ${limit ?? '*'} ${offset ?? 0} ${caching.key}`;
      return { model, store, key: caching.cache === undefined ? own : `${model}:${own}`, tags, caching, digest: caching.key === undefined ? undefined : key };
    } catch (error) {
      if (OrmoluError.is(error)) return undefined;
      throw error;
    }
  }

  /** The entry that may hold for the reader, which he judges. Counts the question, and why there is none. */
  async look({ model, store, key, digest, caching }: Command): Promise<CommandEntry | undefined> {
    const { counts, clock } = this.#options;
    counts.questions += 1;
    const counted = counts.of(model).queries;
    counted.asked += 1;
    const entry = caching.use === 'refresh' ? undefined : await store.get(key);
    const reason = caching.use === 'refresh' ? 'refreshed' : !entry ? 'not kept' : entry.digest !== digest ? 'another question' : isExpired(entry, caching, clock.now()) ? 'expired' : undefined;
    if (reason === undefined) return entry;
    if (reason === 'another question') this.#options.warnings.warn(model, caching.key);
    counted.miss(reason, 1);
    return undefined;
  }

  hit({ model }: Command): void {
    this.#options.counts.of(model).queries.hits += 1;
  }

  /** Counts why an entry does not hold. @returns that there is no answer */
  missed({ model }: Command, reason: LocalMiss): Columns | undefined {
    this.#options.counts.of(model).queries.miss(reason, 1);
    return undefined;
  }

  /** Keeps what was answered below. @param askedAtMs - when that was asked @param ageMs - how much longer ago the database was */
  async keep({ store, key, tags, digest, caching }: Command, { stamp, answer, askedAtMs, ageMs = 0, results }: { readonly stamp: EntryStamp; readonly answer: unknown; readonly askedAtMs: number; readonly ageMs?: number | undefined; readonly results: number }): Promise<void> {
    const { cache, clock } = this.#options;
    // It may have been switched off meanwhile.
    if (caching.cache === undefined && !cache.isEnabled) return;
    const cost: AnswerCost = { ms: clock.now() - askedAtMs, results };
    await store.put(key, { stamp, tags, answer, askedAtMs: askedAtMs - ageMs, ...(caching.ttlMs === undefined ? {} : { ttlMs: caching.ttlMs }), ...(digest === undefined ? {} : { digest }) }, cost);
  }
}

function isExpired({ askedAtMs, ttlMs: kept = 0 }: CommandEntry, { ttlMs: wanted = 0 }: QueryCaching, now: number): boolean {
  return [kept, wanted].some((ttlMs) => ttlMs > 0 && now - askedAtMs >= ttlMs);
}
