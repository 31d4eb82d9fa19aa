import type { Tag } from './change-log';
import type { CommittedImages } from './commit';
import type { StoredId } from './id';
import type { Columns, ComputeQuestion, GroupQuery, Groups, InsertRows, Query, ReadQuestion, UpdateRows } from './query';
import type { Schema } from './schema';
import type { CachedRead, Heard, Sight } from './sight';
import type { UserView } from './user-view';

export type Isolation = 'read committed' | 'repeatable read' | 'serializable';

/** How a database transaction begins. */
export interface SessionOptions {
  readonly schema: Schema;
  /** @defaultValue 'repeatable read' */
  readonly isolation?: Isolation | undefined;
  /** @defaultValue false */
  readonly readOnly?: boolean | undefined;
  /**
   * Lets caches answer in this transaction: `sight()` tells what it sees, reads can be stamped, and it learns what its own statements change.
   * The first message to the database carries a poll of the change log besides. `'far'`: the first poll of the process looks back into the log as far
   * as is worth it, so that entries can be judged that other processes made before this one began.
   * @defaultValue false: nothing of this costs anything
   */
  readonly sight?: boolean | 'far' | undefined;
  /**
   * What the caller believes that may be seen: where it is something else by now, the session fails with a `ConflictError`.
   * @defaultValue nobody compares
   */
  readonly view?: UserView | undefined;
}

/**
 * `open` → `committed` or `rolled back` by its own calls; `failed` when a statement failed outside any savepoint, when the
 * connection was lost, or when the outcome of COMMIT is unknown. A failed session only takes `rollback`.
 */
export type SessionState = 'open' | 'failed' | 'committed' | 'rolled back';

/** How a result is handed over piece by piece. */
export interface StreamOptions {
  /**
   * Records a batch, at least 1; the last one may hold fewer.
   * @defaultValue 1000
   */
  readonly batchSize?: number | undefined;
}

/** A savepoint of a session; only the session that made it can use it. */
export interface SessionSavepoint {
  readonly depth: number;
}

/**
 * One open database transaction: the truth below every cache.
 *
 * Calls of one session are made one after the other; an implementation queues those that overlap. Values cross in the forms of
 * `ColumnType`. Names are checked against `schema`; what is checked already by the caller (types of values) is not checked again.
 */
export interface Session {
  /** The names it knows. */
  readonly schema: Schema;
  readonly isolation: Isolation;
  readonly readOnly: boolean;
  readonly state: SessionState;
  /** Statements sent so far, BEGIN, COMMIT and savepoints included. */
  readonly statements: number;

  /** Takes the names of another version of the models. Nothing is asked of the database; what a migration has yet to add is missed when it is used. */
  adopt(schema: Schema): void;

  /** Reads columns by ids. Afterwards nothing has changed. One statement, also for a million ids. */
  read(question: ReadQuestion): Promise<Columns>;
  /**
   * Works out computed fields of records, as they are after all that this session has written. Absent where nobody below knows more than its caller.
   *
   * @returns values in the forms of columns, lists as ids; records that do not exist are left out
   */
  compute?(question: ComputeQuestion): Promise<Columns>;
  /** Finds records by a filter, in order. One statement. */
  query(query: Query): Promise<Columns>;
  /**
   * Finds records as `query` does and hands them over a batch at a time, so that a result of any size needs the memory of one batch.
   *
   * It shows what was there when its first batch was asked for, whatever is written meanwhile; other calls may be made between batches.
   * Leaving the loop early lets go of it. A rollback to a savepoint set before it ends it.
   * @returns batches in order, none empty
   * @throws {MisuseError} STORAGE_STREAM_GONE from the next batch on, when a rollback has taken the stream with it
   * @remarks One statement to begin, one a batch, one to end.
   */
  stream(query: Query, options?: StreamOptions): AsyncIterable<Columns>;
  /** Counts what `query` would find, limit and offset left aside. One statement. */
  count(query: Query): Promise<number>;
  /**
   * Groups the records that fulfil a filter and gives figures about each group. One statement.
   * @throws {MisuseError} GROUP_PATH or GROUP_FUNCTION when a path leads to nothing that can be grouped or aggregated so
   */
  group(query: GroupQuery): Promise<Groups>;
  /**
   * Adds rows, all or none.
   * @returns the new ids, in the order of the rows
   * @throws {ConstraintError} when the database refuses a row
   */
  insert(rows: InsertRows): Promise<readonly StoredId[]>;
  /**
   * Changes rows, all that exist.
   * @returns the ids that exist; those missing were not changed
   * @throws {ConstraintError} when the database refuses a row
   * @throws {ConcurrentModificationError} STORAGE_VERSION when a record has not the version expected; the session has failed then
   */
  update(rows: UpdateRows): Promise<readonly StoredId[]>;
  /**
   * Removes rows; the database cascades as its foreign keys say.
   * @param expected - the versions that the records must have, as of an update
   * @returns the ids that existed
   * @throws {ConstraintError} when rows that refer to them forbid it
   * @throws {ConcurrentModificationError} STORAGE_VERSION when a record has not the version expected; the session has failed then
   */
  delete(model: string, ids: readonly StoredId[], expected?: readonly (bigint | null)[]): Promise<readonly StoredId[]>;
  /** Runs a statement of the caller's own. @returns its rows as the driver gives them */
  sql(text: string, params: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;

  /** Marks a point to return to. Nests. */
  savepoint(): Promise<SessionSavepoint>;
  /** Undoes all since the savepoint, which is gone afterwards, as are those inside it. A failed session is open again. */
  rollbackTo(savepoint: SessionSavepoint): Promise<void>;
  /** Keeps all since the savepoint, which is gone afterwards, as are those inside it. */
  release(savepoint: SessionSavepoint): Promise<void>;

  /**
   * What this transaction sees, so that entries of caches can be judged by `whyStale`. Every read that may be answered by a cache asks anew.
   *
   * Absent when the storage has no change log.
   * @returns undefined when the session was opened without the option `sight`, or when nothing of this database can be kept: the storage's
   * `changeLog.uncachable` says why
   * @remarks REPEATABLE READ: a round trip when nothing was sent yet (BEGIN and the poll in one message; a read sent first carries both),
   * none later, but a poll behind the first write of each table. READ COMMITTED: one poll each time, begun after the call and shared by all sessions of the
   * process that wait. SERIALIZABLE: BEGIN, then such a poll, the first time and behind the first write of each table. All but the one with BEGIN go over a connection of their own.
   */
  sight?(): Promise<Sight | undefined>;
  /**
   * What `sight()` has learned of the change log when it was asked last, also where there was none to give because somebody had altered tables: who follows signals need not wait for that to be looked at.
   * @returns undefined as long as nothing was learned, or when the transaction is not on the server, or among the tables, that were looked at
   */
  readonly heard?: Heard | undefined;
  /**
   * What this transaction's statements have changed beyond the records they were told to, since the last call: by cascades, by triggers
   * of others, by SQL of the caller's own. Read along with the statement that did it; of triggers that are younger than what the transaction sees, when it asks for its sight again.
   * @returns tags, of whole models where no record can be told; empty without the option `sight`
   */
  takeTouched?(): readonly Tag[];
  /**
   * Tells a serializable session what it was answered by a cache. All of it is asked again before the commit, one message a model, so that
   * the database knows of these reads; what this transaction changed itself is not compared.
   *
   * Does nothing at other isolation levels.
   */
  noteCached?(reads: readonly CachedRead[]): void;
  /**
   * Tells everybody, with this transaction's commit, that something without a table has changed: entries that bear these tags.
   * @param models - names that begin with `$`
   * @throws {MisuseError} STORAGE_SIGNAL for other names
   * @remarks One statement.
   */
  signal?(models: readonly string[]): Promise<void>;
  /**
   * After `commit`: what this transaction has written, as the database answered it, and the stamp under which it may be kept: the
   * transaction's snapshot and itself. Rows that anything but its own statements may have changed are left out.
   *
   * Absent when it has written nothing, at READ COMMITTED, and without the option `sight`.
   */
  readonly committed?: CommittedImages | undefined;

  /**
   * Makes all changes true, or none. The session is over afterwards, also after an error.
   * @throws {ConflictError} when another transaction was faster; STORAGE_CACHED_READ when what a cache had answered differs at SERIALIZABLE
   */
  commit(): Promise<void>;
  /** Undoes all. Never throws; a second call does nothing. */
  rollback(): Promise<void>;
  /**
   * Gives the transaction up, whatever is on its way: nothing but `rollback` is taken from now on, and a statement that the database is busy with is stopped there, so that `rollback` need not wait for it. Of statements that
   * were stopped somebody may still be told by an error. A COMMIT on its way is left to end. Never throws; does nothing when it is over.
   *
   * Absent, as where the database has no way to stop a statement, what runs is waited for.
   */
  abandon?(): void;
}
