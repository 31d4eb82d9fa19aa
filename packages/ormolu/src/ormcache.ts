import { MisuseError } from '@ormolu/kernel';
import { valueKey, type ResultReader } from '@ormolu/tiers';
import { RecordSet, type Transaction } from '@ormolu/transaction';
import { cachesOf, dependOn, tagsOf, type Memo } from './method-caches';

/** How a function is memoised. */
export interface OrmcacheOptions<E, A extends readonly unknown[]> {
  /** In statistics and messages. */
  readonly name: string;
  /**
   * What distinguishes one result from another: plain values.
   * @defaultValue the arguments
   */
  readonly keys?: ((env: E, ...args: A) => readonly unknown[]) | undefined;
  /** Context keys whose values distinguish results, too. @defaultValue none */
  readonly context?: readonly string[] | undefined;
  /** What it is cleared with. @defaultValue 'default' */
  readonly group?: string | undefined;
  /** Groups whose clear clears this function's group, too: its results are made from theirs. @defaultValue none */
  readonly dependsOn?: readonly string[] | undefined;
  /** Results kept; the one used longest ago leaves first. @defaultValue 8192 */
  readonly maxEntries?: number | undefined;
}

/** A memoised function. */
export interface Memoised<E, A extends readonly unknown[], T> {
  (env: E, ...args: A): Promise<T>;
  readonly cacheName: string;
  /**
   * Clears the function's group, with the transaction of an environment: for this transaction at once, for all others, in every process,
   * when they see its commit. A rollback clears nothing.
   * @remarks One statement.
   */
  clear(env: E): Promise<void>;
}

/** What of an environment decides about results. */
interface Asking {
  readonly context: Readonly<Record<string, unknown>>;
  readonly transaction: object;
}

const MOST_ENTRIES = 8_192;
/** Versions of models, numbered: results of one are not those of another. */
const versions = new WeakMap<object, number>();
let numbered = 0;

/**
 * A function whose results are kept, for all transactions of a process, until its group is cleared.
 *
 * One computation per key runs at a time, but for transactions that have changed something, which neither wait nor are waited for,
 * computations that would wait for each other, and transactions at SERIALIZABLE, which take no result of another. What is computed in a transaction that has changed anything, or does not commit, is not kept. Nothing but a
 * clear, and another version of the models, makes results wrong: where they depend on records, whoever changes these clears the group in the
 * same transaction. A result is shared: do not change it, and do not return records, which belong to one transaction.
 *
 * @param fn - gets the environment it is asked in; that of the one who asks first
 * @throws {MisuseError} ORMCACHE_KEY, ORMCACHE_VALUE when called; ORMCACHE_OPTION at once
 * @see docs/ormcache.md; Odoo's `ormcache`
 * @example
 * const codes = ormcache((env: Env, country: number) => …, { name: 'codes', context: ['lang'], group: 'geo' });
 * await codes(env, 3);
 */
export function ormcache<E extends Asking, A extends readonly unknown[], T>(fn: (env: E, ...args: A) => T | Promise<T>, options: OrmcacheOptions<E, A>): Memoised<E, A, T> {
  const { name, keys = (_: E, ...args: A) => args, context = [], group = 'default', dependsOn = [], maxEntries = MOST_ENTRIES } = options;
  if (typeof name !== 'string' || name === '') throw new MisuseError('ORMCACHE_OPTION', 'ormcache() was given no name. Give one: statistics and messages use it.');
  if (!Number.isSafeInteger(maxEntries) || maxEntries < 1) throw new MisuseError('ORMCACHE_OPTION', `ormcache '${name}' was given maxEntries ${String(maxEntries)}. Give a whole number of at least 1.`);
  const memo: Memo = { name, group, maxEntries };
  dependOn(group, dependsOn);
  const call = async (env: E, ...args: A): Promise<T> => {
    const { tx, caches } = cachesOf(env, name);
    const parts = [...keys(env, ...args), ...context.map((one) => env.context[one])].map((value) => keyPart(name, value));
    const key = [String(numberOf(tx.registry)), ...parts].join();
    return caches.of(memo).get(readerOf(tx), { key, tags: tagsOf(group), compute: () => checked(name, fn(env, ...args)) });
  };
  const clear = (env: E): Promise<void> => {
    const { tx, caches } = cachesOf(env, name);
    return tx.below.statement((session) => caches.clearIn(session, group));
  };
  return Object.assign(call, { cacheName: name, clear });
}

const readers = new WeakMap<Transaction, ResultReader>();

function readerOf(tx: Transaction): ResultReader {
  let reader = readers.get(tx);
  if (!reader) {
    // What is assigned and not yet written is no more anybody else's than what is.
    reader = { session: tx.session, hasWritten: () => tx.below.hasWritten || tx.cache.getDirtyFields().length > 0, afterCommit: (work) => tx.postcommit.add(work) };
    readers.set(tx, reader);
  }
  return reader;
}

function numberOf(registry: object): number {
  let number = versions.get(registry);
  if (number === undefined) versions.set(registry, (number = numbered += 1));
  return number;
}

function keyPart(name: string, value: unknown): string {
  const kind = notPlain(value);
  if (kind !== undefined) throw new MisuseError('ORMCACHE_KEY', `The memoised function '${name}' would be kept under a ${kind}. Name plain values in its option 'keys': ids, texts, numbers.`);
  return valueKey(value);
}

/** What a value is, or has in it, by which results cannot be told apart: what a set or a map holds is none of its properties. */
function notPlain(value: unknown): string | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return typeof value;
  if (typeof value !== 'object' || value === null || value instanceof Date || ArrayBuffer.isView(value)) return undefined;
  if (value instanceof RecordSet) return 'recordset';
  if (Array.isArray(value)) return value.map(notPlain).find((kind) => kind !== undefined);
  const prototype = Object.getPrototypeOf(value) as object | null; // typed as any
  // Plain objects of another realm have a prototype of their own, with nothing above it.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return value.constructor.name;
  return Object.values(value).map(notPlain).find((kind) => kind !== undefined);
}

async function checked<T>(name: string, result: T | Promise<T>): Promise<T> {
  const value = await result;
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (parts.some((part) => part instanceof RecordSet)) {
    throw new MisuseError('ORMCACHE_VALUE', `The memoised function '${name}' returned records, which belong to one transaction. Return their ids, and browse them where they are needed.`);
  }
  return value;
}
