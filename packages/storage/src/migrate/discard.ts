import { UnknownFieldError, UnknownModelError, VERSION_COLUMN, type Schema, type TableSchema } from '@ormolu/kernel';
import { columnsKey, type FoundTable } from './catalog';

/** The fields and columns whose values may be lost, as the caller named them. */
export class Discards {
  readonly #byModel = new Map<string, Set<string>>();

  /** @param names - `model.field` or `model.column`; model names have dots themselves @throws {UnknownModelError} MODEL_UNKNOWN */
  constructor(schema: Schema, names: readonly string[] = []) {
    for (const name of names) {
      const [model] = schema.tables.map((table) => table.model).filter((each) => name.startsWith(`${each}.`)).sort((a, b) => b.length - a.length);
      if (model === undefined) throw new UnknownModelError(name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : name, schema.tables.map((table) => table.model));
      this.#byModel.set(model, (this.#byModel.get(model) ?? new Set()).add(name.slice(model.length + 1)));
    }
  }

  has({ model }: TableSchema, name: string): boolean {
    return this.#byModel.get(model)?.has(name) ?? false;
  }

  /**
   * Says no to names that a table has nothing for, and never had dropped: a migration that runs again finds nothing to lose.
   * @throws {UnknownFieldError} FIELD_UNKNOWN
   */
  check(table: TableSchema, there: FoundTable): void {
    const known = new Set(['id', ...table.columns.flatMap(({ field, column }) => [field, column]), ...there.columns.keys()]);
    for (const name of this.#byModel.get(table.model) ?? []) if (!known.has(name) && !there.dropped.has(name)) throw new UnknownFieldError(table.model, name, known);
  }

  /** Columns that may be dropped and that no field names; never the id, and never the version. */
  forgotten(table: TableSchema, there: FoundTable): readonly string[] {
    const kept = new Set([table.idColumn, VERSION_COLUMN.column, ...table.columns.map(({ column }) => column)]);
    return [...there.columns.keys()].filter((column) => !kept.has(column) && this.has(table, column));
  }
}

/** The table as it is found once a column has been dropped: its constraints and indexes go with it. */
export function withoutColumn(there: FoundTable, column: string): FoundTable {
  return {
    ...there,
    columns: new Map([...there.columns].filter(([name]) => name !== column)),
    references: there.references.filter((reference) => reference.column !== column),
    indexed: new Set([...there.indexed].filter((name) => name !== column)),
    unique: new Map([...there.unique].filter(([name]) => name !== column)),
    uniqueTogether: new Set([...there.uniqueTogether].filter((key) => !(JSON.parse(key) as string[]).includes(column))), // as `columnsKey` made it
  };
}

/** The name by which the catalog knows a set of fields. */
export function columnsKeyOf(schema: Schema, { model }: TableSchema, fields: readonly string[]): string {
  return columnsKey(fields.map((field) => schema.column(model, field).column));
}
