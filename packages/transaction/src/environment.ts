import type { Column, ContextKey } from '@ormolu/cache';
import { contextKey, MISS } from '@ormolu/cache';
import type { Id, StoredId } from '@ormolu/kernel';
import type { Field, Model, Registry } from '@ormolu/registry';
import type { EnvironmentKey } from './environment-set';
import { PrefetchGroup } from './prefetch';
import { recordClassOf } from './record-class';
import type { RecordSet } from './recordset';
import type { Transaction } from './transaction';

/**
 * Who is asking, and in which context: every record belongs to one environment of one transaction.
 *
 * Equal arguments give the same object while one is alive; the transaction holds it weakly.
 * @see Odoo's `Environment`
 */
export class Environment {
  readonly transaction: Transaction;
  /** The user's id, or null when nobody in particular is asking. */
  readonly uid: number | null;
  /** Superuser: access is not limited. */
  readonly su: boolean;
  readonly context: Readonly<Record<string, unknown>>;
  #columns: (Column | undefined)[] = [];
  #generation = -1;
  #registry: Registry | undefined;

  /** Environments come from `db.transaction`, `withUser`, `withContext` and `sudo`, so that equal ones are one object. */
  constructor(transaction: Transaction, key: EnvironmentKey) {
    this.transaction = transaction;
    this.uid = key.uid;
    this.su = key.su;
    this.context = Object.freeze({ ...key.context });
  }

  /** The registry version this transaction works with. */
  get registry(): Registry {
    return this.transaction.registry;
  }

  /** The empty set of a model: where `browse`, `search` and `create` begin. @throws {UnknownModelError} MODEL_UNKNOWN */
  model(name: string): RecordSet {
    return this.#make(name, []);
  }

  /** The same, for another user. */
  withUser(user: number | null): Environment {
    return this.transaction.environment({ uid: user, su: false, context: this.context });
  }

  /** The same, with context keys added or replaced; a key set to `undefined` is removed. */
  withContext(context: Readonly<Record<string, unknown>>): Environment {
    const merged = Object.fromEntries(Object.entries({ ...this.context, ...context }).filter(([, value]) => value !== undefined));
    return this.transaction.environment({ uid: this.uid, su: this.su, context: merged });
  }

  /** The same, with access unlimited. */
  sudo(): Environment {
    return this.transaction.environment({ uid: this.uid, su: true, context: this.context });
  }

  /** The same, with another first company. */
  withCompany(company: StoredId): Environment {
    const others = allowedCompanies(this.context).filter((id) => id !== company);
    return this.withContext({ allowedCompanyIds: [company, ...others] });
  }

  /** The key under which a context-dependent field's values of this environment are cached. */
  cacheKey(field: { readonly dependsContext: readonly string[] }): ContextKey {
    return contextKey(field.dependsContext.map((name) => {
      if (name === 'uid') return [this.uid, this.su];
      if (name === 'company') return allowedCompanies(this.context)[0] ?? null;
      return this.context[name] ?? null;
    }));
  }

  /**
   * Runs plain synchronous code on an asynchronous database: a read of what is not loaded suspends the function, everything
   * missing is fetched in one batch, and it runs again.
   *
   * @param fn - not async; free of effects outside the transaction, because it may run several times
   * @returns what the one uninterrupted execution returned
   * @throws {RunError} RUN_ASYNC when `fn` returns a promise, RUN_SWALLOWED when it caught the suspension, RUN_ENDLESS when what
   * it fetches never suffices
   * @remarks One round trip per (prefetch set, path prefix) read for the first time, whatever the number of records.
   */
  run<T>(fn: () => T): Promise<T> {
    return this.transaction.run(fn);
  }

  /** Sends everything pending to the database and stays open. */
  flush(): Promise<void> {
    return this.transaction.flush();
  }

  /** Runs a statement of the caller's own, after a flush; what it changes is not noticed by the cache. */
  async sql(text: string, params: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    await this.transaction.flush();
    return this.transaction.statement((session) => session.sql(text, params));
  }

  /**
   * Reads stored values past the cache, in the cache's form.
   *
   * @returns for every id that exists, its values in the order of `fields`
   */
  async readStored(model: string, ids: readonly Id[], fields: readonly string[]): Promise<Map<Id, readonly unknown[]>> {
    return this.transaction.readStored(model, ids, fields);
  }

  /** A cached value, or `undefined` when it is not in memory. Nothing is fetched, computed or checked. */
  peek(field: Field, id: Id): unknown {
    const value = this.column(field).at(this.transaction.cache.slots(field.model).slotOf(id));
    return value === MISS ? undefined : value;
  }

  /** The cache's column for a field, as this environment sees it. */
  column(field: Field): Column {
    const cache = this.transaction.cache;
    if (this.#generation !== cache.generation || this.#registry !== this.transaction.registry) {
      this.#columns = [];
      this.#generation = cache.generation;
      this.#registry = this.transaction.registry;
    }
    let column = this.#columns[field.index];
    if (!column) {
      column = cache.column(field, field.dependsContext.length > 0 ? this.cacheKey(field) : undefined);
      this.#columns[field.index] = column;
    }
    return column;
  }

  /** Records of a model by id, sharing a prefetch group. */
  recordsOf(model: Model, ids: readonly Id[], group: PrefetchGroup = PrefetchGroup.of(ids)): RecordSet {
    return new (recordClassOf(this.transaction.registry, model))(this, ids, group);
  }

  #make(name: string, ids: readonly Id[]): RecordSet {
    return this.recordsOf(this.transaction.registry.model(name), ids);
  }
}

function allowedCompanies(context: Readonly<Record<string, unknown>>): readonly unknown[] {
  const allowed = context['allowedCompanyIds'];
  return Array.isArray(allowed) ? allowed : [];
}
