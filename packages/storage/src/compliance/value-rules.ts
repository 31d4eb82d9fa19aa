import type { ColumnType, Schema } from '@ormolu/kernel';
import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { column, insertRows, valuesOf, type ComplianceRunner, type Fixture } from './fixture';
import { withCode } from './with-code';

/** Values that come back as they went in. */
const EXACT: Readonly<Record<ColumnType, readonly unknown[]>> = {
  text: ['', 'a', ' ', 'null', 'NULL', '\\', '"', '\'', '{}', 'Ünïcödé', '日本', '😀', '\uFFFF', 'a\nb\r\t\u0001', '$1', '%_', 'x'.repeat(100_000)],
  uuid: ['00000000-0000-0000-0000-000000000000', '12345678-9abc-def0-1234-56789abcdef0'],
  int4: [0, 1, -1, 2_147_483_647, -2_147_483_648],
  int8: [0n, 1n, -1n, 9_007_199_254_740_993n, 9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n],
  float8: [0, 0.1, -1.5, 1e300, 5e-324, Number.MAX_SAFE_INTEGER, NaN, Infinity, -Infinity],
  numeric: ['0.00', '12.50', '-0.01', '123456789012345678901234567890.12'],
  bool: [true, false],
  date: ['2020-02-29', '1969-12-31', '1970-01-01', '2000-01-01', '0001-01-01', '9999-12-31', '1883-11-18'],
  timestamptz: [new Date(0), new Date(-1), new Date(951_782_399_999), new Date('0001-01-01T00:00:00.001Z'), new Date('9999-12-31T23:59:59.999Z')],
  jsonb: [0, '', 'null', false, true, [], {}, [null], { a: { b: [1, 'x', null, 1.5] } }, { '': 1 }, '\\u0000', 'Ü😀', 1e21],
  bytea: [new Uint8Array(), new Uint8Array([0, 1, 255]), new Uint8Array(70_000).fill(7)],
};

/** Values that come back in another, canonical form. */
const CANONICAL: readonly (readonly [ColumnType, unknown, unknown])[] = [
  ['numeric', '1.5', '1.50'], ['numeric', '-0', '0.00'], ['numeric', '+1e2', '100.00'], ['numeric', '1.005', '1.01'], ['numeric', '-1.005', '-1.01'], ['numeric', '.5', '0.50'],
  ['uuid', '123456789ABCDEF0123456789ABCDEF0', '12345678-9abc-def0-1234-56789abcdef0'],
  ['jsonb', undefined, null],
];

/** Values that a column cannot hold as they are. */
const REFUSED: readonly (readonly [ColumnType, unknown])[] = [
  ['text', 'nul\0'], ['text', '\uD800'], ['text', 5], ['int4', 1.5], ['int4', 2_147_483_648], ['int4', NaN], ['int4', '1'], ['int4', 1n], ['int8', 1], ['int8', 2n ** 63n],
  ['float8', '1.5'], ['numeric', 1.5], ['numeric', 'abc'], ['numeric', ''], ['numeric', '.'], ['numeric', '1; drop'], ['bool', 1], ['bool', 'true'], ['date', '2021-02-29'], ['date', 'today'],
  ['date', '2021-1-1'], ['date', new Date(0)], ['timestamptz', new Date(NaN)], ['timestamptz', '2020-01-01'], ['uuid', 'x'], ['uuid', ''],
  ['jsonb', 'nul\0'], ['jsonb', { deep: ['\uDC00'] }], ['jsonb', () => 1], ['bytea', 'abc'], ['bytea', [1, 2]],
];

/** Every value crosses in exactly one form, or is refused before it is sent. */
export function valueRules({ describe, test, beforeAll }: ComplianceRunner, fixture: Fixture): void {
  describe('values', () => {
    let schema: Schema;
    const types = Object.keys(EXACT) as ColumnType[]; // the keys of a record of column types
    beforeAll(async () => {
      schema = await fixture.migrated(fixture.tables().add('value', types.map((type) => column(type, type, type === 'numeric' ? { scale: 2 } : {}))));
    });

    for (const type of types) {
      test(`${type} values come back as they went in`, () => fixture.undone(schema, async (session) => {
        const values = [...EXACT[type], null];
        const ids = await insertRows(session, 'value', values.map((value) => ({ [type]: value })));
        deepStrictEqual(await valuesOf(session, 'value', ids, type), values);
        const backwards = [...values].reverse();
        await session.update({ model: 'value', ids, fields: [type], columns: [backwards] });
        const answer = await session.query({ model: 'value', filter: { kind: 'condition', path: ['id'], operator: 'in', value: ids }, fields: [type] });
        deepStrictEqual(ids.map((id) => answer.columns[0]?.[answer.ids.indexOf(id)]), backwards);
      }));
    }

    test('values have one canonical form', () => fixture.undone(schema, async (session) => {
      for (const [type, given, kept] of CANONICAL) {
        const ids = await session.insert({ model: 'value', count: 1, fields: [type], columns: [[given]] });
        deepStrictEqual(await valuesOf(session, 'value', ids, type), [kept]);
      }
    }));

    test('what a column cannot hold is refused by name, before anything is sent', () => fixture.undone(schema, async (session) => {
      for (const [type, value] of REFUSED) {
        await rejects(session.insert({ model: 'value', count: 1, fields: [type], columns: [[value]] }), withCode('STORAGE_VALUE', 'drop'), `${type} ${String(value)}`);
        // Whole numbers beyond 32 bits are fit to compare with, though not to store.
        if (type === 'int4' && Number.isSafeInteger(value)) continue;
        await rejects(session.query({ model: 'value', filter: { kind: 'condition', path: [type], operator: 'in', value: [value] } }), withCode('STORAGE_VALUE', 'drop'), `${type} ${String(value)}`);
      }
      strictEqual(session.state, 'open');
    }));

    test('what a reader is given is its own', () => fixture.undone(schema, async (session) => {
      const at = new Date(5);
      const ids = await insertRows(session, 'value', [{ jsonb: { a: [1] }, timestamptz: at }]);
      at.setTime(9);
      const [json] = await valuesOf(session, 'value', ids, 'jsonb') as [{ a: number[] }];
      json.a.push(2);
      deepStrictEqual(await valuesOf(session, 'value', ids, 'jsonb'), [{ a: [1] }]);
      deepStrictEqual(await valuesOf(session, 'value', ids, 'timestamptz'), [new Date(5)]);
    }));
  });
}
