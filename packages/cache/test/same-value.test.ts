import { sameValue } from '@ormolu/cache';

const point = new (class Point { x = 1; })();
const distinct: unknown[] = [
  null, undefined, false, 0, '', 0n, '0', Number.NaN, [], [1], [2], [1, 2], [[1]], {}, { a: 1 }, { b: 1 }, { a: undefined }, { a: 1, b: 2 },
  new Date(0), new Date(1), new Date(Number.NaN), Uint8Array.of(), Uint8Array.of(1), Uint16Array.of(1), new Map(), new Map(), point, new (class Point { x = 1; })(),
  Object.create(null),
];

test('values that differ in type or content are different, both ways', () => {
  distinct.forEach((a, left) => {
    distinct.forEach((b, right) => {
      const isSame = left === right || (fcPlainEmpty(a) && fcPlainEmpty(b));
      expect([left, right, sameValue(a, b)]).toEqual([left, right, isSame]);
    });
  });
});

/** `{}` and an object without prototype are both plain and empty. */
function fcPlainEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0 && !(value instanceof Date)
    && !(value instanceof Map) && !ArrayBuffer.isView(value);
}

test('equal content is the same', () => {
  expect(sameValue([1, ['x', null]], [1, ['x', null]])).toBe(true);
  expect(sameValue({ a: [1], b: 2 }, { b: 2, a: [1] })).toBe(true);
  expect(sameValue(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(sameValue(new Date(5), new Date(5))).toBe(true);
  expect(sameValue(-0, 0)).toBe(true);
  expect(sameValue([1, 2, 3], [1, 2])).toBe(false);
  expect(sameValue([1, 2], [1, 2, 3])).toBe(false);
  expect(sameValue([1, 2], [1, 3])).toBe(false);
});

test('an object is no plain value, whatever it calls itself', () => {
  for (const [tag, value] of [['Undefined', undefined], ['Null', null], ['Number', 1]] as const) {
    expect([sameValue({ [Symbol.toStringTag]: tag }, value), sameValue(value, { [Symbol.toStringTag]: tag })]).toEqual([false, false]);
  }
});

test('views on bytes are told by what they show', () => {
  const view = (...bytes: number[]) => new DataView(Uint8Array.of(9, ...bytes).buffer, 1);
  expect([sameValue(view(1, 2), view(1, 2)), sameValue(view(1, 2), view(1, 3)), sameValue(view(1), view(1, 2)), sameValue(view(1), Uint8Array.of(1))]).toEqual([true, false, false, false]);
  expect([sameValue(Float64Array.of(Number.NaN, 0), Float64Array.of(Number.NaN, -0)), sameValue(Float64Array.of(1), Float64Array.of(2))]).toEqual([true, false]);
  expect(sameValue({ [Symbol.toStringTag]: 'Uint8Array' }, Uint8Array.of())).toBe(false);
});

test('values that contain themselves are the same when no walk through both finds a difference', () => {
  const circle = (name: string, length: number) => {
    const nodes = Array.from({ length }, (): Record<string, unknown> => ({ name, list: [] }));
    nodes.forEach((node, at) => {
      node['next'] = nodes[(at + 1) % length];
      node['list'] = [node, nodes];
    });
    return nodes[0];
  };
  expect([sameValue(circle('a', 1), circle('a', 1)), sameValue(circle('a', 30), circle('a', 30)), sameValue(circle('a', 30), circle('b', 30)), sameValue(circle('a', 2), circle('a', 3))])
    .toEqual([true, true, false, false]);
  const list: unknown[] = [1];
  list.push(list);
  const [around, other]: unknown[][] = [[1, list], [2, list]];
  expect([sameValue(list, around), sameValue(list, other), sameValue(list, [1, [1, [1, 2]]])]).toEqual([true, false, false]);
});
