import { durationMs, type Duration, type Id, type QueryCaching, type StoredId } from '@ormolu/kernel';
import { argument, assertNames } from '../check-call';
import { contextText } from '../environment/context';
import { QueryNotLoadedError, RunError } from '../errors';
import { keysOf, prepare, type Question, type SearchOptions } from './question';
import { reachOf } from '../triggers/reach';
import type { RecordSet } from '../records/recordset';
import { count } from './search';
import { sendQuery, type Wants } from './send-query';
import type { Transaction } from '../transaction';
import { whileWaiting } from '../running/waiting';

/** What a query is made of; each step of building gives a new one. */
interface Parts extends SearchOptions {
  readonly filter: unknown;
  readonly prefetch: readonly string[];
  readonly caching?: QueryCaching | undefined;
}

/**
 * A search that is sent when its answer is wanted: awaited with `all`, `first`, `ids` and `count`, or, inside `env.run` and in
 * computes, simply iterated or measured, which suspends like a read.
 *
 * Immutable: `orderBy`, `limit`, `offset`, `prefetch` and what is said of caches give a new one.
 */
export class Query implements Iterable<RecordSet> {
  readonly #records: RecordSet;
  readonly #parts: Parts;

  /** @see RecordSet.where */
  constructor(records: RecordSet, parts: Parts) {
    this.#records = records;
    this.#parts = parts;
  }

  /** In this order: `orderBy('country.name', '-population')`. */
  orderBy(...order: readonly string[]): Query {
    assertNames('orderBy', order);
    return this.#with({ order });
  }

  /** At most so many records. */
  limit(limit: number): Query {
    return this.#with({ limit });
  }

  /** So many of the first are left out. */
  offset(offset: number): Query {
    return this.#with({ offset });
  }

  /** Brings paths into memory together with the records. */
  prefetch(...paths: readonly string[]): Query {
    assertNames('prefetch', paths);
    return this.#with({ prefetch: [...this.#parts.prefetch, ...paths] });
  }

  /** Keeps its answer in the named cache, and looks for it there. @throws {MisuseError} TIER_CACHE_UNKNOWN when it is sent */
  cache(name: string): Query {
    assertText('cache', name);
    return this.#caching({ cache: name, use: undefined });
  }

  /** Does not take an answer that is older. It only shortens what holds as it is; 0 takes one however old. @throws {MisuseError} DURATION_INVALID */
  cacheTtl(ttl: Duration): Query {
    return this.#caching({ ttlMs: durationMs(ttl, 'cacheTtl') });
  }

  /**
   * Names what its answer is kept under, beside its limit and offset. An entry of that name which answers another question, or the question of
   * somebody who looks at other companies' or languages' values, is not used, with a warning.
   */
  cacheKey(key: string): Query {
    assertText('cacheKey', key);
    return this.#caching({ key });
  }

  /** Asks the database, and leaves the answer to no cache; what `prefetch` brings is read as ever. */
  noCache(): Query {
    return this.#caching({ use: 'none' });
  }

  /** Asks the database, and keeps the answer in place of the one that is there. */
  cacheRefresh(): Query {
    return this.#caching({ use: 'refresh' });
  }

  /** The records. @remarks One statement beside the flush and those of `prefetch`; their values come along. */
  all(): Promise<RecordSet> {
    return this.#send('all', { withValues: true }).then((ids) => this.#recordsOf(ids));
  }

  /** The first of them, or undefined. */
  first(): Promise<RecordSet | undefined> {
    const one = this.#with({ limit: Math.min(1, this.#parts.limit ?? 1) });
    return one.#send('first', { withValues: true }).then((ids) => this.#recordsOf(ids).at(0));
  }

  /** Their ids alone. */
  ids(): Promise<readonly Id[]> {
    return this.#send('ids', { withValues: false });
  }

  /** How many there are; limit and offset do not count. @remarks One statement beside the flush. */
  count(): Promise<number> {
    this.#tx.assertOutsideRun('count');
    return Promise.resolve().then(() => count(this.#records, this.#parts.filter, this.#parts.caching));
  }

  /**
   * How many records it finds, within its limit and offset. Inside `env.run` and in computes.
   *
   * @throws as iterating does
   */
  get length(): number {
    return this.#answer({ withValues: false }).length;
  }

  /**
   * The records one by one. Inside `env.run` and in computes.
   *
   * @throws {QueryNotLoadedError} TX_QUERY_NOT_LOADED elsewhere
   * @throws {RunError} RUN_QUERY_AFTER_WRITE when it depends on what the running function has written
   * @throws {ComputeCycleError} TX_COMPUTE_CYCLE when a compute that asks it waits, by way of it, for itself
   */
  [Symbol.iterator](): Iterator<RecordSet> {
    return this.#recordsOf(this.#answer({ withValues: true }))[Symbol.iterator]();
  }

  get #tx(): Transaction {
    return this.#records.env.transaction;
  }

  #with(parts: Partial<Parts>): Query {
    return new Query(this.#records, { ...this.#parts, ...parts });
  }

  #caching(caching: QueryCaching): Query {
    return this.#with({ caching: { ...this.#parts.caching, ...caching } });
  }

  #question(): Question {
    const { env, model } = this.#records;
    return prepare(env, model, this.#parts.filter, this.#parts);
  }

  #recordsOf(ids: readonly StoredId[]): RecordSet {
    const { env, model } = this.#records;
    return env.recordsOf(env.registry.model(model), ids);
  }

  #send(call: string, wants: Pick<Wants, 'withValues'>): Promise<readonly StoredId[]> {
    this.#tx.assertOutsideRun(call);
    return Promise.resolve().then(() => sendQuery(this.#question(), this.#wants(wants)));
  }

  #wants({ withValues }: Pick<Wants, 'withValues'>): Wants {
    return { withValues, prefetch: withValues ? this.#parts.prefetch : [], caching: this.#parts.caching };
  }

  /** The ids as the running function may know them, or its suspension. */
  #answer(asked: Pick<Wants, 'withValues'>): readonly StoredId[] {
    const tx = this.#tx;
    const { execution } = tx;
    const question = this.#question();
    if (!execution) throw new QueryNotLoadedError(question.model.name);
    refuseWritten(tx, question);
    const { uid, su } = question.env;
    const wants = this.#wants(asked);
    const key = contextText({ model: question.model.name, filter: question.filter, order: question.order, limit: question.limit, offset: question.offset, keys: keysOf(question), uid, su });
    const valued = `${key} ${this.#parts.prefetch.join()}`;
    if (!tx.computes.isRunning) execution.trail.asked(valued);
    // Who has the ids already reads the values as he reads any.
    const known = execution.answers?.get(valued) ?? (wants.prefetch.length > 0 ? undefined : execution.answers?.get(key));
    if (known) return known;
    const computing = tx.computes.frames();
    return execution.ask({
      key: wants.withValues ? valued : key,
      fetch: () => whileWaiting(tx, { computing, looksAt: question.looked.fields, model: question.model.name }, () => sendQuery(question, wants)),
    });
  }
}

function assertText(call: string, given: unknown): void {
  if (typeof given !== 'string' || given === '') throw argument(call, given, 'a text');
}

/** What a function writes is not in the database before it has ended: a query that depends on it would not see it. */
function refuseWritten(tx: Transaction, { looked, model }: Question): void {
  for (const field of tx.execution?.written ?? []) {
    const concerned = [field, ...tx.registry.inversesOf(field), ...reachOf(tx, tx.registry.triggersOf(field)).concerned].find((other) => looked.fields.has(other));
    if (!concerned) continue;
    const how = concerned === field ? '' : `, which decides ${concerned.toString()}`;
    throw new RunError(
      'RUN_QUERY_AFTER_WRITE',
      `A query of ${model.name} depends on ${field.toString()}${how}, and the function that runs has written it. End the run first: what it wrote is sent when it has ended. Or ask before writing.`,
      { details: { model: model.name, field: field.toString() } },
    );
  }
}
