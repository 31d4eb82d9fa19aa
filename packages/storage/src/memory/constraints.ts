import { ConstraintError, describeIds, type ColumnSchema, type Schema, type StoredId, type TableSchema } from '@ormolu/kernel';
import { sameText } from './normal-value';
import type { Row } from './versions';
import type { View } from './workspace';

/** What a database would refuse at the end of a statement, over the view of whoever ran it. */
export class Constraints {
  readonly #schema: Schema;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  /** @throws {ConstraintError} STORAGE_NOT_NULL, STORAGE_UNIQUE or STORAGE_FOREIGN_KEY when rows just written do not hold */
  checkWritten(view: View, table: TableSchema, written: ReadonlyMap<StoredId, Row>, columns: readonly ColumnSchema[]): void {
    for (const column of columns) {
      if (column.required) for (const [id, row] of written) if (missing(row, column)) throw notNull(table, column, id);
      if (column.unique) this.#checkUnique(view, table, column, written);
      if (column.references) this.#checkReferences(view, table, column, written);
    }
    this.#checkUniqueTogether(view, table, written);
  }

  /** Of new rows those that are alike, in fields that are unique together, to rows there or to new ones before them. */
  existing(view: View, table: TableSchema, rows: ReadonlyMap<StoredId, Row>): readonly StoredId[] {
    const existing = new Set<StoredId>();
    for (const fields of table.uniqueTogether ?? []) {
      const keyOf = this.#keyOf(table, fields);
      const taken = new Set(Array.from(view.rows(table.table), ([, row]) => keyOf(row)));
      for (const [id, row] of rows) {
        if (taken.has(keyOf(row))) existing.add(id);
        taken.add(keyOf(row));
      }
    }
    return [...existing];
  }

  #keyOf(table: TableSchema, fields: readonly string[]): (row: Row) => string {
    const columns = fields.map((field) => this.#schema.column(table.model, field));
    return (row) => JSON.stringify(columns.map(({ column, type }) => sameText(type, row.get(column))));
  }

  /** @throws {ConstraintError} STORAGE_UNIQUE when two rows are alike in all these columns */
  #checkUniqueTogether(view: View, table: TableSchema, written: ReadonlyMap<StoredId, Row>): void {
    for (const fields of written.size === 0 ? [] : table.uniqueTogether ?? []) {
      const keyOf = this.#keyOf(table, fields);
      const holders = new Map<string, StoredId>();
      for (const [id, row] of view.rows(table.table)) {
        const key = keyOf(row);
        const holder = holders.get(key);
        if (holder !== undefined && (written.has(id) || written.has(holder))) {
          throw new ConstraintError('STORAGE_UNIQUE', `Another record has the same values in fields '${fields.join("', '")}' of model '${table.model}', which must be unique together (ids ${describeIds([holder, id])}). Change one of them, or look for the record first.`, { details: { model: table.model, fields } });
        }
        holders.set(key, id);
      }
    }
  }

  /** @throws {ConstraintError} STORAGE_FOREIGN_KEY when a row still refers to one of these, which are gone */
  checkRemoved(view: View, table: TableSchema, removed: ReadonlySet<StoredId>): void {
    for (const { table: from, column } of this.referringTo(table.model)) {
      for (const [id, row] of view.rows(from.table)) {
        const target = row.get(column.column) as StoredId | null | undefined; // a referring column holds ids
        if (target !== null && target !== undefined && removed.has(target)) throw foreignKey(from, column, `${describeIds([id])} refers to ${describeIds([target])}, which is being removed`);
      }
    }
  }

  /** The columns that refer to a model. */
  referringTo(model: string): readonly { readonly table: TableSchema; readonly column: ColumnSchema }[] {
    return this.#schema.tables.flatMap((table) => table.columns.filter(({ references }) => references?.model === model).map((column) => ({ table, column })));
  }

  #checkUnique(view: View, table: TableSchema, column: ColumnSchema, written: ReadonlyMap<StoredId, Row>): void {
    const holders = new Map<string, StoredId>();
    const claim = (id: StoredId, row: Row): void => {
      const value = row.get(column.column) ?? null;
      if (value === null) return; // no value is equal to none
      const key = sameText(column.type, value);
      const holder = holders.get(key);
      if (holder !== undefined && holder !== id) {
        throw new ConstraintError('STORAGE_UNIQUE', `Another record has the same value in field '${column.field}' of model '${table.model}', which must be unique (ids ${describeIds([holder, id])}). Change the value, or look for the record first.`, { details: { model: table.model, field: column.field } });
      }
      holders.set(key, id);
    };
    for (const [id, row] of written) claim(id, row);
    for (const [id, row] of view.rows(table.table)) if (!written.has(id)) claim(id, row);
  }

  #checkReferences(view: View, table: TableSchema, column: ColumnSchema, written: ReadonlyMap<StoredId, Row>): void {
    if (!column.references) return;
    const target = this.#schema.table(column.references.model);
    for (const [id, row] of written) {
      const to = row.get(column.column) as StoredId | null | undefined; // a referring column holds ids
      if (to !== null && to !== undefined && !view.row(target.table, to)) throw foreignKey(table, column, `${describeIds([id])} refers to ${describeIds([to])}, which does not exist`);
    }
  }
}

function missing(row: Row, { column }: ColumnSchema): boolean {
  return (row.get(column) ?? null) === null;
}

function notNull(table: TableSchema, column: ColumnSchema, id: StoredId): ConstraintError {
  return new ConstraintError('STORAGE_NOT_NULL', `A value is missing in field '${column.field}' of model '${table.model}', which is required (id ${describeIds([id])}). Give it one.`, { details: { model: table.model, field: column.field } });
}

function foreignKey(table: TableSchema, column: ColumnSchema, what: string): ConstraintError {
  return new ConstraintError('STORAGE_FOREIGN_KEY', `A reference in field '${column.field}' of model '${table.model}' does not hold: ${what}. Create the one referred to first, or remove those that refer to it.`, { details: { model: table.model, field: column.field } });
}
