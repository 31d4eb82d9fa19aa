import { ConflictError, VERSION_COLUMN, type ColumnSchema, type Schema, type StoredId, type TableSchema } from '@ormolu/kernel';
import { Constraints } from './constraints';
import type { MemorySession } from './memory-session';
import type { MemoryStorage } from './memory-storage';
import type { Row } from './versions';
import type { Workspace } from './workspace';

/** The writing half of an in-memory transaction: locks, foreign key actions, checks, and the commit. */
export class MemoryWriter {
  readonly #storage: MemoryStorage;
  readonly #session: MemorySession;
  readonly #schema: Schema;
  readonly #constraints: Constraints;

  constructor(storage: MemoryStorage, session: MemorySession, schema: Schema) {
    this.#storage = storage;
    this.#session = session;
    this.#schema = schema;
    this.#constraints = new Constraints(schema);
  }

  /** Stores rows and checks these columns of them. */
  put(workspace: Workspace, table: TableSchema, rows: ReadonlyMap<StoredId, Row>, columns: readonly ColumnSchema[]): void {
    for (const [id, row] of rows) {
      this.#claim(workspace, table, id);
      workspace.put(table.table, id, this.#storage.raisesVersion(table) ? raised(row, workspace.row(table.table, id)) : row);
    }
    this.#constraints.checkWritten(workspace, table, rows, columns);
  }

  /** Changes rows for a migration: nothing is checked. */
  rewrite(workspace: Workspace, table: TableSchema, rows: ReadonlyMap<StoredId, Row>): void {
    for (const [id, row] of rows) {
      this.#claim(workspace, table, id);
      workspace.put(table.table, id, row);
    }
  }

  /** Of new rows those that a unique rule refuses, one after the other. */
  existing(workspace: Workspace, table: TableSchema, rows: ReadonlyMap<StoredId, Row>): readonly StoredId[] {
    return this.#constraints.existing(workspace, table, rows);
  }

  /** Removes rows, and does to those that refer to them what their foreign keys say. */
  remove(workspace: Workspace, table: TableSchema, ids: readonly StoredId[]): void {
    const removed = new Map<TableSchema, Set<StoredId>>();
    this.#remove(workspace, table, ids, removed);
    for (const [from, gone] of removed) this.#constraints.checkRemoved(workspace, from, gone);
  }

  #remove(workspace: Workspace, table: TableSchema, ids: readonly StoredId[], removed: Map<TableSchema, Set<StoredId>>): void {
    const gone = removed.get(table) ?? new Set();
    removed.set(table, gone);
    for (const id of ids) {
      this.#claim(workspace, table, id);
      workspace.put(table.table, id, null);
      gone.add(id);
    }
    const targets = new Set<unknown>(ids);
    for (const { table: from, column } of this.#constraints.referringTo(table.model)) {
      if (column.references?.onDelete === 'restrict') continue;
      const referring = [...workspace.rows(from.table)].filter(([, row]) => targets.has(row.get(column.column)));
      if (referring.length === 0) continue;
      if (column.references?.onDelete === 'cascade') this.#remove(workspace, from, referring.map(([id]) => id), removed);
      else this.put(workspace, from, new Map(referring.map(([id, row]) => [id, new Map(row).set(column.column, null)])), [column]);
    }
  }

  /** The first who changes a row wins. */
  #claim(workspace: Workspace, table: TableSchema, id: StoredId): void {
    if (this.#storage.versions.changedAt(table.table, id) > workspace.asOf) {
      throw new ConflictError('STORAGE_SERIALIZATION', `Another transaction changed what this one was to change in model '${table.model}' (id ${String(id)}). Run the whole work again in a fresh transaction.`, { details: { model: table.model, id } });
    }
    this.#storage.lock(this.#session, table, id);
  }

  /**
   * Makes a transaction's changes true, or none of them.
   * @param read - tables that nobody may have changed since the snapshot
   * @param signals - what without a table changes with it
   */
  publish(workspace: Workspace, read: ReadonlySet<string> | undefined, signals: readonly string[] = []): void {
    const changes = [...workspace.changes()];
    if (changes.length === 0 && signals.length === 0) return;
    const { versions } = this.#storage;
    for (const table of read ?? []) {
      if (versions.tableChangedAt(table) > workspace.asOf) throw new ConflictError('STORAGE_SERIALIZATION', 'Another transaction changed what this one has read. Run the whole work again in a fresh transaction.');
    }
    // Others may have committed since: what was checked against the snapshot must hold now.
    workspace.asOf = versions.now;
    const written = new Map<string, Map<StoredId, Row>>();
    const removed = new Map<string, Set<StoredId>>();
    for (const [table, id, row] of changes) {
      if (row) written.set(table, (written.get(table) ?? new Map<StoredId, Row>()).set(id, row));
      else removed.set(table, (removed.get(table) ?? new Set<StoredId>()).add(id));
    }
    for (const table of this.#schema.tables) {
      if (workspace.skipping.has(table.table)) this.#refuseAdded(workspace, table, written.get(table.table) ?? new Map<StoredId, Row>());
      this.#constraints.checkWritten(workspace, table, written.get(table.table) ?? new Map<StoredId, Row>(), table.columns);
      const gone = removed.get(table.table);
      if (gone) this.#constraints.checkRemoved(workspace, table, gone);
    }
    const aside = new Set(this.#schema.tables.filter((one) => one.aside).map(({ table }) => table));
    const logged = changes.filter(([table]) => !aside.has(table)).map(([table, id, row]) => [table, id, versions.row(table, id, versions.now), row] as const);
    versions.commit(changes, this.#storage.oldestReader);
    this.#storage.changeLog?.append(versions.now, logged, signals);
  }

  /** Who skips what exists wants it to be there: that somebody else has just added it is a reason to look again, not an error of the caller. */
  #refuseAdded(workspace: Workspace, table: TableSchema, written: ReadonlyMap<StoredId, Row>): void {
    const others = { row: workspace.row.bind(workspace), rows: (name: string) => [...workspace.rows(name)].filter(([id]) => !written.has(id)) };
    if (this.#constraints.existing(others, table, written).length === 0) return;
    throw new ConflictError('STORAGE_SERIALIZATION', `Another transaction has added what this one was to add in model '${table.model}'. Run the whole work again in a fresh transaction.`, { details: { model: table.model } });
  }
}

function raised(row: Row, before: Row | undefined): Row {
  const version = before?.get(VERSION_COLUMN.column) as bigint | undefined; // only written here
  return new Map(row).set(VERSION_COLUMN.column, (version ?? 0n) + 1n);
}
