import { ConstraintError, SameValue, type InsertRows, type StoredId, type TableSchema, type UpdateRows } from '@ormolu/kernel';
import { writableColumn } from '../record-version';
import { joinedValues } from './joined-values';
import type { MemoryReader } from './memory-reader';
import type { MemoryStorage } from './memory-storage';
import { normalValue } from './normal-value';
import type { Row } from './versions';
import type { Workspace } from './workspace';

/** Where rows are to be written. */
export interface WriteTarget {
  readonly storage: MemoryStorage;
  readonly reader: MemoryReader;
  readonly workspace: Workspace;
  readonly table: TableSchema;
}

/**
 * The rows that an insert adds, by id, and the ids in the order of the call; with `skipsExisting` also those of rows that are there.
 * @throws {ConstraintError} STORAGE_NOT_NULL, STORAGE_UNIQUE about ids
 */
export function insertedRows({ storage, reader, workspace, table }: WriteTarget, rows: InsertRows): { readonly ids: readonly StoredId[]; readonly written: Map<StoredId, Row> } {
  const { model } = table;
  const fields = rows.fields.map((field) => writableColumn(reader.schema, model, field));
  const written = new Map<StoredId, Row>();
  const ids = Array.from({ length: rows.count }, (_, n) => {
    const id = rows.ids === undefined ? storage.nextId(table) : reader.id(table, rows.ids[n]);
    if (id === null) throw new ConstraintError('STORAGE_NOT_NULL', `A value is missing in field 'id' of model '${model}', which is required. Give it one.`, { details: { model, field: 'id' } });
    const isCommitted = (): boolean => storage.versions.row(table.table, id, storage.versions.now) !== undefined && !workspace.hasRemoved(table.table, id);
    const taken = written.has(id) || workspace.row(table.table, id) !== undefined || isCommitted();
    if (taken && rows.skipsExisting) return id;
    if (taken) throw new ConstraintError('STORAGE_UNIQUE', `Another record has the same value in field 'id' of model '${model}', which must be unique (id ${String(id)}). Change the value, or look for the record first.`, { details: { model, field: 'id' } });
    written.set(id, new Map(fields.map((column, f) => [column.column, normalValue(column, rows.columns[f]?.[n], { model, field: column.field })])));
    return id;
  });
  return { ids, written };
}

/** The rows of an update that are there, as they are after it. */
export function updatedRows({ reader, workspace, table }: WriteTarget, rows: UpdateRows): Map<StoredId, Row> {
  const { model } = table;
  const fields = rows.fields.map((field) => writableColumn(reader.schema, model, field));
  const written = new Map<StoredId, Row>();
  rows.ids.forEach((one, n) => {
    const id = reader.id(table, one);
    if (id === null) return;
    const before = workspace.row(table.table, id);
    const row = new Map(before);
    fields.forEach((column, f) => {
      const values = rows.columns[f];
      const value = normalValue(column, values instanceof SameValue ? values.value : values?.[n], { model, field: column.field });
      row.set(column.column, column.keyed ? joinedValues(before?.get(column.column), value) : value);
    });
    if (before) written.set(id, row);
  });
  return written;
}
