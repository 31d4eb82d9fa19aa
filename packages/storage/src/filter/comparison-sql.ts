import type { ColumnType, Condition, Schema } from '@ormolu/kernel';
import { columnTypeOfId, type ValuePlace } from '../column-types';
import { quoted } from '../statements/identifiers';
import type { ParameterList } from '../statements/parameter-list';
import { hierarchyOf, idsOf } from './check-condition';
import { escapePattern } from './like';
import type { ResolvedPath } from './resolve-path';
import type { Aliases } from './scope';

/** What comparisons of one statement share. */
export interface ComparisonContext {
  readonly schema: Schema;
  readonly parameters: ParameterList;
  readonly aliases: Aliases;
  /** The collation whose rules say which letters differ by case only. */
  readonly foldingCollation: string | undefined;
}

const SYMBOLS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

/** Whether a comparison holds for no record at all: nothing is greater or less than no value. */
export function isNever({ operator, value }: Condition): boolean {
  return operator in SYMBOLS && isMissing(value);
}

/** One comparison of a column with a constant, one that {@link isNever} leaves to be made. */
export function comparisonSql(context: ComparisonContext, column: string, condition: Condition, resolved: ResolvedPath): string {
  const { operator, value } = condition;
  const { type } = resolved;
  const { parameters } = context;
  const place: ValuePlace = { model: resolved.table.model, field: resolved.column?.field ?? 'id' };
  const one = (): string => widenedOne(parameters, type, value, place);
  switch (operator) {
    case 'eq':
      return isMissing(value) ? nullSql(column, type) : `${column} = ${widenedOne(parameters, type, value, place)}`;
    case 'ne':
      return isMissing(value) ? `not ${nullSql(column, type)}` : `${column} is distinct from ${widenedOne(parameters, type, value, place)}`;
    case 'gt': case 'gte': case 'lt': case 'lte':
      return `${inOrder(column, type)} ${SYMBOLS[operator]} ${widenedOne(parameters, type, value, place)}`;
    case 'in': case 'notIn':
      return membershipSql({ context, column, type, place }, operator, value as readonly unknown[]); // checked: a list
    case 'like':
      return `${column} like ${one()}`;
    case 'ilike':
      return `${column}${context.foldingCollation === undefined ? '' : ` collate ${quoted(context.foldingCollation)}`} ilike ${one()}`;
    case 'startsWith':
      return `${column} like ${parameters.one('text', `${escapePattern(value as string)}%`, place)}`; // checked: a text
    case 'childOf': case 'parentOf':
      return hierarchySql(context, column, condition, resolved);
    case 'isNull': case 'exists': {
      const missing = nullSql(column, type);
      return (operator === 'isNull') === value ? missing : `not ${missing}`;
    }
  }
}

/** How a column is written where its order counts: texts by code points, on every database alike. */
export function inOrder(column: string, type: ColumnType): string {
  return type === 'text' ? `${column} collate "C"` : column;
}

function isMissing(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** JSON's own null counts as no value: reading gives null for both. */
function nullSql(column: string, type: ColumnType): string {
  return type === 'jsonb' ? `(coalesce(${column}, 'null') = 'null')` : `(${column} is null)`;
}

/** A whole number beyond 32 bits is no value of an `int4` column, but may be compared with one. */
function widened(type: ColumnType, values: readonly unknown[]): ColumnType {
  return type === 'int4' && values.some((value) => Number.isSafeInteger(value) && ((value as number) | 0) !== value) ? 'int8' : type;
}

function widenedOne(parameters: ParameterList, type: ColumnType, value: unknown, place: ValuePlace): string {
  const wide = widened(type, [value]);
  return parameters.one(wide, wide === type ? value : BigInt(value as number), place); // widened: a safe integer
}

interface Member {
  readonly context: ComparisonContext;
  readonly column: string;
  readonly type: ColumnType;
  readonly place: ValuePlace;
}

function membershipSql({ context, column, type, place }: Member, operator: 'in' | 'notIn', value: readonly unknown[]): string {
  const values = value.filter((each) => !isMissing(each));
  const takesMissing = values.length < value.length;
  const wide = widened(type, values);
  const sent = wide === type ? values : values.map((each) => (Number.isSafeInteger(each) ? BigInt(each as number) : each)); // checked: an integer
  const array = context.parameters.many(wide, sent, place);
  const missing = nullSql(column, type);
  if (operator === 'in') return takesMissing ? `(${column} = any(${array}) or ${missing})` : `${column} = any(${array})`;
  return takesMissing ? `(${column} <> all(${array}) and not ${missing})` : `(${column} <> all(${array})) is not false`;
}

function hierarchySql({ schema, parameters, aliases }: ComparisonContext, column: string, { operator, value, along }: Condition, resolved: ResolvedPath): string {
  const { table, parent } = hierarchyOf(schema, resolved, along);
  const ids = parameters.many(columnTypeOfId(table.idType), idsOf(value), { model: table.model, field: 'id' });
  const [tree, row] = [aliases.next(), aliases.next()];
  const [from, id, up] = [quoted(table.table), quoted(table.idColumn), quoted(parent.column)];
  // UNION, not UNION ALL: a circle of parents ends.
  return operator === 'childOf'
    ? `${column} in (with recursive ${tree}(id) as (select ${id} from ${from} where ${id} = any(${ids}) union select ${row}.${id} from ${from} ${row} join ${tree} on ${row}.${up} = ${tree}.id) select id from ${tree})`
    : `${column} in (with recursive ${tree}(id, up) as (select ${id}, ${up} from ${from} where ${id} = any(${ids}) union select ${row}.${id}, ${row}.${up} from ${from} ${row} join ${tree} on ${row}.${id} = ${tree}.up) select id from ${tree})`;
}
