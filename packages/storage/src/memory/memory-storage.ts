import {
  CloseNestedError, StorageClosedError, ConflictError, heldSessions, holding, MisuseError, VERSION_COLUMN, type MigrateOptions, type MigrationReport, type PlanOptions, type Schema, type Session, type SessionOptions, type Storage, type StorageCapabilities,
  type StoredId, type TableSchema,
} from '@ormolu/kernel';
import { randomUUID } from 'node:crypto';
import { IdsMissingError } from '../errors';
import type { FoundTable } from '../migrate/catalog';
import { reportOf } from '../migrate/migrate';
import { planMigration } from '../migrate/plan';
import { catalogAfter } from './catalog-after';
import { MemoryLog } from './memory-log';
import { MemorySession } from './memory-session';
import { checkRows, loosened, migratedRows } from './migrate-rows';
import { Versions } from './versions';

/** A database in the memory of this process, with the transactions of a real one. For tests: it keeps nothing and is not fast. */
export class MemoryStorage implements Storage {
  readonly name = 'memory';
  readonly capabilities: StorageCapabilities = { concurrentSessions: true, durable: false, sql: false };
  readonly versions: Versions = new Versions();
  readonly changeLog: MemoryLog | undefined;
  statements = 0;
  readonly #open = new Map<MemorySession, Promise<void>>();
  readonly #writers = new Map<string, MemorySession>();
  readonly #sequences = new Map<string, number>();
  #catalog: ReadonlyMap<string, FoundTable> = new Map<string, FoundTable>();
  #migrating: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor({ hasLog = true }: { readonly hasLog?: boolean | undefined } = {}) {
    this.changeLog = hasLog ? new MemoryLog() : undefined;
  }

  open(options: SessionOptions): Promise<Session> {
    return this.#isClosed ? Promise.reject(new StorageClosedError(this.name)) : Promise.resolve(this.#begin(options));
  }

  #begin(options: SessionOptions): MemorySession {
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
    return session;
  }

  plan(schema: Schema, options: PlanOptions = {}): Promise<MigrationReport> {
    return Promise.resolve().then(() => {
      if (this.#isClosed) throw new StorageClosedError(this.name);
      return reportOf(planMigration(schema, this.#catalog, options));
    });
  }

  migrate(schema: Schema, options: MigrateOptions = {}): Promise<MigrationReport> {
    // One at a time, as an advisory lock makes it elsewhere.
    const migration = this.#migrating.then(() => this.#migrate(schema, options));
    this.#migrating = migration.catch(() => undefined);
    return migration;
  }

  async #migrate(schema: Schema, { fill, ...options }: MigrateOptions): Promise<MigrationReport> {
    if (this.#isClosed) throw new StorageClosedError(this.name);
    const before = this.#catalog;
    const steps = planMigration(schema, before, options);
    const report = reportOf(steps);
    if (report.statements.length === 0) return report;
    const after = catalogAfter(schema, before, steps);
    // What raises versions comes last: values given to new columns are no change of a record.
    this.#catalog = new Map([...after].map(([name, table]) => [name, { ...table, raisesVersion: before.get(name)?.raisesVersion ?? false }]));
    const session = this.#begin({ schema: loosened(schema, steps.added), isolation: 'read committed' });
    try {
      await session.migrate((workspace, writer) => {
        for (const [table, rows] of migratedRows(schema, { before, steps, view: workspace })) writer.rewrite(workspace, table, rows);
      });
      if (fill && steps.added.length > 0) await holding(session, () => fill(session, steps.added));
      await session.migrate((workspace) => {
        checkRows(schema, workspace);
      });
      await session.commit();
    } catch (error) {
      this.#catalog = before;
      await session.rollback();
      throw error;
    }
    this.#catalog = after;
    this.statements += report.statements.length;
    return report;
  }

  async close(): Promise<void> {
    for (const session of heldSessions()) if (session instanceof MemorySession && this.#open.has(session)) throw new CloseNestedError(this.name);
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
}

function lockKey(table: string, id: StoredId): string {
  return `${table}\0${typeof id}\0${String(id)}`;
}
