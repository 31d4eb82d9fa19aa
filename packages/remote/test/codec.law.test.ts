import { SameValue } from '@ormolu/kernel';
import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { decode, encode, TooLongMessage } from '../src/codec';

const scalar = fc.oneof(
  fc.constant(null), fc.boolean(), fc.integer(), fc.double(), fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER, 2 ** 53, -(2 ** 31) - 1),
  fc.bigInt(), fc.constantFrom(0n, 1n, -1n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, 2n ** 64n), fc.string({ unit: 'binary' }),
  fc.uint8Array({ maxLength: 40 }), fc.date({ noInvalidDate: true }), fc.constantFrom(new Date(0), new Date(-1), new Date(8.64e15), new Date(-8.64e15)),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, fc.array(tie('value')), fc.dictionary(fc.string(), tie('value'), { noNullPrototype: true }), tie('value').map((one) => new SameValue(one))),
}));

test('law: every value comes out as it went in', () => {
  fc.assert(fc.property(value, (one) => {
    expect(decode(encode([one]))).toStrictEqual([one]);
  }), { numRuns: lawRuns(1_000) });
});

test('law: a message is made when it is no longer than it may be, and only then', () => {
  fc.assert(fc.property(value, fc.integer({ min: -3, max: 3 }), (one, more) => {
    const whole = encode([one]);
    const most = Math.max(0, whole.length + more);
    if (more >= 0) expect(encode([one], most)).toEqual(whole);
    else expect(() => encode([one], most)).toThrow(TooLongMessage);
  }), { numRuns: lawRuns(1_000) });
});

test.each([['texts', 'x'.repeat(99), 11], ['bytes', new Uint8Array(98), 11], ['small numbers', 1, 1_001], ['others', 0.5, 112], ['lists', [], 1_001]] as const)('a list of a million %s is looked at until there is no room for the rest', (_, one, most) => {
  let looked = 0;
  const list = new Proxy(new Array<unknown>(1_000_000), { get: (all, key) => {
    if (typeof key !== 'string' || !/^\d+$/.test(key)) return Reflect.get(all, key) as unknown;
    looked += 1;
    return one;
  } });
  expect(() => encode(list, 1_000)).toThrow(TooLongMessage);
  expect(looked).toBeLessThanOrEqual(most);
});

test('a date that is none stays one, for whoever is to refuse it', () => {
  const [alone, same] = decode(encode([new Date(Number.NaN), new SameValue(new Date(Number.NaN))])) as [Date, SameValue];
  expect([alone.getTime(), (same.value as Date).getTime()]).toEqual([Number.NaN, Number.NaN]);
});

test('undefined is left out of objects, and null in lists', () => {
  expect(decode(encode({ a: undefined, b: [undefined, 1] }))).toEqual({ b: [null, 1] });
});

test('bytes are no Buffer, whatever they came in', () => {
  const bytes = decode(Buffer.from(encode([new Uint8Array([1, 2])])));
  expect(Object.getPrototypeOf((bytes as unknown[])[0])).toBe(Uint8Array.prototype);
});

test('a few bytes cannot ask for much', () => {
  for (const bytes of [[0xdd, 0xff, 0xff, 0xff, 0xff], [0xdf, 0xff, 0xff, 0xff, 0xff], [0xdb, 0xff, 0xff, 0xff, 0xff], [0xc6, 0x7f, 0xff, 0xff, 0xff, 1], [0xc9, 0xff, 0xff, 0xff, 0xff, 1]]) {
    const before = process.memoryUsage().rss;
    expect(() => decode(Uint8Array.from(bytes))).toThrow();
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  }
});

test('a key of any name travels, and reaches no prototype', () => {
  const odd: unknown = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2, "a": [{"__proto__": -0}]}');
  expect(decode(encode(odd))).toStrictEqual(odd);
  expect(({} as { x?: number }).x).toBeUndefined();
});

test('a name that means something to objects is one like any other, or refused; no prototype changes', () => {
  const hostile = Uint8Array.from([0x81, 0xa9, ...Buffer.from('__proto__'), 0x81, 0xa1, 0x78, 1]);
  let read: unknown;
  try {
    read = decode(hostile);
  } catch {
    read = {};
  }
  expect([({} as { x?: number }).x, (read as { x?: number }).x, Object.getPrototypeOf(read)]).toEqual([undefined, undefined, Object.prototype]);
});

test('law: what is no message is an error, and nothing else', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    try {
      decode(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
  }), { numRuns: lawRuns(5_000) });
});

/** A list of `promised` values whose first is another such list, and so on. */
const promising = (lists: number, promised: number): Buffer => {
  const list = Buffer.from([0xdd, 0, 0, 0, 0]);
  list.writeUInt32BE(promised, 1);
  return Buffer.concat(Array.from({ length: lists }, () => list));
};

test('many bytes cannot ask for more than they are, whatever stands in what', () => {
  const wrapped = (type: number, inner: Buffer): Buffer => Buffer.concat([Buffer.from([0xc8, inner.length >> 8, inner.length & 0xff, type]), inner]);
  const before = process.memoryUsage().rss;
  for (const bytes of [promising(400, 2_000), wrapped(1, promising(400, 2_000)), wrapped(6, wrapped(1, promising(400, 2_000)))]) expect(() => decode(bytes)).toThrow('promises more than it has bytes');
  // Of 5,000 bytes each, of which one has promised 50 GB.
  expect(() => decode(promising(1_000, 5_000_000))).toThrow('promises more than it has bytes');
  expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
});

test('what is nested deeper than a stack, and a number of more digits than any has, are no messages', () => {
  expect(() => decode(Buffer.concat([Buffer.alloc(2_000, 0x91), Buffer.from([0xc0])]))).toThrow('nested too deep');
  const digits = Buffer.alloc(20_000, '9');
  expect(() => decode(Buffer.concat([Buffer.from([0xc8, digits.length >> 8, digits.length & 0xff, 3]), digits]))).toThrow('too many digits');
});

test('law: what is bounded is read as MessagePack has it, and what lies about its length is not read', () => {
  fc.assert(fc.property(value, fc.nat(), (one, cut) => {
    const bytes = encode([one]);
    expect(() => decode(bytes.subarray(0, cut % bytes.length))).toThrow();
    expect(() => decode(Uint8Array.from([...bytes, 0xc0]))).toThrow();
  }), { numRuns: lawRuns(300) });
});
