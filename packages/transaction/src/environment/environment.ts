import type { CheckEnvironment, ColumnView, ContextKey } from '@ormolu/cache';
import { contextKey, MISS } from '@ormolu/cache';
import { isStoredId, type CallInFlow, type Columns, type Id, type StoredId } from '@ormolu/kernel';
import type { Field, Model, Registry } from '@ormolu/registry';
import { companiesModel, companyField, usersModel } from './actors';
import type { Context } from './context';
import type { EnvironmentKey } from './environment-set';
import { argument, assertIds, assertValues, idOfOne } from '../check-call';
import type { FlushSpec } from '../flushing/flush';
import { fetchColumns } from '../reading/fetch';
import { keyOfPlace, meetCompany, placeOf, placeOfKey } from './keyed-fields';
import { forgetStored } from '../forget';
import { PrefetchGroup } from '../reading/prefetch';
import { readField } from '../reading/read';
import { readStored } from '../reading/read-stored';
import type { RecordClass } from '../records/keeping-class';
import { recordClassOf } from '../records/record-class';
import { Members } from '../records/members';
import type { RecordSet } from '../records/recordset';
import { NOTHING_SEEN, Sight } from './sight';
import type { Transaction } from '../transaction';

/** A statement that changes nothing by itself. A function called in it may: who calls one invalidates. */
const QUESTION = /^\s*(?:select|values|table|show|explain(?!\s+analy[sz]e|\s*\())\b/i;

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
  readonly context: Context;
  #sight: Sight = NOTHING_SEEN;
  #registry: Registry | undefined;
  #lastModel = '';
  #lastClass: RecordClass | undefined;
  #known: Known = {};

  /** Environments come from `db.transaction`, `withUser`, `withContext` and `sudo`, so that equal ones are one object. */
  constructor(transaction: Transaction, key: EnvironmentKey) {
    this.transaction = transaction;
    this.uid = key.uid;
    this.su = key.su;
    this.context = key.context;
  }

  /** The registry version this transaction works with. */
  get registry(): Registry {
    return this.transaction.registry;
  }

  /** The empty set of a model: where `browse`, `search` and `create` begin. @throws {UnknownModelError} MODEL_UNKNOWN */
  model(name: string): RecordSet {
    return this.#make(name, []);
  }

  /**
   * The user's record, with access unlimited; null when nobody in particular is asking.
   *
   * @throws {NoActorError} DB_USERS_UNNAMED when the database was opened without `users`
   */
  get user(): RecordSet | null {
    const model = usersModel(this.transaction.actors);
    if (this.uid === null) return null;
    return (this.#facts().user ??= this.sudo().model(model).browse(this.uid));
  }

  /**
   * The id of the company on whose behalf is asked: the first of `context.allowedCompanyIds`, else the user's. Null when there is
   * neither. It stays the same for as long as this environment lives.
   *
   * @throws {NotLoadedError} TX_NOT_LOADED outside `env.run` when it is that of a user who is not in memory
   */
  get companyId(): StoredId | null {
    const known = this.#facts();
    if (known.companyId === undefined) known.companyId = allowedCompanies(this.context)[0] ?? this.#userCompany();
    return known.companyId;
  }

  /** Makes sure that the company is known. @remarks One round trip at most. */
  async meetCompany(): Promise<void> {
    if (this.#facts().companyId !== undefined) return;
    const field = companyField(this.registry, this.transaction.actors);
    const { companies } = this.transaction;
    if (!field || this.uid === null || allowedCompanies(this.context).length > 0 || companies.of(field, this.uid) !== undefined) return;
    await fetchColumns(this.transaction, [field], [this.uid]);
    companies.meet(field, this.uid);
  }

  /** The company's record; null when there is none. @throws {NoActorError} DB_COMPANIES_UNNAMED when the database was opened without `companies` */
  get company(): RecordSet | null {
    const model = companiesModel(this.transaction.actors, 'env.company');
    const { companyId } = this;
    return companyId === null ? null : (this.#facts().company ??= this.model(model).browse(companyId));
  }

  /** All companies of `context.allowedCompanyIds`, else the user's. @throws {NoActorError} DB_COMPANIES_UNNAMED */
  get companies(): RecordSet {
    const model = companiesModel(this.transaction.actors, 'env.companies');
    const allowed = allowedCompanies(this.context);
    const { companyId } = this;
    return (this.#facts().companies ??= this.model(model).browse(allowed.length > 0 || companyId === null ? allowed : [companyId]));
  }

  /**
   * The groups of the user, as the database was told.
   *
   * @remarks Asked once; once more by a call that creates or deletes while another is finding out. Nobody is in any group unless `groupsOf` says so.
   */
  groups(): Promise<ReadonlySet<string>> {
    const { actors: { groupsOf }, exclusive: { turn } } = this.transaction;
    const facts = this.#facts();
    const known = facts.groups;
    // Who finds out may create something himself, and wait for the turn of the one who asks here.
    if (known && (known.isFound || !turn || known.turn === turn)) return known.names;
    // With access unlimited: who finds out who may see what must not be asked the same.
    const names = Promise.resolve(groupsOf?.(this.sudo()) ?? []).then((found) => new Set(found));
    const asked: NonNullable<Known['groups']> = { names, turn, isFound: false };
    facts.groups = asked;
    const found = (): void => { asked.isFound = true; };
    names.then(found, found);
    return names;
  }

  /** The language of the context, or null. */
  get lang(): string | null {
    const { lang } = this.context;
    return typeof lang === 'string' ? lang : null;
  }

  /** The same, for another user, whose access is limited. */
  withUser(user: number | RecordSet | null): Environment {
    // The ids of users are whole numbers: a `uid` is one.
    const uid = idOfOne('withUser', user, USER) as number | null;
    if (uid !== null && !Number.isInteger(uid)) throw argument('withUser', uid, USER);
    return this.transaction.environment({ uid, su: false, context: this.context });
  }

  /** The same, with context keys added or replaced; a key set to `undefined` is removed. */
  withContext(context: Context): Environment {
    assertValues('withContext', context, "an object of context keys: { lang: 'fr_FR' }");
    return this.transaction.environment({ uid: this.uid, su: this.su, context: { ...this.context, ...context } });
  }

  /** The same, with access unlimited. */
  sudo(): Environment {
    return this.su ? this : this.transaction.environment({ uid: this.uid, su: true, context: this.context });
  }

  /** The same, with another first company; those allowed besides stay. */
  withCompany(company: StoredId | RecordSet): Environment {
    const id = idOfOne('withCompany', company, COMPANY) as StoredId; // what else it may be is refused below
    const { registry, actors } = this.transaction;
    const model = actors.companies === undefined ? undefined : registry.models.get(actors.companies);
    if (model) assertIds(model, [id], 'withCompany');
    else if (!['number', 'bigint', 'string'].includes(typeof id)) throw argument('withCompany', id, COMPANY);
    const others = allowedCompanies(this.context).filter((other) => other !== id);
    return this.withContext({ allowedCompanyIds: [id, ...others] });
  }

  /** The key under which a context-dependent field's values of this environment are cached. */
  cacheKey(field: { readonly dependsContext: readonly string[]; readonly keyedBy?: Field['keyedBy'] }): string {
    if (field.keyedBy) return keyOfPlace(placeOf(this, field.keyedBy));
    return contextKey(field.dependsContext.map((name) => {
      if (name === 'uid') return [this.uid, this.su];
      if (name === 'company') return this.companyId;
      return this.context[name] ?? null;
    }));
  }

  /**
   * Runs plain synchronous code on an asynchronous database: a read of what is not loaded suspends the function, everything
   * missing is fetched in one batch, and it runs again.
   *
   * @param fn - not async; free of effects outside the transaction, because it may run several times
   * @returns what the one uninterrupted execution returned
   * @throws {RunError} RUN_ASYNC when `fn` returns a promise, RUN_ITERATOR when it is a generator, RUN_SWALLOWED when it caught the suspension, RUN_ENDLESS when what
   * it fetches never suffices
   * @remarks One round trip per (prefetch set, path prefix) read for the first time, whatever the number of records.
   */
  run<T>(fn: () => T): Promise<T> {
    return this.transaction.run(fn);
  }

  /** Sends everything pending to the database and stays open. @param spec - only these fields, of all records or of some */
  flush(spec?: FlushSpec): Promise<void> {
    return this.transaction.flush(spec);
  }

  /**
   * Runs a statement of the caller's own, after a flush.
   *
   * What it changes, nobody can tell from outside: unless it is plainly a question, memory forgets all it knows of the database. Stored
   * computed fields do not follow; `records.modified` says what has changed.
   */
  async sql(text: string, params: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    await this.transaction.flush();
    const isQuestion = QUESTION.test(text);
    const rows = await this.transaction.below.statement((session) => session.sql(text, params), { isQuestion });
    if (!isQuestion) forgetStored(this.transaction);
    return rows;
  }

  /**
   * Reads stored values past the cache, in the cache's form, as this environment sees them: what `cache.check` compares with.
   *
   * @param fields - that have a column
   * @returns the ids that exist, and a list of values for each field, in the order of these ids
   * @remarks One statement.
   */
  async readStored(model: string, ids: readonly Id[], fields: readonly string[]): Promise<Columns> {
    await meetCompany(this);
    return readStored(this.transaction, { model, ids: ids.filter(isStoredId), fields }, (field) => placeOf(this, field));
  }

  /** Who sees a field under a context key, if there is anybody. */
  inContext(field: { readonly dependsContext: readonly string[]; readonly keyedBy?: Field['keyedBy'] }, key: ContextKey): CheckEnvironment | undefined {
    const { transaction } = this;
    if (field.keyedBy) return { cacheKey: () => key, readStored: (model, ids, fields) => readStored(transaction, { model, ids, fields }, () => placeOfKey(key)) };
    for (const env of this.transaction.envs) if (env.cacheKey(field) === key) return env;
    return undefined;
  }

  /** A cached value, or `undefined` when it is not in memory. Nothing is fetched, computed or checked. */
  peek(field: Field, id: Id): unknown {
    const value = this.column(field).of(id);
    return value === MISS ? undefined : value;
  }

  /** What it sees of the cache, until that is emptied. */
  get sight(): Sight {
    this.#keepUp();
    return this.#sight;
  }

  /** The cache's column for a field, as this environment sees it. */
  column(field: Field): ColumnView {
    const { columns } = this.sight;
    let column = columns[field.index];
    if (!column) {
      column = this.transaction.cache.column(field, field.dependsContext.length > 0 ? this.cacheKey(field) : undefined);
      columns[field.index] = column;
    }
    return column;
  }

  /** The class of a model's records. @throws {UnknownModelError} MODEL_UNKNOWN */
  recordClass(model: string): RecordClass {
    this.#keepUp();
    // A walk along a relation asks for the same model again and again.
    if (model === this.#lastModel && this.#lastClass) return this.#lastClass;
    const found = recordClassOf(this.transaction.registry.model(model));
    this.#lastModel = model;
    this.#lastClass = found;
    return found;
  }

  /** Records of a model by id, sharing a prefetch group. */
  recordsOf(model: Model, ids: readonly Id[], group: PrefetchGroup = PrefetchGroup.of(this, ids)): RecordSet {
    const [only] = ids;
    return new (recordClassOf(model))(group, only !== undefined && ids.length === 1 ? only : new Members(ids));
  }

  #userCompany(): StoredId | null {
    const field = companyField(this.transaction.registry, this.transaction.actors);
    const user = field && this.user;
    if (!field || !user || this.uid === null) return null;
    const { companies } = this.transaction;
    const met = companies.of(field, this.uid);
    if (met !== undefined) return met;
    // A many2one of a stored record is read as a record or null.
    const company = this.transaction.readingAside(() => readField(user, field)) as RecordSet | null;
    companies.meet(field, this.uid);
    const id = company?.ids[0];
    return id !== undefined && isStoredId(id) ? id : null;
  }

  /** What this environment has worked out, for the registry version of now. */
  #facts(): Known {
    this.#keepUp();
    return this.#known;
  }

  /** Columns are those of a cache that has not been emptied; all else holds until the registry is another. */
  #keepUp(): void {
    const { cache, registry } = this.transaction;
    if (this.#sight.life.isCurrent && this.#registry === registry) return;
    this.#sight = new Sight(cache.life);
    this.#lastClass = undefined;
    if (this.#registry !== registry) this.#known = {};
    this.#registry = registry;
  }

  #make(name: string, ids: readonly Id[]): RecordSet {
    return this.recordsOf(this.transaction.registry.model(name), ids);
  }
}

/** What an environment works out when it is first asked, and keeps. */
interface Known {
  user?: RecordSet;
  companyId?: StoredId | null;
  company?: RecordSet;
  companies?: RecordSet;
  groups?: { readonly names: Promise<ReadonlySet<string>>; readonly turn: CallInFlow | undefined; isFound: boolean };
}

function allowedCompanies(context: Context): readonly StoredId[] {
  const allowed = context['allowedCompanyIds'];
  return Array.isArray(allowed) ? (allowed as readonly Id[]).filter(isStoredId) : []; // what is no id names no company
}

const USER = 'a user, the id of one, or null for nobody';
const COMPANY = 'a company, or the id of one';
