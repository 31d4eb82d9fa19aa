import type { ColumnType } from '@ormolu/kernel';
import { ValueError, type ValuePlace } from '../column-types';
import { bytesOf, INT8_MAX, isDecimal, isStorableText, storableJson, UUID, validDate } from '../value-forms';
import { daysOf, microsecondsOf } from './calendar';
import type { MessageWriter } from './message-writer';

/** One value, or one array of values, that travels beside the text of a statement. */
export type Parameter =
  | { readonly kind: 'one'; readonly type: ColumnType; readonly value: unknown; readonly place: ValuePlace }
  | { readonly kind: 'many'; readonly type: ColumnType; readonly values: readonly unknown[]; readonly place: ValuePlace }
  /** In PostgreSQL's text form, its type left to the server. */
  | { readonly kind: 'text'; readonly value: string | null };

const TYPE_OIDS: Readonly<Record<ColumnType, number>> = {
  // Decimals travel as text and are cast by the statement: exact, and no second implementation of their binary form.
  text: 25, numeric: 25, uuid: 2950, int4: 23, int8: 20, float8: 701, bool: 16, date: 1082, timestamptz: 1184, jsonb: 3802, bytea: 17,
};

/** The types as a statement casts its parameters to them. */
export const PARAMETER_TYPES: Readonly<Record<ColumnType, string>> = {
  text: 'text', numeric: 'text', uuid: 'uuid', int4: 'int4', int8: 'int8', float8: 'float8', bool: 'bool', date: 'date', timestamptz: 'timestamptz',
  jsonb: 'jsonb', bytea: 'bytea',
};

/** The bytes a value of this type takes in an array, its length included; 0 where they differ from value to value. */
const FIXED_BYTES: Readonly<Record<ColumnType, number>> = {
  int4: 8, int8: 12, float8: 12, bool: 5, date: 8, timestamptz: 12, uuid: 20, text: 0, numeric: 0, jsonb: 0, bytea: 0,
};

/** Writes one parameter, its length first. @throws {ValueError} STORAGE_VALUE when the column type cannot hold a value exactly */
export function writeParameter(writer: MessageWriter, parameter: Parameter): void {
  if (parameter.kind === 'text') {
    if (parameter.value === null) writer.int32(-1);
    else writer.sizedText(parameter.value);
  } else if (parameter.kind === 'one') {
    if (parameter.value === null || parameter.value === undefined) writer.int32(-1);
    else if (!WRITERS[parameter.type](writer, parameter.value)) throw new ValueError(parameter.place, parameter.type, parameter.value);
  } else {
    writeArray(writer, parameter.type, parameter.values, parameter.place);
  }
}

function writeArray(writer: MessageWriter, type: ColumnType, values: readonly unknown[], place: ValuePlace): void {
  writer.reserve(24 + values.length * FIXED_BYTES[type]);
  const opened = writer.openSize();
  writer.int32(values.length === 0 ? 0 : 1);
  writer.int32(1); // may hold nulls
  writer.int32(TYPE_OIDS[type]);
  if (values.length > 0) {
    writer.int32(values.length);
    writer.int32(1);
    const write = WRITERS[type];
    for (const value of values) {
      if (value === null || value === undefined) writer.int32(-1);
      else if (!write(writer, value)) throw new ValueError(place, type, value);
    }
  }
  writer.closeSize(opened);
}

type ValueWriter = (writer: MessageWriter, value: unknown) => boolean;

/** Each writes one value with its length, or answers false when the value does not fit the type exactly. */
const WRITERS: Readonly<Record<ColumnType, ValueWriter>> = {
  int4: (writer, value) => {
    if (typeof value !== 'number' || (value | 0) !== value) return false;
    writer.sizedInt32(value);
    return true;
  },
  int8: (writer, value) => {
    if (typeof value !== 'bigint' || value > INT8_MAX || value < -INT8_MAX - 1n) return false;
    writer.sizedInt64(value);
    return true;
  },
  float8: (writer, value) => {
    if (typeof value !== 'number') return false;
    writer.sizedFloat64(value);
    return true;
  },
  bool: (writer, value) => {
    if (typeof value !== 'boolean') return false;
    writer.sizedByte(value ? 1 : 0);
    return true;
  },
  text: (writer, value) => {
    if (typeof value !== 'string' || !isStorableText(value)) return false;
    writer.sizedText(value);
    return true;
  },
  numeric: (writer, value) => {
    if (typeof value !== 'string' || !isDecimal(value)) return false;
    writer.sizedText(value);
    return true;
  },
  uuid: (writer, value) => {
    if (typeof value !== 'string' || !UUID.test(value)) return false;
    writer.sizedBytes(Buffer.from(value.replaceAll('-', ''), 'hex'));
    return true;
  },
  date: (writer, value) => {
    const days = typeof value === 'string' ? daysOf(value) : undefined;
    if (days === undefined) return false;
    writer.sizedInt32(days);
    return true;
  },
  timestamptz: (writer, value) => {
    const date = validDate(value);
    if (!date) return false;
    writer.sizedInt64(microsecondsOf(date));
    return true;
  },
  jsonb: (writer, value) => {
    const text = storableJson(value);
    if (text === undefined) return false;
    writer.sizedText(text, 1); // the version byte of jsonb's binary form
    return true;
  },
  bytea: (writer, value) => {
    const bytes = bytesOf(value);
    if (!bytes) return false;
    writer.sizedBytes(bytes);
    return true;
  },
};
