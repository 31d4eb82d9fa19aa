import * as fc from 'fast-check';
import { types } from 'node:util';
import { lawRuns } from '@ormolu/test-support';
import { deserialised, serializerNamed, type SerializerName } from '../../src/shared/serializers';

const NAMES: readonly SerializerName[] = ['json', 'msgpack', 'v8'];

/** Texts with halves of surrogate pairs, too. */
const halves = fc.array(fc.integer({ min: 0xd7fe, max: 0xe001 }), { maxLength: 4 }).map((units) => String.fromCharCode(...units));
const leaf = fc.oneof(
  fc.string({ unit: 'binary' }), halves, fc.double(), fc.integer(), fc.boolean(), fc.constant(null), fc.constant(undefined), fc.bigInt(), fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  fc.date({ noInvalidDate: false }), fc.uint8Array(),
);
const name = fc.oneof(fc.string(), halves, fc.constantFrom('$d', '$n', '$o', '$u', '$j', '$e', '$', '__proto__', 'constructor', 'toString'));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' }, leaf, fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }), fc.array(fc.tuple(name, tie('value')), { maxLength: 3 }).map((all) => Object.fromEntries(all)),
    fc.array(leaf, { maxLength: 3 }).map((all) => new Set(all)), fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 3 }).map((all) => new Map(all)),
  ),
}));

test.each(NAMES)('law: every value of plain data comes back as it was: %s', (serializer) => {
  const write = serializerNamed(serializer);
  fc.assert(
    fc.property(value, (one) => {
      const { bytes, form } = write(one);
      expect(normal(deserialised(Buffer.from(bytes), form))).toEqual(normal(one));
    }),
    { numRuns: lawRuns(300) },
  );
});

test.each(NAMES)('bytes that are read keep nothing of what they came in but their value: %s', (serializer) => {
  for (const one of [Buffer.from('abc'), new Uint8Array([1, 2, 3])]) {
    const { bytes, form } = serializerNamed(serializer)({ one });
    const arrived = Buffer.concat([Buffer.alloc(100_000), bytes, Buffer.alloc(100_000)]);
    const back = deserialised(arrived.subarray(100_000, 100_000 + bytes.byteLength), form) as { readonly one: Uint8Array }; // what was written
    expect([...back.one]).toEqual([...one]);
    expect(back.one.buffer.byteLength).toBeLessThan(200);
  }
});

test('v8 keeps cycles, and what else the engine has', () => {
  const write = serializerNamed('v8');
  const cycle: { self?: unknown; readonly all: unknown[] } = { all: [/x/g, new Float64Array([1]), new Error('no')] };
  cycle.self = cycle;
  const { bytes, form } = write(cycle);
  const back = deserialised(Buffer.from(bytes), form) as typeof cycle; // what was written
  expect(back.self).toBe(back);
  expect(back.all.map(String)).toEqual(['/x/g', '1', 'Error: no']);
});

test('a bigint is read in a time that grows with its length: what would take longer is never written, and not read', () => {
  const write = serializerNamed('json');
  for (const one of [10n ** 600n, -(10n ** 600n), 10n ** 400_000n, -(1n << 1_000_000n)]) {
    const { bytes, form } = write([one]);
    expect(deserialised(Buffer.from(bytes), form)).toEqual([one]);
  }
  const { form } = write([1n]);
  expect(deserialised(Buffer.from(`[{"$n":"${'9'.repeat(1_000)}"}]`), form)).toEqual([10n ** 1_000n - 1n]);
  expect(() => deserialised(Buffer.from(`[{"$n":"${'9'.repeat(1_001)}"}]`), form)).toThrow('never written');
});

class OfAClass {
  readonly name = 'x';
}

test.each(NAMES)('what is no data is refused, not written as something else: %s', (serializer) => {
  const write = serializerNamed(serializer);
  expect(() => write({ f: () => 1 })).toThrow();
  expect(() => write([Symbol('x')])).toThrow();
  for (const one of [new OfAClass(), { one: new OfAClass() }, [new OfAClass()], new Map([[1, new OfAClass()]]), new Map([[new OfAClass(), 1]]), new Set([new OfAClass()])]) expect(() => write(one)).toThrow(TypeError);
});

test.each(NAMES)('a key that would name a prototype names none: %s', (serializer) => {
  const hostile: unknown = JSON.parse('{"__proto__": {"isAdmin": true}, "at": 1}');
  const { bytes, form } = serializerNamed(serializer)(Object.assign(hostile as object, { when: new Date(0) }));
  const back = deserialised(Buffer.from(bytes), form) as Record<string, unknown>;
  expect(back['isAdmin']).toBeUndefined();
  expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  expect(Object.getPrototypeOf(Object.getPrototypeOf(back))).toBeNull();
  expect(Object.keys(back).sort()).toEqual(['__proto__', 'at', 'when']);
  expect(Object.getOwnPropertyDescriptor(back, '__proto__')?.value).toEqual({ isAdmin: true });
});

/** Bytes are the same in a Buffer; what v8 brings back is of the main realm, where a test is not. */
function normal(one: unknown): unknown {
  if (types.isUint8Array(one)) return { bytes: Buffer.from(one).toString('hex') };
  if (types.isDate(one)) return { date: one.getTime() };
  if (Array.isArray(one)) return one.map(normal);
  if (types.isMap(one)) return { map: [...one].map(([key, each]) => [normal(key), normal(each)]) };
  if (types.isSet(one)) return { set: [...one].map(normal) };
  if (typeof one === 'object' && one !== null) return { object: Object.entries(one).map(([key, each]) => [key, normal(each)]).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)) };
  return one;
}
