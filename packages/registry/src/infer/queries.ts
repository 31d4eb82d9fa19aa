import type { Duration } from '@ormolu/kernel';
import type { OrderOf, PathsOf } from './paths';
import type { RecordIn, RecordSetIn } from './records';
import type { IdOf, Shape } from './shape';

/**
 * A search that is sent when its answer is wanted. Iterating and measuring it is for `env.run` and computes, where it suspends like a
 * read; everything with a promise is for elsewhere.
 */
export interface QueryIn<in out S extends Shape, in out N extends string> {
  /** In this order: `orderBy('country.name', '-population')`. */
  orderBy<const O extends readonly string[]>(...order: OrderOf<S, N, O>): QueryIn<S, N>;
  /** At most so many records. */
  limit(limit: number): QueryIn<S, N>;
  /** So many of the first are left out. */
  offset(offset: number): QueryIn<S, N>;
  /** Brings paths into memory together with the records. */
  prefetch<const P extends readonly string[]>(...paths: PathsOf<S, N, P>): QueryIn<S, N>;
  /** Keeps its answer in the named cache, and looks for it there. */
  cache(name: string): QueryIn<S, N>;
  /** Does not take an answer that is older: `'5m'`. It only shortens what holds as it is; 0 takes one however old. */
  cacheTtl(ttl: Duration): QueryIn<S, N>;
  /** Names what its answer is kept under. */
  cacheKey(key: string): QueryIn<S, N>;
  /** Asks the database, and leaves the answer to no cache. */
  noCache(): QueryIn<S, N>;
  /** Asks the database, and keeps the answer in place of the one that is there. */
  cacheRefresh(): QueryIn<S, N>;
  all(): Promise<RecordSetIn<S, N>>;
  /** The first of them, or undefined. */
  first(): Promise<RecordIn<S, N> | undefined>;
  ids(): Promise<readonly IdOf<S, N>[]>;
  /** How many there are; limit and offset do not count. */
  count(): Promise<number>;
  /** How many it finds, within its limit and offset. */
  readonly length: number;
  [Symbol.iterator](): Iterator<RecordIn<S, N>>;
}
