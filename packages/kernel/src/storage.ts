import type { LogKnowledge } from './log-knowledge';
import type { RungStats } from './rung';
import type { Schema } from './schema';
import type { Session, SessionOptions } from './session';
import type { UserView } from './user-view';

/** What a storage can do, so that callers ask it and not its class. */
export interface StorageCapabilities {
  /** Sessions can be open at the same time; false: they wait for each other. */
  readonly concurrentSessions: boolean;
  /** What is committed survives the process. */
  readonly durable: boolean;
  /** Takes SQL of the caller's own. */
  readonly sql: boolean;
  /** Other programs may have it open. @defaultValue where the three above are so */
  readonly shared?: boolean | undefined;
  /** Sessions that can be open at the same time, where that is a number: more wait for those to end. */
  readonly connections?: number | undefined;
}

/** A field that a table which was there before gets a new, empty column for. */
export interface AddedField {
  readonly model: string;
  readonly field: string;
}

/** What a migration does, or did. */
export interface MigrationReport {
  /** The statements, in order; empty when all is up to date. */
  readonly statements: readonly string[];
  /** The columns that existing records have no value in yet. */
  readonly added: readonly AddedField[];
}

/** What a migration may do beyond adding and widening. */
export interface PlanOptions {
  /**
   * Fields, as `model.field`, whose stored values may be lost: where the model now wants another type or reference, the column is dropped and
   * made anew, empty. Also, as `model.column`, columns that no field names any more, which are dropped. What can be kept is kept all the same.
   * @defaultValue none: what would lose values is refused
   */
  readonly discard?: readonly string[] | undefined;
}

/** What a migration may do, and what is to happen in it. */
export interface MigrateOptions extends PlanOptions {
  /**
   * Gives values to new columns, in the migration's own transaction: after the columns are there, before they are required, unique or
   * indexed. It neither commits nor rolls back; when it throws, nothing of the migration stays.
   */
  readonly fill?: ((session: Session, added: readonly AddedField[]) => Promise<void>) | undefined;
}

/** The change log of a storage, as far as it can be relied on. */
export interface StorageChangeLog {
  /** What this process knows of it: one for all sessions, by the names of tables and columns. */
  readonly knowledge: LogKnowledge;
  /**
   * What may not be kept in caches, and why: by model, as of the newest session with `sight`. The name `*` stands for all of them.
   * @returns undefined before the first such session
   */
  readonly uncachable: ReadonlyMap<string, string> | undefined;
  /**
   * When caches learn that somebody has altered tables, functions or rights by hand, of which the log has no rows of records: with his commit, as the database itself tells
   * it, or when this process looks anew. Absent, or undefined: nobody can, or no session with `sight` was opened yet.
   */
  readonly alterations?: 'at once' | 'within a minute' | undefined;
  /**
   * Removes the oldest rows of the log. Entries so old that only those could judge them are misses from then on.
   * @param options - `keep`: how many of the newest rows stay
   * @returns how many rows are gone; 0 also when another process is just doing it
   */
  trim(options?: { readonly keep?: number | undefined }): Promise<number>;
}

/** What lies between a storage here and the truth. */
export interface FarSide {
  /** The name of the step that leads there. */
  readonly step: string;
  /** The rungs behind it, from the top, as far as they answered this process. */
  stats(): readonly RungStats[];
}

/** The last rung: keeps the truth, opens sessions, creates and upgrades its tables. */
export interface Storage {
  readonly name: string;
  readonly capabilities: StorageCapabilities;
  /** Statements sent by all sessions so far. */
  readonly statements: number;
  /** Absent: the storage has none, or it was switched off. Then sessions have no sight, and nothing of them can be kept. */
  readonly changeLog?: StorageChangeLog | undefined;

  /** Absent: the truth is here, as far as this process is concerned. */
  readonly far?: FarSide | undefined;

  /**
   * What may be seen through this storage: sessions take no other names. Absent: everything.
   * @returns undefined: everything
   * @throws {OutageError} when whoever knows it cannot be reached
   */
  view?(): Promise<UserView | undefined>;

  /**
   * Begins a database transaction.
   * @throws {OutageError} when the database cannot be reached
   */
  open(options: SessionOptions): Promise<Session>;
  /**
   * Says what `migrate` would do, and changes nothing.
   * @throws {MisuseError} STORAGE_MIGRATION_REFUSED when it would lose or reinterpret existing data
   */
  plan(schema: Schema, options?: PlanOptions): Promise<MigrationReport>;
  /**
   * Creates what the schema has and the database lacks: tables, columns, foreign keys, indexes. In one transaction, and one at a time
   * whoever migrates; running it again does nothing.
   * @throws {MisuseError} STORAGE_MIGRATION_REFUSED when it would lose or reinterpret existing data
   */
  migrate(schema: Schema, options?: MigrateOptions): Promise<MigrationReport>;
  /** Waits for open sessions to end, then lets go of every connection and file. A second call does nothing. */
  close(): Promise<void>;
}
