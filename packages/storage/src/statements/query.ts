import { MisuseError, type Query, type Schema, type StreamOptions } from '@ormolu/kernel';
import { columnTypeOfId } from '../column-types';
import { inOrder } from '../filter/comparison-sql';
import { FilterSql } from '../filter/filter-sql';
import { resolveOrder } from '../filter/resolve-order';
import { quoted } from './identifiers';
import { ParameterList } from './parameter-list';
import { idPlace, selected, type RowsStatement } from './records';

/** `SELECT` by filter, in order, with what is joined for both. */
export function queryStatement(schema: Schema, query: Query, foldingCollation: string | undefined): RowsStatement {
  const table = schema.table(query.model);
  const columns = (query.fields ?? []).map((field) => schema.column(query.model, field));
  const parameters = new ParameterList();
  const sql = new FilterSql(schema, query, { parameters, foldingCollation });
  const where = sql.where(query.filter);
  const id = `${sql.alias}.${quoted(table.idColumn)}`;
  // No value comes last ascending and first descending: PostgreSQL's own rule, so that an index serves both directions.
  const order = resolveOrder(schema, query).map(({ resolved, direction }) => `${inOrder(sql.column(resolved), resolved.type)}${direction === 'desc' ? ' desc' : ''}`);
  const list = [id, ...columns.map((column) => selected(`${sql.alias}.${quoted(column.column)}`, column.type))].join(', ');
  const bounds = [
    bound('limit', query.limit, (value) => parameters.one('int8', value, idPlace(table))),
    bound('offset', query.offset, (value) => parameters.one('int8', value, idPlace(table))),
  ].join('');
  return {
    text: `select ${list} from ${sql.from} where ${where} order by ${order.join(', ')}${bounds}`,
    parameters: parameters.all, results: 'binary', types: [columnTypeOfId(table.idType), ...columns.map(({ type }) => type)],
  };
}

/** `SELECT count(*)` by filter. */
export function countStatement(schema: Schema, query: Query, foldingCollation: string | undefined): RowsStatement {
  const parameters = new ParameterList();
  const sql = new FilterSql(schema, query, { parameters, foldingCollation });
  const where = sql.where(query.filter);
  return { text: `select count(*) from ${sql.from} where ${where}`, parameters: parameters.all, results: 'binary', types: ['int8'] };
}

/** `limit $1` or `offset $1`; nothing when there is none. @throws {MisuseError} QUERY_BOUND */
export function bound(keyword: 'limit' | 'offset', value: number | undefined, parameter: (value: bigint) => string): string {
  if (value === undefined) return '';
  checkBound(keyword, value);
  return ` ${keyword} ${parameter(BigInt(value))}`;
}

/** Records a batch of a stream holds when nothing else is asked. */
const BATCH_SIZE = 1000;

/** @throws {MisuseError} QUERY_BOUND when it is not a whole number from 1 up to 2,147,483,647 */
export function batchSizeOf({ batchSize = BATCH_SIZE }: StreamOptions): number {
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > 0x7fffffff) throw new MisuseError('QUERY_BOUND', 'The batchSize of a stream is a whole number from 1 up. Leave it out for 1000.');
  return batchSize;
}

/** @throws {MisuseError} QUERY_BOUND when it is not a whole number from 0 up */
export function checkBound(keyword: 'limit' | 'offset', value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new MisuseError('QUERY_BOUND', `The ${keyword} of a query is a whole number from 0 up. Leave it out for none.`);
}
