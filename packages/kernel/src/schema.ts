import { createHash } from 'node:crypto';
import { MisuseError, UnknownFieldError, UnknownModelError } from './errors';
import type { KeyedColumn } from './keyed-column';

/**
 * How a column keeps its values, and the one JavaScript form in which they cross the `Session` contract:
 * `int4 float8` number · `int8` bigint · `numeric` exact decimal string · `bool` boolean · `text uuid` string ·
 * `date` `'YYYY-MM-DD'` · `timestamptz` Date (UTC, milliseconds) · `jsonb` plain JSON value · `bytea` Uint8Array. No value is always `null`.
 */
export type ColumnType =
  | 'text' | 'uuid' | 'int4' | 'int8' | 'float8' | 'numeric' | 'bool' | 'date' | 'timestamptz' | 'jsonb' | 'bytea';

/** What the database does to referring rows when the row they refer to is deleted. */
export type OnDelete = 'restrict' | 'cascade' | 'set null';

/** How a model's primary key is kept. */
export type IdType = 'integer' | 'bigint' | 'uuid' | 'text';

/** One stored field, as a storage needs to know it. Plain data. */
export interface ColumnSchema {
  /** The field's name: what requests use. */
  readonly field: string;
  /** The column's name in the database. */
  readonly column: string;
  readonly type: ColumnType;
  readonly required: boolean;
  readonly unique: boolean;
  readonly index: boolean;
  /** Digits behind the decimal point, of a `numeric`. */
  readonly scale?: number | undefined;
  /** The model whose id this column holds. */
  readonly references?: { readonly model: string; readonly onDelete: OnDelete } | undefined;
  /** Of a `jsonb` column that holds a value per company or language. Reads give, and inserts take, all of them; an update changes the keys it names. */
  readonly keyed?: KeyedColumn | undefined;
  /** Large, mostly: it is asked for by name only, never along with the others of its row. */
  readonly apart?: true | undefined;
  /** Its values leave this process for no cache server unless they are sealed. */
  readonly sensitive?: true | undefined;
}

/** A list of records that no column holds: the other side of a many2one, or the pairs of a relation table. */
export type ListSchema =
  | { readonly field: string; readonly kind: 'one2many'; readonly model: string; readonly inverse: string }
  | { readonly field: string; readonly kind: 'many2many'; readonly model: string; readonly relation: string; readonly column: string; readonly otherColumn: string };

/** One term of an order. */
export interface OrderTerm {
  /** Field names from the queried model to a column: `['country', 'name']`. `['id']` is the primary key. */
  readonly path: readonly string[];
  readonly direction: 'asc' | 'desc';
}

/** One model's table. A relation table of a many2many is a table of its own, with two referring columns. */
export interface TableSchema {
  readonly model: string;
  readonly table: string;
  readonly idColumn: string;
  readonly idType: IdType;
  readonly columns: readonly ColumnSchema[];
  readonly lists: readonly ListSchema[];
  /** The model's own order, in which lists and searches come when nothing else is asked. */
  readonly order: readonly OrderTerm[];
  /** The field that holds a record's parent: what `childOf` and `parentOf` follow. */
  readonly parent?: string | undefined;
  /** Sets of fields, required ones, in which no two records are alike together. */
  readonly uniqueTogether?: readonly (readonly string[])[] | undefined;
  /** Has a record version that the database itself raises with every update, whoever makes it: {@link VERSION_FIELD}. */
  readonly versioned: boolean;
  /** Its rows are nobody's models: the change log does not tell of them, no cache keeps any, and schemas with it and without it are the same to caches. */
  readonly aside?: true | undefined;
}

/** The field by which the version of a record is asked for; a bigint. Only `versioned` models have it, and nobody writes it. */
export const VERSION_FIELD = '$version';

/** The column that keeps it, beginning with 1. */
export const VERSION_COLUMN: ColumnSchema = { field: VERSION_FIELD, column: 'ormolu_version', type: 'int8', required: true, unique: false, index: false };

interface TableIndex {
  readonly table: TableSchema;
  readonly columns: ReadonlyMap<string, ColumnSchema>;
  readonly lists: ReadonlyMap<string, ListSchema>;
}

/**
 * The plain description of every table, as a registry hands it to a storage.
 *
 * Immutable; built once per registry version.
 */
export class Schema {
  readonly version: number;
  readonly tables: readonly TableSchema[];
  readonly #byModel: ReadonlyMap<string, TableIndex>;
  #digest: string | undefined;

  /**
   * @param tables - one per model, in any order
   * @param version - of the registry it was taken from
   */
  constructor(tables: readonly TableSchema[], version = 0) {
    this.version = version;
    this.tables = tables;
    this.#byModel = new Map(tables.map((table) => [table.model, {
      table,
      columns: new Map([...table.columns, ...table.versioned ? [VERSION_COLUMN] : []].map((column) => [column.field, column])),
      lists: new Map(table.lists.map((list) => [list.field, list])),
    }]));
  }

  /** The same for schemas with the same tables, those aside left out, in whatever process: what is kept under one means something to the other. */
  get digest(): string {
    this.#digest ??= createHash('sha256').update(JSON.stringify(this.tables.filter(({ aside }) => !aside))).digest('hex').slice(0, 16);
    return this.#digest;
  }

  /** @throws {UnknownModelError} MODEL_UNKNOWN */
  table(model: string): TableSchema {
    return this.#index(model).table;
  }

  /** @throws {UnknownModelError} MODEL_UNKNOWN @throws {UnknownFieldError} FIELD_UNKNOWN when the field has no column */
  column(model: string, field: string): ColumnSchema {
    const index = this.#index(model);
    const column = index.columns.get(field);
    if (!column && field === 'id') throw new MisuseError('FIELD_UNKNOWN', `Field 'id' of model '${model}' is none to be read or written among others: ids stand beside the fields, and a record keeps the one it was made with. Leave it out.`, { details: { model, field } });
    if (!column) throw new UnknownFieldError(model, field, ['id', ...index.columns.keys()]);
    return column;
  }

  /** @returns the list, or undefined when the field is none */
  list(model: string, field: string): ListSchema | undefined {
    return this.#index(model).lists.get(field);
  }

  #index(model: string): TableIndex {
    const index = this.#byModel.get(model);
    if (!index) throw new UnknownModelError(model, this.#byModel.keys());
    return index;
  }
}
