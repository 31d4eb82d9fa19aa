import { Schema, VERSION_COLUMN, type AddedField, type ColumnSchema, type StoredId, type TableSchema } from '@ormolu/kernel';
import { canonicalDecimal } from '../decimal';
import type { FoundTable } from '../migrate/catalog';
import { formattedType } from '../migrate/column-definition';
import { MigrationRefusedError, type MigrationPlan } from '../migrate/plan';
import { Constraints } from './constraints';
import type { Row } from './versions';
import type { View } from './workspace';

/** The rows that a migration changes: columns dropped and widened, versions begun. */
export function* migratedRows(schema: Schema, { before, steps, view }: { readonly before: ReadonlyMap<string, FoundTable>; readonly steps: MigrationPlan; readonly view: View }): Generator<readonly [TableSchema, ReadonlyMap<StoredId, Row>]> {
  for (const table of schema.tables) {
    const found = before.get(table.table);
    if (!found) continue;
    const dropped = steps.dropped.filter((each) => each.table === table.table).map(({ column }) => column);
    const widened = table.columns.filter((column) => found.columns.has(column.column) && found.columns.get(column.column)?.type !== formattedType(column) && !dropped.includes(column.column));
    const isNewlyVersioned = table.versioned && !found.columns.has(VERSION_COLUMN.column);
    if (dropped.length + widened.length === 0 && !isNewlyVersioned) continue;
    yield [table, new Map(Array.from(view.rows(table.table), ([id, row]): [StoredId, Row] => {
      const changed = new Map(row);
      for (const column of dropped) changed.delete(column);
      for (const column of widened) changed.set(column.column, widen(column, row.get(column.column) ?? null));
      if (isNewlyVersioned) changed.set(VERSION_COLUMN.column, 1n);
      return [id, changed];
    }))];
  }
}

function widen({ type, scale }: ColumnSchema, value: unknown): unknown {
  if (type === 'int8' && typeof value === 'number') return BigInt(value);
  return type === 'numeric' && typeof value === 'string' ? canonicalDecimal(value, scale) : value;
}

/** The schema as it is while new columns are filled: they need not be, nor be different, before the end. */
export function loosened(schema: Schema, added: readonly AddedField[]): Schema {
  const isNew = (model: string, field: string): boolean => added.some((each) => each.model === model && each.field === field);
  return new Schema(schema.tables.map((table) => ({
    ...table, columns: table.columns.map((column) => isNew(table.model, column.field) ? { ...column, required: false, unique: false } : column),
  })), schema.version);
}

/** What exists must fulfil what the schema newly asks. @throws {MigrationRefusedError} STORAGE_MIGRATION_REFUSED */
export function checkRows(schema: Schema, view: View): void {
  const constraints = new Constraints(schema);
  try {
    for (const table of schema.tables) constraints.checkWritten(view, table, new Map(view.rows(table.table)), table.columns);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new MigrationRefusedError(`Existing records do not fulfil what the model now asks of them. ${error.message} Mend the records, then migrate.`, {}, error);
  }
}
