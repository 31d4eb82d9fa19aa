import { MisuseError, type ColumnType, type IdType } from '@ormolu/kernel';

/** How a column type is called in PostgreSQL, in a table and in a cast. */
export const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  text: 'text', uuid: 'uuid', int4: 'int4', int8: 'int8', float8: 'float8', numeric: 'numeric', bool: 'bool', date: 'date',
  timestamptz: 'timestamptz(3)', jsonb: 'jsonb', bytea: 'bytea',
};

const ID_COLUMNS: Readonly<Record<IdType, ColumnType>> = { integer: 'int4', bigint: 'int8', uuid: 'uuid', text: 'text' };

/** The column type that keeps ids of this type. */
export function columnTypeOfId(type: IdType): ColumnType {
  return ID_COLUMNS[type];
}

const FORMS: Readonly<Record<ColumnType, string>> = {
  text: 'a string without NUL characters', uuid: 'a uuid string', int4: 'a whole number within ±2^31', int8: 'a bigint within ±2^63',
  float8: 'a number', numeric: 'a decimal string', bool: 'a boolean', date: "a calendar day 'YYYY-MM-DD'", timestamptz: 'a valid Date',
  jsonb: 'a JSON value without NUL characters', bytea: 'a Uint8Array',
};

/** Where a value belongs, for messages. */
export interface ValuePlace {
  readonly model: string;
  readonly field: string;
}

/** A value that its column cannot hold without changing it. */
export class ValueError extends MisuseError {
  constructor(place: ValuePlace, type: ColumnType, value: unknown) {
    super('STORAGE_VALUE', `Field '${place.field}' of model '${place.model}' takes ${FORMS[type]}, or null. It was given a ${describeKind(value)} that is none; convert it before writing or searching.`, {
      details: { model: place.model, field: place.field, type, value },
    });
  }
}

/** A value in the database that has no JavaScript form, an infinite date for example. */
export class UnreadableValueError extends MisuseError {
  constructor(type: ColumnType | 'sum of int4') {
    super('STORAGE_VALUE_UNREADABLE', type === 'sum of int4' ? 'A sum of int4 values is beyond what a number holds exactly. Make the field a bigint, or group by more.' : `A ${type} column holds a value that JavaScript has no form for, such as infinity. Replace it in the database, or read it with env.sql as text.`);
  }
}

function describeKind(value: unknown): string {
  if (value instanceof Date) return 'Date';
  if (Array.isArray(value)) return 'list';
  return typeof value;
}
