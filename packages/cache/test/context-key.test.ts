import { contextKey, ContextKeyError, NO_CONTEXT } from '@ormolu/cache';
import * as fc from 'fast-check';

test('values of different types have different keys', () => {
  const values = [0, 1, false, true, '', '0', 'null', 'undefined', null, undefined, 0n, Number.NaN, [], [null], ['x', 'y'], ['x,y'], {}, { a: 1 }, { a: '1' }, new Date(0), '@0', [[]], [{}]];
  const keys = values.map((value) => contextKey([value]));
  expect(new Set(keys).size).toBe(values.length);
  expect(contextKey([])).toBe(NO_CONTEXT);
  expect(contextKey([1, 2])).not.toBe(contextKey([12]));
});

test('dates, and objects whose keys came in any order, are told by content', () => {
  expect(contextKey([new Date(0)])).not.toBe(contextKey([new Date(1)]));
  expect(contextKey([{ c: 3, a: 1, b: 2 }])).toBe(contextKey([{ b: 2, c: 3, a: 1 }]));
  expect(contextKey([{ b: 2, a: 1 }])).toBe('[{"a":1,"b":2}]');
});

test('equal values have equal keys', () => {
  expect(contextKey([{ a: 1, b: [new Date(5)] }])).toBe(contextKey([{ b: [new Date(5)], a: 1 }]));
  expect(contextKey([-0])).toBe(contextKey([0]));
  expect(contextKey([Object.assign(Object.create(null) as object, { a: 1 })])).toBe(contextKey([{ a: 1 }]));
});

test('what cannot be compared is refused', () => {
  class Point { x = 1; }
  for (const [value, kind] of [[() => 1, 'function'], [Symbol('s'), 'symbol'], [new Point(), 'Object'], [new Map(), 'Map'], [Uint8Array.of(1), 'Uint8Array']] as const) {
    expect(() => contextKey([value])).toThrow(ContextKeyError);
    expect(() => contextKey([[value]])).toThrow(`A context value of type ${kind} cannot`);
  }
});

test('a hole in a list counts', () => {
  expect([contextKey([[,]]), contextKey([,])]).toEqual([contextKey([[undefined]]), contextKey([undefined])]);
  expect(contextKey([[undefined]])).not.toBe(contextKey([[]]));
});

test('values that contain themselves, and keys that are symbols, are refused', () => {
  const list: unknown[] = [];
  list.push([list]);
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  for (const value of [list, circle]) expect(() => contextKey([value])).toThrow('of type object nested more than 64 deep cannot');
  expect(() => contextKey([{ [Symbol('lang')]: 1 }])).toThrow('of type object with symbols as keys cannot');
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
  expect(contextKey([nested(64)])).toHaveLength(2 * 65 + 1);
  expect(() => contextKey([nested(65)])).toThrow(ContextKeyError);
});

test('law: two lists of plain values have one key exactly when they are equal', () => {
  const plain = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constantFrom(null, undefined), fc.bigInt());
  const lists = fc.array(fc.oneof(plain, fc.array(plain, { maxLength: 2 })), { maxLength: 3 });
  fc.assert(fc.property(lists, lists, (a, b) => {
    expect(contextKey(a) === contextKey(b)).toBe(fc.stringify(a) === fc.stringify(b));
  }));
});
