import type { ColumnSchema, ColumnType, TableSchema } from '@ormolu/kernel';
import * as fc from 'fast-check';

const INT4 = 2 ** 31;
const INT8 = 2n ** 63n;

/** What a column of each type may hold, null apart, in the form in which sessions give it. */
export const VALUES: Readonly<Record<ColumnType, fc.Arbitrary<unknown>>> = {
  text: fc.string({ unit: 'binary' }), uuid: fc.uuid(), date: fc.constantFrom('2024-02-29', '0001-01-01', '9999-12-31'),
  int4: fc.integer({ min: -INT4, max: INT4 - 1 }), int8: fc.bigInt({ min: -INT8, max: INT8 - 1n }), bool: fc.boolean(),
  float8: fc.oneof(fc.double(), fc.constantFrom(-0, NaN, Infinity, -Infinity)), numeric: fc.constantFrom('0.00', '-12.50', '9'.repeat(200)),
  timestamptz: fc.date({ noInvalidDate: false }), bytea: fc.uint8Array(),
  jsonb: fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom('__proto__', 'constructor', '$d', '$n', '$o', 'a'), fc.oneof(fc.jsonValue(), fc.constantFrom(-0, Infinity)), { noNullPrototype: true })),
};
const TYPES = Object.keys(VALUES) as readonly ColumnType[]; // its keys

const column = (field: string, type: ColumnType): ColumnSchema => ({ field, column: field, type, required: false, unique: false, index: false });

/** A table with columns of these types. */
export function tableOf(types: readonly ColumnType[], versioned = false): TableSchema {
  return { model: 'thing', table: 'thing', idColumn: 'id', idType: 'integer', versioned, order: [], lists: [], columns: types.map((type, at) => column(`f${String(at)}`, type)) };
}

/** A table, some fields of it in any order, and a row of theirs. */
export interface AnyRow {
  readonly table: TableSchema;
  readonly fields: readonly string[];
  readonly values: readonly unknown[];
}

export const anyRow: fc.Arbitrary<AnyRow> = fc.tuple(fc.array(fc.constantFrom(...TYPES), { minLength: 1, maxLength: 20 }), fc.boolean()).chain(([types, versioned]) => {
  const table = tableOf(types, versioned);
  return fc.shuffledSubarray(table.columns.map(({ field }) => field), { minLength: 1 }).chain((fields) =>
    fc.tuple(...fields.map((field) => fc.option(VALUES[types[Number(field.slice(1))] ?? 'text'], { freq: 5 }))).map((values) => ({ table, fields, values })));
});
