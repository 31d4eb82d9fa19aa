import * as fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { lawRuns } from '@ormolu/test-support';
import { RowCodec } from '../../src/shared-rung/row-codec';
import { isPlainMessagePack } from '../../src/shared/plain-msgpack';
import type { SerializerName } from '../../src/shared/serializers';
import { anyRow, tableOf } from '../support/any-rows';
import { Packr } from 'msgpackr';

const FORMATS: readonly SerializerName[] = ['json', 'msgpack', 'v8'];

test.each(FORMATS)('law: every row of every table comes back as it was: %s', (format) => {
  fc.assert(
    fc.property(anyRow, ({ table, fields, values }) => {
      const codec = new RowCodec(table, format);
      const { columns, bytes } = codec.encode(fields, values);
      const read = codec.decode({ columns, bytes, format });
      const before = [...fields].sort(byPlace);
      expect(read.fields).toEqual(before);
      // Not by jest, to which an object with a key 'constructor' is of another type.
      for (const [at, field] of before.entries()) expect({ read: read.values[at], same: isSame(read.values[at], values[fields.indexOf(field)]) }).toEqual({ read: read.values[at], same: true });
    }),
    { numRuns: lawRuns(300) },
  );
});

test.each(FORMATS)('law: a row is said to have the fields it has, and no others: %s', (format) => {
  fc.assert(fc.property(anyRow, fc.array(fc.nat(20)), ({ table, fields, values }, asked) => {
    const codec = new RowCodec(table, format);
    const wanted = [...new Set(asked.flatMap((at) => table.columns[at]?.field ?? []))];
    expect(codec.has(codec.encode(fields, values).columns, wanted)).toBe(wanted.every((field) => fields.includes(field)));
  }), { numRuns: lawRuns(100) });
});

test.each(FORMATS)('law: what is no row of the table is refused, whatever it is: %s', (format) => {
  fc.assert(fc.property(anyRow, fc.uint8Array({ maxLength: 60 }), ({ table, fields, values }, bytes) => {
    const codec = new RowCodec(table, format);
    const { columns } = codec.encode(fields, values);
    let read: readonly unknown[] | undefined;
    try {
      read = codec.decode({ columns, bytes, format }).values;
    } catch {
      return;
    }
    // It may be one by chance: then it holds data alone.
    for (const value of read) expect(['string', 'number', 'bigint', 'boolean', 'object']).toContain(typeof value);
  }), { numRuns: lawRuns(300) });
});

test('a value of another type than its column has is refused', () => {
  const [one, other] = [new RowCodec(tableOf(['text']), 'json'), new RowCodec(tableOf(['int4']), 'json')];
  const { columns, bytes } = one.encode(['f0'], ['1']);
  expect(() => other.decode({ columns, bytes, format: 'json' })).toThrow(TypeError);
  expect(one.mark).not.toBe(other.mark);
});

test('what MessagePack can make beside data is refused before it is made', () => {
  const packr = new Packr({ moreTypes: true, useRecords: true, structuredClone: true });
  for (const one of [/x/, new Error('x'), new Set([1]), { a: 1 }, new Map([[1, 2]])]) {
    const bytes = packr.pack([one]);
    expect({ one, isPlain: isPlainMessagePack(bytes) }).toEqual({ one, isPlain: one instanceof Map });
  }
});

test('law: MessagePack that was cut off, or has something behind it, is refused', () => {
  const packr = new Packr({ useRecords: false });
  fc.assert(fc.property(fc.jsonValue(), fc.nat(), (value, at) => {
    const bytes = packr.pack(value);
    expect(isPlainMessagePack(bytes)).toBe(true);
    expect(isPlainMessagePack(bytes.subarray(0, at % bytes.length))).toBe(false);
    expect(isPlainMessagePack(Buffer.concat([bytes, Buffer.of(1)]))).toBe(false);
  }), { numRuns: lawRuns(200) });
});

/** To node:util, two dates that are none differ. */
function isSame(a: unknown, b: unknown): boolean {
  return a instanceof Date && b instanceof Date ? Object.is(a.getTime(), b.getTime()) : isDeepStrictEqual(a, b);
}

function byPlace(a: string, b: string): number {
  return Number(a.slice(1)) - Number(b.slice(1));
}
