import { MisuseError, referredModel, type ColumnSchema, type ColumnType, type ListSchema, type Schema, type TableSchema } from '@ormolu/kernel';
import { columnTypeOfId } from '../column-types';

/** One step of a path from a table to the next one. */
export type Hop =
  | { readonly kind: 'many2one'; readonly column: ColumnSchema; readonly to: TableSchema }
  | { readonly kind: 'list'; readonly list: ListSchema; readonly from: TableSchema; readonly to: TableSchema };

/** Where a path of field names ends. */
export interface ResolvedPath {
  readonly hops: readonly Hop[];
  /** The table that holds the last name. */
  readonly table: TableSchema;
  /** The last name's column; absent when the path ends at the id. */
  readonly column: ColumnSchema | undefined;
  /** Of what is compared: of a keyed column, of each of its values. */
  readonly type: ColumnType;
  /** The last name is a list: what is compared is the ids of its records, which the last hop leads to. */
  readonly endsAtList: boolean;
}

/**
 * Follows field names through relations, once for SQL and for memory alike.
 *
 * @throws {UnknownFieldError} FIELD_UNKNOWN when a name is not the model's
 * @throws {MisuseError} FILTER_PATH when a name in the middle is no relation, or the path is empty
 */
export function resolvePath(schema: Schema, model: string, path: readonly string[]): ResolvedPath {
  let table = schema.table(model);
  const hops: Hop[] = [];
  for (const [n, name] of path.entries()) {
    const isLast = n === path.length - 1;
    if (name === 'id') {
      if (!isLast) throw notARelation(table.model, name);
      return end(table, hops, undefined);
    }
    const list = schema.list(table.model, name);
    if (list) {
      const from = table;
      table = schema.table(list.model);
      hops.push({ kind: 'list', list, from, to: table });
      if (isLast) return { ...end(table, hops, undefined), endsAtList: true };
      continue;
    }
    const column = schema.column(table.model, name);
    if (isLast) return end(table, hops, column);
    const referred = referredModel(column);
    if (referred === undefined) throw notARelation(table.model, name);
    table = schema.table(referred);
    hops.push({ kind: 'many2one', column, to: table });
  }
  throw new MisuseError('FILTER_PATH', `A filter or order on model '${model}' has an empty path. Name at least one field.`, { details: { model } });
}

function end(table: TableSchema, hops: readonly Hop[], column: ColumnSchema | undefined): ResolvedPath {
  return { hops, table, column, type: column?.keyed?.type ?? column?.type ?? columnTypeOfId(table.idType), endsAtList: false };
}

function notARelation(model: string, field: string): MisuseError {
  return new MisuseError('FILTER_PATH', `Field '${field}' of model '${model}' is no relation, so that a path ends there. Shorten the path, or name a relation.`, { details: { model, field } });
}
