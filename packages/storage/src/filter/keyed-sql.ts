import type { ColumnType, KeyedColumn } from '@ormolu/kernel';
import { SQL_TYPES, type ValuePlace } from '../column-types';
import type { ParameterList } from '../statements/parameter-list';

/** Which value of a keyed column. */
interface Wanted extends KeyedColumn {
  /** Those to look under, the first that is there. */
  readonly keys: readonly string[];
  readonly place: ValuePlace;
}

/** The value of a keyed column that counts under some keys, in its type: `(t1."price" ->> $1)::float8`. */
export function keyedSql(parameters: ParameterList, column: string, { type, keys, place }: Wanted): string {
  const [last, ...before] = [...keys].reverse().map((key) => parameters.one('text', key, place));
  if (last === undefined) return `null::${SQL_TYPES[type]}`;
  const arrow = type === 'jsonb' ? '->' : '->>';
  const found = before.reduce((rest, key) => `case when ${column} ? ${key} then ${column} ${arrow} ${key} else ${rest} end`, `${column} ${arrow} ${last}`);
  return inType(type, found);
}

/** Whether something holds of the value under any key. @param holds - what is asked of a value, in the column's type */
export function anyKeySql(column: string, { type }: KeyedColumn, holds: (value: string) => string): string {
  const [unfolded, value] = type === 'jsonb' ? ['jsonb_each', 'place.value'] : ['jsonb_each_text', inType(type, 'place.value')];
  return `exists (select 1 from ${unfolded}(case when jsonb_typeof(${column}) = 'object' then ${column} else '{}' end) as place(key, value) where ${holds(value)})`;
}

function inType(type: ColumnType, found: string): string {
  if (type === 'jsonb' || type === 'text') return `(${found})`;
  return type === 'bytea' ? `decode(${found}, 'base64')` : `(${found})::${SQL_TYPES[type]}`;
}

/** What is in a keyed column together with new values; no value empties it. Anything but an object is replaced. */
export function joinedSql(column: string, values: string): string {
  return `case when jsonb_typeof(${column}) = 'object' then ${column} else '{}' end || ${values}`;
}
