import type { Columns, GroupQuery, Groups, Query, ReadQuestion, Schema, StoredId, TableSchema, ValueKeys } from '@ormolu/kernel';
import { columnTypeOfId } from '../column-types';
import { unmet, versionColumn, versionError } from '../record-version';
import { checkFields } from '../statements/check-rows';
import { checkBound } from '../statements/query';
import { Evaluator, type Entry } from './evaluate';
import { groupInMemory } from './group';
import type { MemoryStorage } from './memory-storage';
import { copied, normalValue } from './normal-value';
import type { Workspace } from './workspace';

/** The reading half of an in-memory transaction: what rows a question means, and copies of their values. */
export class MemoryReader {
  /** Tables read, for the check of serializable transactions. */
  readonly tables: Set<string> = new Set<string>();
  readonly #storage: MemoryStorage;
  schema: Schema;

  constructor(storage: MemoryStorage, schema: Schema) {
    this.#storage = storage;
    this.schema = schema;
  }

  read(workspace: Workspace, { model, ids, fields }: ReadQuestion): Columns {
    checkFields(this.schema, model, fields);
    const table = this.table(model);
    return this.#columnsOf(table, entriesOf(workspace, table, this.ids(table, ids)), fields);
  }

  query(workspace: Workspace, query: Query): Columns {
    return this.columns(query, this.page(workspace, query));
  }

  group(workspace: Workspace, query: GroupQuery): Groups {
    return groupInMemory(this.schema, this.#evaluator(workspace, query), query);
  }

  count(workspace: Workspace, query: Query): number {
    return this.#evaluator(workspace, query).find({ ...query, order: [] }).length;
  }

  /** The rows of a query, in its order, within its bounds. */
  page(workspace: Workspace, query: Query): readonly Entry[] {
    const { limit, offset = 0 } = query;
    if (limit !== undefined) checkBound('limit', limit);
    checkBound('offset', offset);
    return this.#evaluator(workspace, query).find(query).slice(offset, limit === undefined ? undefined : offset + limit);
  }

  /** What a query answers of these rows. */
  columns({ model, fields = [] }: Pick<Query, 'model' | 'fields'>, entries: readonly Entry[]): Columns {
    return this.#columnsOf(this.table(model), entries, fields);
  }

  /** @throws {ConcurrentModificationError} STORAGE_VERSION unless every record has the version expected */
  demandVersions(workspace: Workspace, table: TableSchema, ids: readonly StoredId[], expected: readonly (bigint | null)[]): void {
    const { column } = versionColumn(this.schema, table.model);
    const entries = entriesOf(workspace, table, ids);
    const versions = { model: table.model, ids, expected };
    const error = versionError(versions, unmet(versions, []), { ids: entries.map(([id]) => id), columns: [entries.map(([, row]) => row.get(column))] });
    if (error) throw error;
  }

  table(model: string): TableSchema {
    const table = this.schema.table(model);
    this.#storage.demandTable(table);
    this.tables.add(table.table);
    return table;
  }

  id(table: TableSchema, id: unknown): StoredId | null {
    return normalValue({ type: columnTypeOfId(table.idType) }, id, { model: table.model, field: 'id' }) as StoredId | null; // an id's type has ids only
  }

  /** Each id once; no record has none. */
  ids(table: TableSchema, ids: readonly StoredId[]): readonly StoredId[] {
    return [...new Set(ids.map((id) => this.id(table, id)))].filter((id) => id !== null);
  }

  #evaluator(workspace: Workspace, { model, keys }: { readonly model: string; readonly keys?: ValueKeys | undefined }): Evaluator {
    this.table(model);
    // A filter may look into any table along its paths.
    for (const { table } of this.schema.tables) this.tables.add(table);
    return new Evaluator(this.schema, workspace, keys);
  }

  #columnsOf(table: TableSchema, entries: readonly Entry[], fields: readonly string[]): Columns {
    const columns = fields.map((field) => {
      const { column, type } = this.schema.column(table.model, field);
      return entries.map(([, row]) => copied(type, row.get(column) ?? null));
    });
    return { ids: entries.map(([id]) => id), columns };
  }
}

/** The rows that there are. */
function entriesOf(workspace: Workspace, { table }: TableSchema, ids: readonly StoredId[]): Entry[] {
  return ids.flatMap((id): Entry[] => {
    const row = workspace.row(table, id);
    return row ? [[id, row]] : [];
  });
}
