import * as fc from 'fast-check';
import { crc32 } from 'node:zlib';
import { lawRuns } from '@ormolu/test-support';
import { entryFromBytes, entryToBytes, UnfitError, type EntryFormOptions, type Seal, type SharedEntry } from '../../src/shared/entry-form';
import { KeyRing } from '../../src/shared/key-ring';
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

const ring = new KeyRing([{ id: '1', key: new Uint8Array(32).fill(1) }]);
const seal = fc.constantFrom<Seal | undefined>(undefined, { ring, name: 'app:pages:k:page' });

test('law: every entry is read as it was written, whatever its form, sealed or not', () => {
  fc.assert(
    fc.property(entry, options, seal, (one, how, under) => {
      const read = entryFromBytes(entryToBytes(one, how, under), '', under);
      expect(read && told(read)).toBe(told(one));
    }),
    { numRuns: lawRuns(200) },
  );
});

test('law: no entry that was cut off, or of which a byte was changed, is read', () => {
  fc.assert(
    fc.property(entry, options, seal, fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), (one, how, under, [at, change]) => {
      const bytes = entryToBytes(one, how, under);
      expect(entryFromBytes(bytes.subarray(0, at % bytes.length), '', under)).toBeUndefined();
      const changed = Buffer.from(bytes);
      const place = at % changed.length;
      changed[place] = (changed[place] ?? 0) ^ change;
      expect(entryFromBytes(changed, '', under)).toBeUndefined();
    }),
    { numRuns: lawRuns(300) },
  );
});

test('law: of what a loader gave or said, nothing is read that was sealed elsewhere or not at all, or of which a byte was changed with the sum made right again', () => {
  const [here, there]: readonly Seal[] = [{ ring, name: 'app:pages:k:page' }, { ring, name: 'app:pages:k:other' }];
  const another: Seal = { ring: new KeyRing([{ id: '1', key: new Uint8Array(32).fill(2) }]), name: 'app:pages:k:page' };
  fc.assert(
    fc.property(entry.filter(({ kind }) => kind === 'value' || kind === 'absent' || kind === 'failure'), options, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, how, at, change) => {
      const bytes = entryToBytes(one, how, here);
      expect([there, another, undefined].map((seen) => entryFromBytes(bytes, '', seen))).toEqual([undefined, undefined, undefined]);
      expect(entryFromBytes(entryToBytes(one, how), '', here)).toBeUndefined();
      const changed = Buffer.from(bytes);
      const place = at % (changed.length - 4);
      changed[place] = (changed[place] ?? 0) ^ change;
      changed.writeUInt32LE(crc32(changed.subarray(0, -4)), changed.length - 4);
      const read = entryFromBytes(changed, '', here);
      // What is of another kind now tells nothing that would be believed.
      expect(['lease', 'nothing', 'bytes', undefined]).toContain(read?.kind);
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
