import * as fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { entryFromBytes, entryToBytes, UnfitError, type EntryFormOptions, type SharedEntry } from '../../src/shared/entry-form';
import { serializerNamed } from '../../src/shared/serializers';

const mark = fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const entry: fc.Arbitrary<SharedEntry> = fc.oneof(
  fc.record({ kind: fc.constant('value' as const), value: fc.jsonValue() }),
  fc.record({ kind: fc.constantFrom('absent' as const, 'nothing' as const), value: fc.constant('') }),
  fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array() }),
  fc.record({ kind: fc.constantFrom('lease' as const, 'failure' as const), value: fc.string({ unit: 'grapheme' }) }),
).chain((kindAndValue) => fc.record({
  readAtMs: fc.double({ min: 0, max: 1e13, noNaN: true }), ttlMs: fc.double({ min: 0, max: 1e10, noNaN: true }), isSliding: fc.boolean(), mark,
  tags: fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 10 }), mark), { maxLength: 3 }).map((pairs) => new Map(pairs)),
}).map((rest) => ({ ...kindAndValue, ...rest })));
const options = fc.record({ name: fc.constantFrom('json' as const, 'v8' as const, 'msgpack' as const), compressAbove: fc.constantFrom(0, 30, Infinity) })
  .map(({ name, compressAbove }): EntryFormOptions => ({ serialise: serializerNamed(name), compressAbove, maxBytes: Infinity }));

test('law: every entry is read as it was written, whatever its form', () => {
  fc.assert(
    fc.property(entry, options, (one, how) => {
      const read = entryFromBytes(entryToBytes(one, how));
      expect(read && told(read)).toBe(told(one));
    }),
    { numRuns: lawRuns(200) },
  );
});

test('law: no entry that was cut off, or of which a byte was changed, is read', () => {
  fc.assert(
    fc.property(entry, options, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, how, at, change) => {
      const bytes = entryToBytes(one, how);
      expect(entryFromBytes(bytes.subarray(0, at % bytes.length))).toBeUndefined();
      const changed = Buffer.from(bytes);
      const place = at % changed.length;
      changed[place] = (changed[place] ?? 0) ^ change;
      expect(entryFromBytes(changed)).toBeUndefined();
    }),
    { numRuns: lawRuns(300) },
  );
});

test('law: bytes of anything else are no entry', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    expect(entryFromBytes(bytes)).toBeUndefined();
  }), { numRuns: lawRuns(300) });
});

test('what is larger than may be is refused before it is sent', () => {
  const one: SharedEntry = { kind: 'value', value: 'x'.repeat(500), readAtMs: 0, ttlMs: 0, isSliding: false, mark: '12345678', tags: new Map() };
  const how: EntryFormOptions = { serialise: serializerNamed('json'), compressAbove: Infinity, maxBytes: 400 };
  expect(() => entryToBytes(one, how)).toThrow(UnfitError);
  expect(entryToBytes(one, { ...how, compressAbove: 100 }).length).toBeLessThan(100);
});

/** With its names in one order. JSON tells -0 from 0 no more than it has to. */
function told({ kind, value, readAtMs, ttlMs, isSliding, mark: of, tags }: SharedEntry): string {
  return JSON.stringify([kind, value instanceof Uint8Array ? [...value] : value, readAtMs, ttlMs, isSliding, Buffer.from(of, 'latin1').toString('hex'), [...tags].map(([tag, is]) => [tag, Buffer.from(is, 'latin1').toString('hex')])]);
}
