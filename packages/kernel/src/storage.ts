import type { Schema } from './schema';
import type { Session, SessionOptions } from './session';

/** What a storage can do, so that callers ask it and not its class. */
export interface StorageCapabilities {
  /** Sessions can be open at the same time; false: they wait for each other. */
  readonly concurrentSessions: boolean;
  /** What is committed survives the process. */
  readonly durable: boolean;
  /** Takes SQL of the caller's own. */
  readonly sql: boolean;
}

/** What `migrate` did. */
export interface MigrationReport {
  /** The statements, in order; empty when all was up to date. */
  readonly statements: readonly string[];
}

/** The last rung: keeps the truth, opens sessions, creates and upgrades its tables. */
export interface Storage {
  readonly name: string;
  readonly capabilities: StorageCapabilities;
  /** Statements sent by all sessions so far. */
  readonly statements: number;

  /**
   * Begins a database transaction.
   * @throws {OutageError} when the database cannot be reached
   */
  open(options: SessionOptions): Promise<Session>;
  /**
   * Creates what the schema has and the database lacks: tables, columns, foreign keys, indexes. In one transaction; running it
   * again does nothing.
   * @throws {MisuseError} when it would lose or reinterpret existing data
   */
  migrate(schema: Schema): Promise<MigrationReport>;
  /** Waits for open sessions to end, then lets go of every connection and file. A second call does nothing. */
  close(): Promise<void>;
}
