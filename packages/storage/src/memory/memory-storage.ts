import {
  ConflictError, MisuseError, VERSION_COLUMN, type MigrationReport, type Schema, type Session, type SessionOptions, type Storage, type StorageCapabilities,
  type StoredId, type TableSchema,
} from '@ormolu/kernel';
import { randomUUID } from 'node:crypto';
import { IdsMissingError, StorageClosedError } from '../errors';
import type { FoundTable } from '../migrate/catalog';
import { MigrationRefusedError, planMigration } from '../migrate/plan';
import { catalogAfter } from './catalog-after';
import { Constraints } from './constraints';
import { MemorySession } from './memory-session';
import { Versions, type Row } from './versions';
import { Workspace } from './workspace';

/** A database in the memory of this process, with the transactions of a real one. For tests: it keeps nothing and is not fast. */
export class MemoryStorage implements Storage {
  readonly name = 'memory';
  readonly capabilities: StorageCapabilities = { concurrentSessions: true, durable: false, sql: false };
  readonly versions: Versions = new Versions();
  statements = 0;
  readonly #open = new Map<MemorySession, Promise<void>>();
  readonly #writers = new Map<string, MemorySession>();
  readonly #sequences = new Map<string, number>();
  #catalog: ReadonlyMap<string, FoundTable> = new Map<string, FoundTable>();
  #isClosed = false;

  open(options: SessionOptions): Promise<Session> {
    if (this.#isClosed) return Promise.reject(new StorageClosedError(this.name));
    let ended: () => void = () => undefined;
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const session: MemorySession = new MemorySession(this, options, () => {
      this.#open.delete(session);
      for (const [key, writer] of this.#writers) if (writer === session) this.#writers.delete(key);
      ended();
    });
    this.#open.set(session, end);
    return Promise.resolve(session);
  }

  migrate(schema: Schema): Promise<MigrationReport> {
    return Promise.resolve().then(() => {
      if (this.#isClosed) throw new StorageClosedError(this.name);
      const statements = planMigration(schema, this.#catalog);
      this.#checkRows(schema);
      this.#beginVersions(schema);
      this.#catalog = catalogAfter(schema, this.#catalog);
      this.statements += statements.length;
      return { statements };
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#open.values());
  }

  /** @throws {MisuseError} STORAGE_NOT_MIGRATED when the table, or a column of it, was never created */
  demandTable(table: TableSchema): void {
    const known = this.#catalog.get(table.table);
    if (!known) throw new MisuseError('STORAGE_NOT_MIGRATED', `The database has no table in model '${table.model}'. Run db.migrate() before using it.`, { details: { model: table.model } });
    for (const { column, field } of [...table.columns, ...table.versioned ? [VERSION_COLUMN] : []]) {
      if (!known.columns.has(column)) throw new MisuseError('STORAGE_NOT_MIGRATED', `The database lacks a column in field '${field}' of model '${table.model}'. Run db.migrate() before using it.`, { details: { model: table.model, field } });
    }
  }

  /** Whether a migration has let every update of this table raise a version. */
  raisesVersion({ table }: TableSchema): boolean {
    return this.#catalog.get(table)?.raisesVersion ?? false;
  }

  /** A new id; given out once, also when its transaction is undone. */
  nextId({ model, table, idType }: TableSchema): StoredId {
    if (idType === 'text') throw new IdsMissingError(model);
    if (idType === 'uuid') return randomUUID();
    const next = (this.#sequences.get(table) ?? 0) + 1;
    this.#sequences.set(table, next);
    return idType === 'bigint' ? BigInt(next) : next;
  }

  /** Takes the right to change a row until the session ends. @throws {ConflictError} STORAGE_LOCKED when another session has it */
  lock(session: MemorySession, table: TableSchema, id: StoredId): void {
    const key = lockKey(table.table, id);
    const writer = this.#writers.get(key);
    if (writer && writer !== session) {
      throw new ConflictError('STORAGE_LOCKED', `Another transaction is changing a record in model '${table.model}' (id ${String(id)}). Run the whole work again in a fresh transaction.`, { details: { model: table.model, id } });
    }
    this.#writers.set(key, session);
  }

  /** Gives the right to change rows back. */
  unlock(rows: Iterable<readonly [table: string, id: StoredId]>): void {
    for (const [table, id] of rows) this.#writers.delete(lockKey(table, id));
  }

  /** The earliest commit as of which an open session reads. */
  get oldestReader(): number {
    let oldest = this.versions.now;
    for (const session of this.#open.keys()) oldest = Math.min(oldest, session.asOf ?? oldest);
    return oldest;
  }

  /** The records of a table that gets versions begin with the first. */
  #beginVersions(schema: Schema): void {
    const { now } = this.versions;
    const changes = schema.tables.filter((table) => table.versioned && !this.raisesVersion(table)).flatMap(({ table }) => (
      Array.from(this.versions.rows(table, now), ([id, row]): [string, StoredId, Row] => [table, id, new Map(row).set(VERSION_COLUMN.column, 1n)])));
    if (changes.length > 0) this.versions.commit(changes, this.oldestReader);
  }

  /** What exists must fulfil what the schema newly asks. */
  #checkRows(schema: Schema): void {
    const view = new Workspace(this.versions, this.versions.now);
    const constraints = new Constraints(schema);
    try {
      for (const table of schema.tables) constraints.checkWritten(view, table, new Map(view.rows(table.table)), table.columns);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new MigrationRefusedError(`Existing records do not fulfil what the model now asks of them. ${error.message} Mend the records, then migrate.`, {}, error);
    }
  }
}

function lockKey(table: string, id: StoredId): string {
  return `${table}\0${typeof id}\0${String(id)}`;
}
