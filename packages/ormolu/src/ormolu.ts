import { durationMs, OrmoluError, type MigrationReport, type Rung, type RungStats, type Session, type Storage } from '@ormolu/kernel';
import type { ModelNameOf, Models, Registry } from '@ormolu/registry';
import { StorageRung } from '@ormolu/storage';
import { Transaction, type Actors } from '@ormolu/transaction';
import { checkRecordModels, closeServersOf, KeyWarnings, LocalCache, NamedCaches, NamedQueries, SharedCaches, SharedRung, type LocalCacheStats, type NamedCacheStats, type RecordCaches } from '@ormolu/tiers';
import { bufferHitsOf, type BufferHits } from './buffer-hits';
import { isLocalCacheSwitchedOff } from './environment-variables';
import { DatabaseError } from './errors';
import { DatabaseWatch, healthOf, StorageProbe, type HealthAlert, type HealthReport } from './health';
import { backfill, type FilledFields } from './migrate/backfill';
import { buildLadder } from './ladder';
import { MethodCaches, type OrmcacheStats } from './method-caches';
import { checkListener, checkOptions, checkQueries, checkWork, type MigrateDatabaseOptions, type OrmoluOptions, type TransactionEnvironment, type TransactionOptions } from './options';
import { FollowedModels, tellOfReload } from './reloads';
import { RecordSession, type RecordSessionOptions } from './record-session';
import { UnitsOfWork } from './unit-of-work';
import { UserWrites } from './user-writes/user-writes';
import { viewWith, type DatabaseView } from './user-view';
import { warm, type WarmOptions, type WarmQuery, type WarmReport } from './warm';

/** What happened on the ladder since the database was opened. */
export interface OrmoluStats {
  /** Every rung's figures, from the top. */
  readonly rungs: readonly RungStats[];
  readonly transactions: number;
  /** Statements the storage has sent, BEGIN, COMMIT and savepoints included. */
  readonly statements: number;
  /** What the local cache holds. */
  readonly localCache: LocalCacheStats;
  /** The named caches. */
  readonly caches: readonly NamedCacheStats[];
  /** The memoised functions that were asked in this database. */
  readonly ormcaches: readonly OrmcacheStats[];
}

/** What a migration did. */
export interface DatabaseMigration extends MigrationReport {
  /** The new fields that existing records got values for. */
  readonly filled: readonly FilledFields[];
}

/** An open database: the ladder, ready for transactions. */
export class Ormolu<D, U extends ModelNameOf<D> = never, C extends ModelNameOf<D> = never, N extends string = string> {
  readonly storage: Storage;
  /** The caches of the option `caches`. */
  readonly caches: NamedCaches<N>;
  /** The committed records and answers that this process keeps. */
  readonly localCache: LocalCache;
  readonly #ladder: Rung;
  readonly #shared: SharedRung | undefined;
  readonly #methodCaches = new MethodCaches();
  readonly #actors: Actors;
  readonly #models: FollowedModels;
  readonly #units: UnitsOfWork;
  readonly #probe: StorageProbe;
  readonly #watch: DatabaseWatch;
  #isOpen = true;

  /** @see openOrmolu */
  constructor({ models, modules, storage, users, companies, groupsOf, sourceLanguage, checkRuns, caches, records, localCache, healthCheckEvery = 0 }: OrmoluOptions<D, U, C, N>) {
    // What the compiler knows of them is of no use here.
    this.#models = new FollowedModels(models as unknown as Models<unknown>, modules ?? []);
    this.storage = storage;
    this.localCache = new LocalCache(localCache === false ? {} : localCache);
    if (isLocalCacheSwitchedOff() || localCache === false) this.localCache.disable();
    // Without the option there is no name to ask for.
    this.caches = new NamedCaches<N>(caches ?? ({} as Readonly<Record<N, never>>), { healthCheckEvery });
    this.#probe = new StorageProbe(storage, () => this.registry.schema);
    this.#watch = new DatabaseWatch(this.caches, () => this.#probe.ask().then((health) => (this.#isOpen ? health : undefined)), durationMs(healthCheckEvery, 'healthCheckEvery'));
    const named = new NamedQueries(this.caches);
    const { shared, ladder } = this.#orClosed(() => {
      for (const model of [users, companies]) if (model !== undefined) this.registry.model(model);
      return this.#build(named, records);
    });
    this.#shared = shared;
    this.#ladder = ladder;
    // The transaction's environments are what the registry's types say of them: it makes them from the same definitions.
    this.#actors = { users, companies, groupsOf: groupsOf as Actors['groupsOf'], sourceLanguage };
    this.#units = new UnitsOfWork({
      storage, ladder, localCache: this.localCache, shared, named, methodCaches: this.#methodCaches, models: this.#models, actors: this.#actors, checkRuns, followsAlways: modules !== undefined,
    });
  }

  /** What cannot be done leaves no cache that watches its server. */
  #orClosed<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.#watch.close();
      void this.caches.close();
      throw error;
    }
  }

  /** @throws {MisuseError} TIER_CACHE_UNKNOWN, TIER_RECORDS */
  #build(named: NamedQueries, records: RecordCaches | undefined): { readonly ladder: Rung; readonly shared: SharedRung | undefined } {
    checkRecordModels(records, new Set(this.registry.schema.tables.map(({ model }) => model)));
    const [caches, warnings] = [new SharedCaches(this.caches, records), new KeyWarnings()];
    let shared: SharedRung | undefined;
    const over = (below: Rung): SharedRung => (shared = new SharedRung(below, caches, warnings));
    const ladder = buildLadder({ far: this.storage.far, local: this.localCache, named, warnings, shared: caches.hasAny ? over : undefined });
    return { ladder, shared };
  }

  /** The newest version of the models: what transactions begin with. */
  get registry(): Registry {
    return this.#models.registry;
  }

  /**
   * Takes another version of the models, here and in the other processes that have this database open: a row of the change log tells them, in a
   * transaction, and theirs that begin behind its commit work with it. Those that run keep theirs until `tx.reset()`. Processes whose program
   * cannot follow, for it lacks a module, go on with what they have, and say so in a warning.
   *
   * @returns this very database, as the compiler knows it with these models
   * @throws {ModelSetupError} REGISTRY_SETUP_FAILED listing every problem; then nothing has changed
   * @throws {ConflictError} DB_MODELS_RELOADED when another process was faster; this one has followed it
   * @throws {ConflictError} DB_MODELS_UNTOLD when the change log could not be looked at; then nothing has changed
   * @throws {MisuseError} STORAGE_CHANGE_LOG when the role may not insert into the change log; then nothing has changed
   * @remarks One transaction. The tables are not touched: let a program with the new version run `migrate()` before, when it needs others.
   */
  async reload<E extends D>(models: Models<E>): Promise<Ormolu<E, U & ModelNameOf<E>, C & ModelNameOf<E>, N>> {
    this.#assertOpen('reload');
    const next = models as unknown as Models<unknown>; // what the compiler knows of them is of no use here
    next.registry();
    if (this.#units.hasOthers) await tellOfReload(this.storage, this.#models, next);
    this.#models.take(next);
    // The same object: what differs is what the compiler may assume of it.
    return this as unknown as Ormolu<E, U & ModelNameOf<E>, C & ModelNameOf<E>, N>;
  }

  /** The rungs below transactions, and what sessions are opened with for their sake: what a server asks for its clients. */
  get ladder(): { readonly rung: Rung; readonly sight: boolean | 'far' } {
    const sight = this.localCache.isEnabled || this.#shared !== undefined;
    return { rung: this.#ladder, sight: sight && this.#shared ? 'far' : sight };
  }

  /**
   * What a user may see, by his groups as they are now: what a server lets the user's clients know of.
   *
   * @remarks One read-only transaction, as that user.
   */
  async viewOf(user: number): Promise<DatabaseView> {
    this.#assertOpen('viewOf');
    const { registry } = this;
    const groups = await this.transaction((env) => (env as unknown as { groups(): Promise<ReadonlySet<string>> }).groups(), { uid: user, readOnly: true }); // what the registry's types say of environments is less
    return viewWith(registry, { user, groups });
  }

  /**
   * Does what a user's client writes, in a transaction that a server has open for him: with the models of this program, and as that user.
   *
   * @param session - from which the client also reads, by what it may see; whoever opened it ends it through what is returned here
   * @param assertMay - throws when he may not write records of a model: that of what a related field shows is asked after, too
   */
  writerFor(user: number, session: Session, assertMay: (model: string) => void): UserWrites {
    this.#assertOpen('writerFor');
    const { registry } = this;
    return new UserWrites(session, { registry, assertMay, begin: (recorded) => this.#units.transactionOver(recorded, { registry, uid: user }) });
  }

  /** What a server calls: its clients have this database open from now on, and are told of reloads, as this program is of theirs. */
  beginServing(): void {
    this.#assertOpen('beginServing');
    this.#units.beginServing();
  }

  /**
   * Creates or upgrades the tables of all models, and gives existing records the values of new columns: stored computed fields are
   * computed, fields with a default get it. Running it again does nothing.
   *
   * @throws {MisuseError} STORAGE_MIGRATION_REFUSED when it would lose or reinterpret existing data; `discard` names what may be lost
   * @throws {ComputeError} TX_COMPUTE_FAILED when a new field cannot be computed
   * @throws {DatabaseError} DB_MIGRATE_NESTED inside a transaction of this database, unless it is in memory
   * @remarks One database transaction, in which one process at a time migrates: after an error or a crash nothing has changed.
   */
  async migrate({ discard, ...options }: MigrateDatabaseOptions = {}): Promise<DatabaseMigration> {
    this.#assertOpen('migrate');
    checkOptions({ discard, ...options }, 'migrate');
    this.#units.refuseInside();
    let filled: readonly FilledFields[] = [];
    const report = await this.storage.migrate(this.registry.schema, {
      discard,
      fill: async (session, added) => {
        // No rung between: what others may see is not yet what this migration sees.
        const tx = new Transaction({ registry: this.registry, session, rung: new StorageRung(), ...this.#actors });
        filled = await backfill(tx, added, options);
      },
    });
    return { ...report, filled };
  }

  /**
   * Says what `migrate` would do, statement by statement, and changes nothing.
   *
   * @throws {MisuseError} STORAGE_MIGRATION_REFUSED as `migrate` would
   */
  async planMigration({ discard }: Pick<MigrateDatabaseOptions, 'discard'> = {}): Promise<MigrationReport> {
    this.#assertOpen('planMigration');
    checkOptions({ discard }, 'migrate');
    return this.storage.plan(this.registry.schema, { discard });
  }

  /**
   * Runs a unit of work: committed when the function returns, rolled back when it throws, and run again, in a fresh transaction, when
   * another one was faster.
   *
   * @param work - gets the environment from which everything is reached; its effects outside the database may happen several times
   * @returns what the work returned, once the commit is durable
   * @throws {MisuseError} DB_OPTION_UNKNOWN, DB_OPTION_INVALID, before anything is run
   * @throws {ConcurrentModificationError} STORAGE_VERSION with `concurrency: 'optimistic'`, when somebody else changed what it was to change
   * @throws {unknown} what the work threw, after the rollback; a `ConflictError` when no try succeeded; the reason of the signal that ended the trying
   * @throws {AggregateError} of both, whose cause is what the work threw, when what was to run with the rollback failed, too
   * @remarks BEGIN and COMMIT beside what the work does.
   */
  async transaction<T>(work: (env: TransactionEnvironment<D, U, C>) => Promise<T> | T, options: TransactionOptions = {}): Promise<T> {
    this.#assertOpen('transaction');
    checkWork(work);
    checkOptions(options, 'transaction');
    // The registry's types say what the transaction's records are at run time: it makes them from the same definitions.
    return this.#units.run((tx) => work(tx.env as unknown as TransactionEnvironment<D, U, C>), options);
  }

  /**
   * Work across transactions, as OrientDB's: instances of records that are changed at leisure and saved when nobody else has changed them
   * meanwhile. Models must be `versioned`.
   */
  session(options: RecordSessionOptions = {}): RecordSession<D> {
    this.#assertOpen('session');
    checkOptions(options, 'session');
    // The environment that the work of a transaction gets belongs to the transaction that made it.
    return new RecordSession((work, { isWriting }) => this.transaction((env) => work(env.transaction as unknown as Transaction), isWriting ? { concurrency: 'optimistic' } : { readOnly: true }), (model, id) => this.localCache.records.lend(model, id), options.localCache ?? this.localCache.isEnabled);
  }

  /**
   * Asks queries so that their answers and records are in the caches when they are wanted: at the start of a program, behind a deployment.
   *
   * @param queries - each gets an environment, and returns a lazy query, whose records are loaded with what it prefetches, or a promise
   * @returns what was done; a query that fails is told of there, and keeps none of the others from being asked
   * @throws {MisuseError} DB_OPTION_UNKNOWN, DB_OPTION_INVALID
   * @remarks One read-only transaction a query, `concurrency` of them at a time.
   * @example await db.warm([(env) => env.model('country').where({}), (env) => env.model('city').where({ capital: true }).prefetch('country.name')])
   */
  async warm(queries: Iterable<WarmQuery<TransactionEnvironment<D, U, C>>>, options: WarmOptions = {}): Promise<WarmReport> {
    this.#assertOpen('warm');
    checkOptions(options, 'warm');
    checkQueries(queries);
    const report = await warm(queries, options, { ask: (query) => this.transaction(query, { readOnly: true }), statements: () => this.storage.statements });
    await this.#shared?.settled();
    return report;
  }

  /**
   * How often PostgreSQL itself found blocks of this database in its buffers, since its statistics were last reset: to be seen beside the hits
   * of our own rungs.
   *
   * @returns undefined when the storage takes no SQL
   * @remarks One transaction.
   */
  async bufferHits(): Promise<BufferHits | undefined> {
    this.#assertOpen('bufferHits');
    return bufferHitsOf(this.storage, this.registry.schema);
  }

  /**
   * Whether the database and the servers of the caches answer, now, and how fast. A cache whose server is away goes on without it; a storage that is away is told of
   * here, not thrown.
   *
   * @remarks A statement, and a question to each server, all at once; a storage is waited for five seconds, a server for its deadline.
   */
  async health(): Promise<HealthReport> {
    this.#assertOpen('health');
    const report = await healthOf(this.#probe, this.caches);
    this.#watch.see(report.storage);
    return report;
  }

  /**
   * Tells of alerts: the storage does not answer, or a cache has crossed one of its thresholds, or is no longer beyond it. Looked for every `healthCheckEvery`, and by `health()`.
   *
   * @returns ends it
   * @throws {MisuseError} DB_OPTION_INVALID for what is no listener, or for another event
   */
  on(event: 'alert', listener: (alert: HealthAlert) => void): () => void {
    checkListener(event, listener);
    return this.#watch.add(listener);
  }

  /** The figures of every rung since the database was opened. */
  stats(): OrmoluStats {
    return {
      rungs: [this.#units.figures.stats(), ...this.#ladder.stats(), ...this.storage.far?.stats() ?? []],
      transactions: this.#units.figures.transactions,
      statements: this.storage.statements,
      localCache: this.localCache.stats(),
      caches: this.caches.stats(),
      ormcaches: this.#methodCaches.stats(),
    };
  }

  /**
   * Clears the memoised functions of a group, and of those that depend on it, in every process. Without a group: all of them, and this
   * process's named caches and local cache.
   * @remarks One transaction.
   */
  async clearCaches(group?: string): Promise<void> {
    this.#assertOpen('clearCaches');
    await this.#methodCaches.clear(this.storage, { schema: this.registry.schema, group });
    if (group !== undefined) return;
    this.localCache.invalidate();
    await this.caches.clear();
  }

  /**
   * Waits for running transactions, then closes the storage. A second call does nothing.
   * @throws {MisuseError} STORAGE_CLOSE_NESTED inside a transaction, whose end it would wait for; the database stays open
   */
  async close(): Promise<void> {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    try {
      await this.storage.close();
    } catch (error) {
      if (OrmoluError.is(error) && error.code === 'STORAGE_CLOSE_NESTED') this.#isOpen = wasOpen;
      throw error;
    }
    this.#watch.close();
    await this.#shared?.settled();
    await this.caches.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #assertOpen(call: string): void {
    if (this.#isOpen) return;
    throw new DatabaseError('DB_CLOSED', `${call}() was called on a closed database. Open it again with openOrmolu().`);
  }
}

/**
 * Opens a database.
 *
 * @example
 * const db = await openOrmolu({ models, storage: pglite({ dataDir: 'data' }) });
 * await db.migrate();
 * await db.transaction(async (env) => { … });
 * await db.close();
 * @throws {ModelSetupError} REGISTRY_SETUP_FAILED listing every problem of the models
 * @throws {MisuseError} DB_OPTION_UNKNOWN, DB_OPTION_INVALID
 * @throws {UnknownModelError} MODEL_UNKNOWN when `users` or `companies` is no model
 * @remarks Nothing is sent to the database yet: the first transaction or `migrate` does. The cache servers and buses that it is given are its own: they are closed with
 * the database, and where it cannot be opened.
 */
export function openOrmolu<D, const U extends ModelNameOf<D> = never, const C extends ModelNameOf<D> = never, N extends string = never>(
  options: OrmoluOptions<D, U, C, N>,
): Promise<Ormolu<D, U, C, N>> {
  return Promise.resolve().then(async () => {
    try {
      checkOptions(options, 'openOrmolu');
      return new Ormolu(options);
    } catch (error) {
      await closeServersOf((options as { readonly caches?: unknown } | undefined)?.caches);
      throw error;
    }
  });
}
