import { Schema, type ColumnType, type Storage } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import fc from 'fast-check';
import { column, insertRows } from '../src/compliance/fixture';

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');
const unicode = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !text.includes('\0'));
const json = fc.jsonValue({ noUnicodeString: false, maxDepth: 3 }).filter((value) => !/\\u0000|\\ud[89a-f]/i.test(JSON.stringify(value)) && !/e[+-]?\d{3}|-0(?![.\d])/.test(JSON.stringify(value)))
  // JSON has no negative zero.
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown);

/** Values in every form that a caller may give. */
const GIVEN: Readonly<Record<ColumnType, fc.Arbitrary<unknown>>> = {
  text: unicode,
  uuid: fc.oneof(fc.uuid(), fc.uuid().map((text) => text.toUpperCase()), fc.uuid().map((text) => text.replaceAll('-', ''))),
  int4: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  int8: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  float8: fc.double(),
  numeric: fc.tuple(fc.constantFrom('', '-', '+'), fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.option(fc.stringMatching(/^\d{0,6}$/)), fc.constantFrom('', '', 'e3', 'E-4', 'e+2'))
    .map(([sign, whole, fraction, exponent]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${exponent}`),
  bool: fc.boolean(),
  date: fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
    .map((date) => `${pad(date.getUTCFullYear(), 4)}-${pad(date.getUTCMonth() + 1, 2)}-${pad(date.getUTCDate(), 2)}`),
  timestamptz: fc.date({ min: new Date('-004000-01-01T00:00:00Z'), max: new Date('+200000-01-01T00:00:00Z'), noInvalidDate: true }),
  jsonb: json,
  bytea: fc.uint8Array({ maxLength: 30 }),
};
const TYPES = Object.keys(GIVEN) as ColumnType[]; // the keys of a record of column types
const SCHEMA = new Schema([{ model: 'value', table: 'value', idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [], columns: [...TYPES.map((type) => column(type, type, type === 'numeric' ? { scale: 2 } : {})), column('plain', 'numeric')] }]);

const rows = fc.array(fc.record({ ...Object.fromEntries(TYPES.map((type) => [type, fc.option(GIVEN[type])])), plain: fc.option(GIVEN.numeric) }), { minLength: 1, maxLength: 20 });

describe('values', () => {
  let database: ScratchDatabase;
  let storages: Storage[];

  beforeAll(async () => {
    database = await createDatabase();
    // A server that shows times in another zone than ours, and dates in another order.
    storages = [memory(), pglite(), postgres({ connectionString: database.url, options: '-c timezone=Asia/Kathmandu -c datestyle=german' })];
    for (const storage of storages) await storage.migrate(SCHEMA);
  });

  afterAll(async () => {
    for (const storage of storages) await storage.close();
    await database.drop();
  });

  const fields = [...TYPES, 'plain'];

  test('law: for all rows of all types, every storage gives back the same values, by read, by query and after an update', async () => {
    await fc.assert(fc.asyncProperty(rows, rows, async (first, second) => {
      const answers = await Promise.all(storages.map(async (storage) => {
        const session = await storage.open({ schema: SCHEMA });
        try {
          const ids = await insertRows(session, 'value', first);
          const inOrder = ({ ids: found, columns }: { readonly ids: readonly unknown[]; readonly columns: readonly (readonly unknown[])[] }): unknown => (
            columns.map((values) => ids.map((id) => values[found.indexOf(id)])));
          const inserted = inOrder(await session.read({ model: 'value', ids, fields }));
          const changed = ids.slice(0, second.length);
          await session.update({ model: 'value', ids: changed, fields, columns: fields.map((field) => changed.map((_, n) => (second[n] as Record<string, unknown>)[field])) });
          return [inserted, inOrder(await session.query({ model: 'value', filter: { kind: 'condition', path: ['id'], operator: 'in', value: ids }, fields }))];
        } finally {
          await session.rollback();
        }
      }));
      expect(answers[1]).toEqual(answers[0]);
      expect(answers[2]).toEqual(answers[0]);
    }), { numRuns: lawRuns(60) });
  });

  test('law: for all values in their own form, what comes back is what went in', async () => {
    const exact = TYPES.filter((type) => type !== 'numeric' && type !== 'uuid');
    await fc.assert(fc.asyncProperty(rows, async (given) => {
      const storage = storages[1]!;
      const session = await storage.open({ schema: SCHEMA });
      try {
        const ids = await insertRows(session, 'value', given);
        const { ids: found, columns } = await session.read({ model: 'value', ids, fields: exact });
        for (const [n, type] of exact.entries()) expect(ids.map((id) => columns[n]?.[found.indexOf(id)])).toEqual(given.map((row) => (row as Record<string, unknown>)[type]));
      } finally {
        await session.rollback();
      }
    }), { numRuns: lawRuns(40) });
  });
});
