import { RowCodec } from '@ormolu/tiers';
import type { ColumnSchema, ColumnType, TableSchema } from '@ormolu/kernel';
import { atLeast, atMost, bench, figureCase, timeCase } from '../harness';

const ROWS = 2_000;
const TYPES: Readonly<Record<string, ColumnType>> = {
  name: 'text', population: 'int4', area: 'float8', mayor: 'text', founded: 'timestamptz', updated: 'timestamptz', country: 'int4', capital: 'bool', code: 'text', postal: 'text', elevation: 'int4', timezone: 'text',
};
const fields = Object.keys(TYPES);
const table: TableSchema = {
  model: 'city', table: 'city', idColumn: 'id', idType: 'integer', versioned: false, order: [], lists: [],
  columns: fields.map((field): ColumnSchema => ({ field, column: field, type: TYPES[field] ?? 'text', required: false, unique: false, index: false })),
};
const rows = Array.from({ length: ROWS }, (_, at) => [
  `City ${String(at)}`, at * 37, at * 1.5, at % 3 === 0 ? null : `Mayor ${String(at)}`, new Date(1e12 + at * 1e7), new Date(1.7e12 + at), at % 200, at % 7 === 0, `C${String(at)}`, String(10_000 + at), at % 900, 'Europe/Brussels',
]);
const records = rows.map((row) => Object.fromEntries(fields.map((field, at) => [field, row[at]])));
const texts = records.map((record) => Buffer.from(JSON.stringify(record)));
const codec = new RowCodec(table, 'msgpack');
const kept = rows.map((row) => {
  const { columns, bytes } = codec.encode(fields, row);
  return { columns, bytes: Uint8Array.from(bytes), format: 'msgpack' as const };
});
const size = (all: readonly { readonly byteLength: number }[]): number => all.reduce((sum, { byteLength }) => sum + byteLength, 0);

export default bench({
  title: 'What does a record of 12 fields, 2 of them dates, cost as bytes?',
  cases: [
    timeCase({
      name: 'encoding, × JSON.stringify of an object', target: atLeast(4.5), compare: 'speed', operations: ROWS, clock: 'cpu',
      base: () => () => records.reduce((sum, record) => sum + Buffer.from(JSON.stringify(record)).length, 0),
      ours: () => () => rows.reduce((sum, row) => sum + codec.encode(fields, row).bytes.byteLength, 0),
    }),
    timeCase({
      name: 'decoding, × JSON.parse with its dates', target: atLeast(1.35), compare: 'speed', operations: ROWS, clock: 'cpu',
      base: () => () => texts.reduce((sum, bytes) => {
        const record = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>; // as it was written above
        record['founded'] = new Date(record['founded'] as string);
        record['updated'] = new Date(record['updated'] as string);
        return sum + (record['population'] as number);
      }, 0),
      ours: () => () => kept.reduce((sum, row) => sum + (codec.decode(row).values[1] as number), 0), // the second is a number
    }),
    figureCase({ name: 'bytes, × JSON', unit: '×', target: atMost(0.45), measure: () => (size(kept.map(({ bytes }) => bytes)) + ROWS * codec.width) / size(texts) }),
  ],
});
