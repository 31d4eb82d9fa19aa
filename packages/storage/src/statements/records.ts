import {
  SameValue, type ColumnSchema, type ColumnType, type InsertRows, type ReadQuestion, type Schema, type StoredId, type TableSchema, type UpdateRows,
} from '@ormolu/kernel';
import { columnTypeOfId, SQL_TYPES, type ValuePlace } from '../column-types';
import { versionColumn, writableColumn } from '../record-version';
import type { Statement } from '../wire/statement';
import { joinedSql } from '../filter/keyed-sql';
import { literal, quoted } from './identifiers';
import { ParameterList } from './parameter-list';

/** A statement that answers rows, with the types of its columns. */
export interface RowsStatement extends Statement {
  readonly types: readonly ColumnType[];
}

/** The place of a model's ids, for messages. */
export function idPlace(table: TableSchema): ValuePlace {
  return { model: table.model, field: 'id' };
}

/** How a column is asked for: decimals as text, which is exact and needs no parsing. */
export function selected(column: string, type: ColumnType): string {
  return type === 'numeric' ? `${column}::text` : column;
}

/** `SELECT` of columns by ids: one statement, one array, whatever the number of ids. */
export function readStatement(schema: Schema, { model, ids, fields }: ReadQuestion): RowsStatement {
  const table = schema.table(model);
  const columns = fields.map((field) => schema.column(model, field));
  const parameters = new ParameterList();
  const idType = columnTypeOfId(table.idType);
  const list = [quoted(table.idColumn), ...columns.map((column) => selected(quoted(column.column), column.type))].join(', ');
  const text = `select ${list} from ${quoted(table.table)} where ${quoted(table.idColumn)} = any(${parameters.many(idType, ids, idPlace(table))})`;
  return { text, parameters: parameters.all, results: 'binary', types: [idType, ...columns.map(({ type }) => type)] };
}

/**
 * `INSERT … SELECT FROM unnest`: one array per column, the new ids in the order of the rows.
 *
 * The rows are inserted in their order, so that ids that the database gives out ascend with them.
 * @param answered - fields to answer beside the ids, as the database has them then
 */
export function insertStatement(schema: Schema, rows: InsertRows, answered: readonly string[] = []): RowsStatement {
  const { model, fields, columns, ids, count, skipsExisting } = rows;
  const table = schema.table(model);
  const idType = columnTypeOfId(table.idType);
  const parameters = new ParameterList();
  const arrays: string[] = [];
  const names: string[] = [];
  const add = (column: string, array: string): void => {
    names.push(quoted(column));
    arrays.push(array);
  };
  if (ids) add(table.idColumn, parameters.many(idType, ids, idPlace(table)));
  fields.forEach((field, f) => {
    const column = writableColumn(schema, model, field);
    // The caller gives as many columns as fields.
    add(column.column, parameters.many(column.type, columns[f] as readonly unknown[], { model, field }));
  });
  const { list, types } = returned(schema, model, answered);
  const returning = `${skipsExisting ? 'on conflict do nothing ' : ''}returning ${list}`;
  const into = `insert into ${quoted(table.table)}`;
  if (names.length === 0) {
    // No value to give: as many rows of nothing as there are numbers.
    const numbers = parameters.one('int4', count, idPlace(table));
    const [first] = table.columns;
    const [column, nothing] = first ? [first.column, `null::${SQL_TYPES[first.type]}`] : [table.idColumn, nextId(table)];
    return { text: `${into} (${quoted(column)}) select ${nothing} from generate_series(1, ${numbers}) ${returning}`, parameters: parameters.all, results: 'binary', types };
  }
  const aliases = names.map((_, n) => `c${n}`);
  const text = `${into} (${names.join(', ')}) select ${aliases.join(', ')} from unnest(${arrays.join(', ')}) with ordinality as u(${aliases.join(', ')}, n) order by n ${returning}`;
  return { text, parameters: parameters.all, results: 'binary', types };
}

/** The expression that gives a new id out, for a table that has nothing but ids. */
function nextId(table: TableSchema): string {
  return `nextval(pg_get_serial_sequence(${literal(quoted(table.table))}, ${literal(table.idColumn)}))`;
}

/** What a statement that writes answers: the ids, and behind them other fields. */
function returned(schema: Schema, model: string, fields: readonly string[], table = ''): { readonly list: string; readonly types: readonly ColumnType[] } {
  const { idColumn, idType } = schema.table(model);
  const columns = fields.map((field) => schema.column(model, field));
  return { list: [table + quoted(idColumn), ...columns.map(({ column, type }) => selected(table + quoted(column), type))].join(', '), types: [columnTypeOfId(idType), ...columns.map(({ type }) => type)] };
}

/**
 * `UPDATE`: `FROM unnest` where values differ, `id = any` where one value goes to all; answers the ids found.
 * @param answered - fields to answer beside them, as the database has them then
 */
export function updateStatement(schema: Schema, { model, ids, fields, columns, expected }: UpdateRows, answered: readonly string[] = []): RowsStatement {
  const table = schema.table(model);
  const idType = columnTypeOfId(table.idType);
  const parameters = new ParameterList();
  const id = quoted(table.idColumn);
  const idArray = parameters.many(idType, ids, idPlace(table));
  const arrays = [idArray];
  const aliases = ['i'];
  const sets = fields.map((field, f) => {
    const column = writableColumn(schema, model, field);
    // The caller gives as many columns as fields.
    const values = columns[f] as readonly unknown[] | SameValue;
    const changed = (value: string): string => `${quoted(column.column)} = ${column.keyed ? joinedSql(`t.${quoted(column.column)}`, value) : value}`;
    if (values instanceof SameValue) return changed(parameters.one(column.type, values.value, { model, field }));
    const alias = `c${f}`;
    aliases.push(alias);
    arrays.push(parameters.many(column.type, values, { model, field }));
    return changed(`u.${alias}`);
  });
  const version = expected && versionColumn(schema, model);
  if (version) {
    aliases.push('v');
    arrays.push(parameters.many(version.type, expected, { model, field: version.field }));
  }
  const update = `update ${quoted(table.table)} t set ${sets.join(', ')}`;
  const { list, types } = returned(schema, model, answered, 't.');
  const text = arrays.length === 1
    ? `${update} where t.${id} = any(${idArray}) returning ${list}`
    : `${update} from unnest(${arrays.join(', ')}) as u(${aliases.join(', ')}) where t.${id} = u.i${version ? isExpected(version) : ''} returning ${list}`;
  return { text, parameters: parameters.all, results: 'binary', types };
}

/** `DELETE` by ids; answers the ids found, with the version expected. */
export function deleteStatement(schema: Schema, model: string, ids: readonly StoredId[], expected?: readonly (bigint | null)[]): RowsStatement {
  const table = schema.table(model);
  const idType = columnTypeOfId(table.idType);
  const parameters = new ParameterList();
  const id = quoted(table.idColumn);
  const version = expected && versionColumn(schema, model);
  const array = parameters.many(idType, ids, idPlace(table));
  const text = version
    ? `delete from ${quoted(table.table)} t using unnest(${array}, ${parameters.many(version.type, expected, { model, field: version.field })}) as u(i, v) where t.${id} = u.i${isExpected(version)} returning t.${id}`
    : `delete from ${quoted(table.table)} where ${id} = any(${array}) returning ${id}`;
  return { text, parameters: parameters.all, results: 'binary', types: [idType] };
}

function isExpected({ column }: ColumnSchema): string {
  return ` and (u.v is null or t.${quoted(column)} = u.v)`;
}
