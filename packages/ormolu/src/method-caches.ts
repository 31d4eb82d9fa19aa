import { MisuseError, type Session, type Storage, type Tag } from '@ormolu/kernel';
import { MethodResults, type MethodResultsStats } from '@ormolu/tiers';
import type { Transaction } from '@ormolu/transaction';

/** What the results of a memoised function have come to, in one database. */
export interface OrmcacheStats extends MethodResultsStats {
  readonly name: string;
  readonly group: string;
}

/** A memoised function, as a database knows it. */
export interface Memo {
  readonly name: string;
  readonly group: string;
  readonly maxEntries: number;
}

/** Bears every result; its clear is a clear of all. */
const ALL = '$cache';

/** Group → the groups whose clear clears it, too; of all functions of this program. */
const parents = new Map<string, Set<string>>();

/** Says that results of a group are made from those of others. */
export function dependOn(group: string, others: readonly string[]): void {
  let known = parents.get(group);
  if (!known) parents.set(group, (known = new Set()));
  for (const other of others) known.add(other);
}

/** What results of a group go by: its own clears, those of the groups it depends on, directly or not, and clears of all. */
export function tagsOf(group: string): readonly Tag[] {
  const groups = new Set([group]);
  for (const one of groups) for (const parent of parents.get(one) ?? []) groups.add(parent);
  return [{ model: ALL }, ...Array.from(groups, (one) => ({ model: groupModel(one) }))];
}

function groupModel(group: string): string {
  return `${ALL}:${group}`;
}

/** The results of all memoised functions in one open database. */
export class MethodCaches {
  readonly #results = new Map<Memo, MethodResults>();

  /** Whether any memoised function was asked in this database. */
  get isUsed(): boolean {
    return this.#results.size > 0;
  }

  of(memo: Memo): MethodResults {
    let results = this.#results.get(memo);
    if (!results) this.#results.set(memo, (results = new MethodResults(memo.name, memo.maxEntries)));
    return results;
  }

  /** Clears a group, or all, with a transaction: for whoever sees its commit, in every process. */
  async clearIn(session: Session, group: string | undefined): Promise<void> {
    await session.signal?.([group === undefined ? ALL : groupModel(group)]);
    for (const results of this.#results.values()) results.forgetOwn(session);
  }

  /** The same in a transaction of its own. */
  async clear(storage: Storage, options: Parameters<Storage['open']>[0] & { readonly group: string | undefined }): Promise<void> {
    const { group, ...opening } = options;
    // Without a change log nothing is shared among transactions.
    if (!storage.changeLog) return;
    const session = await storage.open(opening);
    try {
      await this.clearIn(session, group);
      await session.commit();
    } finally {
      await session.rollback();
    }
  }

  stats(): readonly OrmcacheStats[] {
    return Array.from(this.#results, ([{ name, group }, results]) => ({ name, group, ...results.stats() }));
  }
}

/** A transaction with the results of its database. */
export interface Joined {
  readonly tx: Transaction;
  readonly caches: MethodCaches;
}

const joined = new WeakMap<object, Joined>();

/** Says which database a transaction belongs to. */
export function joinCaches(tx: Transaction, caches: MethodCaches): void {
  joined.set(tx, { tx, caches });
}

/** @throws {MisuseError} ORMCACHE_ENVIRONMENT for what is no environment of a transaction that a database opened */
export function cachesOf(env: { readonly transaction?: object } | undefined, name: string): Joined {
  const known = env?.transaction && joined.get(env.transaction);
  if (known) return known;
  throw new MisuseError('ORMCACHE_ENVIRONMENT', `The memoised function '${name}' was not given the environment of a transaction. Pass env, as db.transaction() gives it, as its first argument.`);
}
