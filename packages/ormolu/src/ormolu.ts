import { holding, type MigrationReport, type Rung, type RungStats, type Storage } from '@ormolu/kernel';
import type { EnvironmentOf, Models, Registry } from '@ormolu/registry';
import { Transaction } from '@ormolu/transaction';
import { DatabaseError } from './errors';
import { buildLadder, TransactionFigures } from './ladder';
import { checkOptions, type OrmoluOptions, type TransactionOptions } from './options';
import { withRetry } from './retry';

/** What happened on the ladder since the database was opened. */
export interface OrmoluStats {
  /** Every rung's figures, from the top. */
  readonly rungs: readonly RungStats[];
  readonly transactions: number;
  /** Statements the storage has sent, BEGIN, COMMIT and savepoints included. */
  readonly statements: number;
}

/** An open database: the ladder, ready for transactions. */
export class Ormolu<D> {
  readonly registry: Registry;
  readonly storage: Storage;
  readonly #ladder: Rung = buildLadder();
  readonly #figures = new TransactionFigures();
  #isOpen = true;

  /** @see openOrmolu */
  constructor(models: Models<D>, storage: Storage) {
    this.registry = models.registry();
    this.storage = storage;
  }

  /**
   * Creates or upgrades the tables of all models. Running it again does nothing.
   *
   * @throws {MisuseError} when it would lose or reinterpret existing data
   * @remarks One database transaction.
   */
  async migrate(): Promise<MigrationReport> {
    this.#assertOpen('migrate');
    return this.storage.migrate(this.registry.schema);
  }

  /**
   * Runs a unit of work: committed when the function returns, rolled back when it throws, and run again, in a fresh transaction, when
   * another one was faster.
   *
   * @param work - gets the environment from which everything is reached; its effects outside the database may happen several times
   * @returns what the work returned, once the commit is durable
   * @throws {unknown} what the work threw, after the rollback; a `ConflictError` when no try succeeded
   * @remarks BEGIN and COMMIT beside what the work does.
   */
  async transaction<T>(work: (env: EnvironmentOf<D>) => Promise<T> | T, options: TransactionOptions = {}): Promise<T> {
    this.#assertOpen('transaction');
    checkOptions(options, 'transaction');
    return withRetry(() => this.#try(work, options), options);
  }

  async #try<T>(work: (env: EnvironmentOf<D>) => Promise<T> | T, { isolation, readOnly, uid, context }: TransactionOptions): Promise<T> {
    const session = await this.storage.open({ schema: this.registry.schema, isolation, readOnly });
    const tx = new Transaction({ registry: this.registry, session, rung: this.#ladder, uid, context });
    try {
      // The registry's types say what the transaction's records are at run time: it makes them from the same definitions.
      const value = await holding(session, () => work(tx.env as unknown as EnvironmentOf<D>));
      await tx.commit();
      return value;
    } catch (error) {
      await tx.rollback();
      throw error;
    } finally {
      this.#figures.add(tx);
    }
  }

  /** The figures of every rung since the database was opened. */
  stats(): OrmoluStats {
    return {
      rungs: [this.#figures.stats(), ...this.#ladder.stats()],
      transactions: this.#figures.transactions,
      statements: this.storage.statements,
    };
  }

  /** Waits for running transactions, then closes the storage. A second call does nothing. */
  async close(): Promise<void> {
    this.#isOpen = false;
    await this.storage.close();
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
 * @throws {MisuseError} DB_OPTION_UNKNOWN
 * @remarks Nothing is sent to the database yet: the first transaction or `migrate` does.
 */
export function openOrmolu<D>(options: OrmoluOptions<D>): Promise<Ormolu<D>> {
  return Promise.resolve().then(() => {
    checkOptions(options, 'openOrmolu');
    return new Ormolu(options.models, options.storage);
  });
}
