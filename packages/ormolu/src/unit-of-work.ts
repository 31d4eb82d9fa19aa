import { ConflictError, heldSessions, holding, type Rung, type Session, type SessionOptions, type Storage, type UserView } from '@ormolu/kernel';
import type { Registry } from '@ormolu/registry';
import { Transaction, type Actors, type TransactionOptions as EngineOptions } from '@ormolu/transaction';
import type { LocalCache, NamedQueries, SharedRung } from '@ormolu/tiers';
import { DatabaseError } from './errors';
import { TransactionFigures } from './ladder';
import { joinCaches, type MethodCaches } from './method-caches';
import { modificationBehind } from './optimistic';
import type { TransactionOptions } from './options';
import { heardBy, modelsReloaded, type FollowedModels } from './reloads';
import { conflictBehind, FailedRollbackError, tellFailedRollback, withRetry } from './retry';
import { UncachableWarnings } from './uncachable';

/** What the units of work of one open database share. */
export interface UnitParts {
  readonly storage: Storage;
  readonly ladder: Rung;
  readonly localCache: LocalCache;
  readonly shared: SharedRung | undefined;
  readonly named: NamedQueries;
  readonly methodCaches: MethodCaches;
  readonly models: FollowedModels;
  readonly actors: Actors;
  readonly checkRuns: boolean | undefined;
  /** Whether transactions look for reloads though nothing is cached. */
  readonly followsAlways: boolean;
}

/** A try that began with models that others had replaced. */
const OUTDATED = Symbol('outdated');

/**
 * Runs units of work on one open database: each in a transaction over the ladder, with the newest models, and again in a fresh one while others
 * are faster.
 */
export class UnitsOfWork {
  /** What ended transactions have read. */
  readonly figures: TransactionFigures = new TransactionFigures();
  readonly #parts: UnitParts;
  readonly #uncachable = new UncachableWarnings();
  readonly #begun = new WeakSet<Session>();
  #isServed = false;

  constructor(parts: UnitParts) {
    this.#parts = parts;
  }

  /** From now on clients of a server have this database open, too. */
  beginServing(): void {
    this.#isServed = true;
  }

  /** Whether other processes may have this database open. */
  get hasOthers(): boolean {
    const { concurrentSessions, durable, sql, shared = concurrentSessions && durable && sql } = this.#parts.storage.capabilities;
    return shared || this.#isServed;
  }

  /**
   * Refuses a migration inside a unit of work: a change of a table waits for all who have looked at it, save in memory.
   *
   * @throws {DatabaseError} DB_MIGRATE_NESTED
   */
  refuseInside(): void {
    if (!this.#parts.storage.capabilities.sql) return;
    for (const session of heldSessions()) {
      if (!this.#begun.has(session) || (session.state !== 'open' && session.state !== 'failed')) continue;
      throw new DatabaseError('DB_MIGRATE_NESTED', 'migrate() was called inside a transaction of the same database, whose end it would wait for for ever. Migrate before it, or when it is over.');
    }
  }

  /** A transaction of the engine over the ladder, on a session that stands open. */
  transactionOver(session: Session, options: { readonly registry: Registry } & Partial<EngineOptions>): Transaction {
    const { models, ladder, methodCaches, checkRuns, actors } = this.#parts;
    const tx = new Transaction({ newestRegistry: () => models.registry, session, rung: ladder, checkRuns, ...actors, ...options });
    joinCaches(tx, methodCaches);
    return tx;
  }

  /**
   * @returns what the work returned, once the commit is durable
   * @throws {unknown} what the work threw, after the rollback; a `ConflictError` when no try succeeded
   */
  async run<T>(work: (tx: Transaction) => Promise<T> | T, options: TransactionOptions): Promise<T> {
    return withRetry(async () => {
      for (;;) {
        const done = await this.#try(work, options);
        if (done !== OUTDATED) return done.value;
      }
    }, options);
  }

  /** @returns that it began with models that are no longer the newest, and did nothing */
  async #try<T>(
    work: (tx: Transaction) => Promise<T> | T, { isolation = 'repeatable read', readOnly, concurrency, uid, context, explain }: TransactionOptions,
  ): Promise<{ readonly value: T } | typeof OUTDATED> {
    const { storage, models } = this.#parts;
    const view = storage.view && await storage.view();
    const actor = actorIn(view, uid);
    const session = await this.#begin({ isolation, readOnly, view });
    const registry = models.registryFor(view);
    if (session.schema !== registry.schema) session.adopt(registry.schema);
    const state = { isOutdated: false };
    // Where the first answer brings the change log along, it is only then known what was reloaded before this transaction.
    const metDatabase = async (): Promise<void> => {
      const heard = await heardBy(session);
      state.isOutdated ||= heard !== undefined && models.follow(heard);
      if (state.isOutdated) throw modelsReloaded('This transaction begins anew with its models.');
    };
    let tx: Transaction | undefined;
    try {
      const begun = (tx = this.transactionOver(session, { registry, newestRegistry: () => models.registryFor(view), concurrency, uid: actor, context, explain, metDatabase: this.hasOthers && isolation === 'repeatable read' ? metDatabase : undefined }));
      await begun.meetUser();
      const value = await begun.holding(() => holding(session, () => work(begun)));
      // The work may have caught it.
      if (state.isOutdated) throw modelsReloaded('This transaction begins anew with its models.');
      await begun.commit();
      return { value };
    } catch (thrown) {
      const error = tx ? conflictBehind(thrown, tx) : thrown;
      const rolledBack = await (tx ?? session).rollback().then(() => undefined, (failure: unknown) => ({ failure }));
      if (state.isOutdated) {
        if (rolledBack) tellFailedRollback(rolledBack.failure);
        return OUTDATED;
      }
      const reason = tx?.versions && error instanceof ConflictError ? await modificationBehind(error, tx.versions, () => storage.open({ schema: registry.schema, readOnly: true })) : error;
      throw rolledBack ? new FailedRollbackError(reason, rolledBack.failure) : reason;
    } finally {
      if (tx) this.figures.add(tx.readCounts.models);
    }
  }

  /** Opens a session with what is known of the change log by then, where it does not come with the first answer. */
  async #begin(options: Pick<SessionOptions, 'isolation' | 'readOnly' | 'view'>): Promise<Session> {
    const { storage, localCache, shared, methodCaches, named, models, followsAlways } = this.#parts;
    const sight = localCache.isEnabled || shared !== undefined || methodCaches.isUsed || named.isUsed || followsAlways;
    const session = await storage.open({ schema: models.registryFor(options.view).schema, ...options, sight: sight && shared ? 'far' : sight });
    this.#begun.add(session);
    if (!sight) return session;
    this.#uncachable.tell(storage.changeLog?.uncachable);
    if (!this.hasOthers || options.isolation === 'repeatable read') return session;
    try {
      const heard = await heardBy(session);
      if (heard) models.follow(heard);
      return session;
    } catch (error) {
      await session.rollback();
      throw error;
    }
  }
}

/** Who acts: of a user's program, that user. @throws {DatabaseError} DB_OPTION_INVALID */
function actorIn(view: UserView | undefined, uid: number | null | undefined): number | null | undefined {
  if (!view || uid === view.user) return uid;
  if (uid !== undefined && uid !== null) throw new DatabaseError('DB_OPTION_INVALID', `The option 'uid' of transaction() is ${String(uid)}, and the server lets this program act as user ${String(view.user)} only. Leave it out, or let a program with a worker's token do it.`);
  return view.user;
}
