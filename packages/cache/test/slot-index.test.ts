import type { Id } from '@ormolu/kernel';
import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { SlotIndex } from '../src/slot-index';

const check = (ids: readonly Id[], absent: readonly Id[] = []) => {
  const index = new SlotIndex();
  const slots = new Map<Id, number>();
  const wrong: unknown[] = [];
  const hold = (what: string, id: Id, actual: unknown, expected: unknown) => {
    if (!Object.is(actual, expected)) wrong.push([what, id, actual, expected]);
  };
  for (const id of ids) {
    if (!slots.has(id)) {
      hold('unknown', id, index.slotOf(id), -1);
      slots.set(id, slots.size);
    }
    hold('ensured', id, index.ensure(id), slots.get(id));
  }
  for (const [id, slot] of slots) {
    hold('found', id, index.slotOf(id), slot);
    hold('found again', id, index.slotOf(id), slot);
    hold('id', id, index.idOf(slot), id);
  }
  for (const [id, slot] of [...slots].reverse()) hold('found backwards', id, index.slotOf(id), slot);
  for (const id of absent) hold('absent', id, index.slotOf(id), slots.get(id) ?? -1);
  hold('size', -1, index.size, slots.size);
  expect(wrong).toEqual([]);
  return index;
};

const range = (from: number, count: number, step = 1) => Array.from({ length: count }, (_, at) => from + at * step);
/** Every id once, in an order without sense. */
const mixed = (ids: readonly number[]) => ids.map((id, at) => [Math.imul(at + 1, 2654435761) >>> 0, id] as const).sort(([a], [b]) => a - b).map(([, id]) => id);

test('ids from a sequence, upwards, downwards, from far away and mixed, stand in the window', () => {
  for (const ids of [range(1, 5_000), range(9_000, 5_000, -1), range(2 ** 40, 3_000), range(-2_000, 4_000), range(1, 5_000, 5), mixed(range(1, 5_000)), mixed(range(10 ** 12, 5_000))]) {
    const index = check(ids, [0, -1, -5_000, 0.5, 1.5, 10_001, 2 ** 40 - 1, Number.NaN, '1', 1n]);
    expect(index.bytes).toBeLessThan(ids.length * 120);
  }
});

test('ids that come one by one, up to the first that does not, are told from those that only look like them', () => {
  for (const first of [0, 1, 7, 2 ** 40, 2 ** 50 - 2]) {
    const ids = [...range(first, 3), first + 4, first + 3, first + 5, -first - 1];
    const alike = [first - 1, first + 6, first + 0.5, first + 2.5, first + 2 ** 32, first + 1 - 2 ** 32, -first, String(first), BigInt(first), Number.NaN, Infinity];
    check(ids, alike.filter((id) => !ids.some((known) => known === id)));
  }
  check([3, 2, 4, 5, 6]);
  check(['a', 1, 2, 3], [0, 4]);
  check([1.5, 2.5, 3.5], [0.5, 4.5, 1, 2]);
  expect(new SlotIndex().slotOf(0)).toBe(-1);
  const zero = check([0, 1, 2], [-1]);
  expect(zero.slotOf(-0)).toBe(0);
});

test('a window that begins so far up that counting is not exact stays away', () => {
  const index = check(range(2 ** 50 + 1, 10), [2 ** 50, 2 ** 50 + 11]);
  expect(index.bytes).toBe(weight(range(0, 10), 0, 10));
  expect(check([2 ** 50, 2 ** 50 + 1]).bytes).toBe(weight([0, 1], 64, 0));
});

test('dense ids take less room than a map', () => {
  expect(check(range(1, 10_000)).bytes).toBeLessThan(10_000 * 33);
  expect(check(mixed(range(1, 10_000))).bytes).toBeLessThan(10_000 * 100);
});

test('ids far apart do not take room for what lies between', () => {
  for (const ids of [range(1, 3_000, 1_000), mixed(range(1, 3_000, 100_000)), [1, 10 ** 9, 2, 10 ** 10, 3, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]]) {
    expect(check(ids, [5, 999, 10 ** 9 + 1]).bytes).toBeLessThan(ids.length * 70 + 2_000);
  }
});

test('a few far ids do not spoil the window for the rest', () => {
  const index = check([...range(10 ** 9, 100, 10 ** 6), ...mixed(range(1, 5_000))], [0, 5_001, 10 ** 9 + 1]);
  expect(index.bytes).toBeLessThan(5_100 * 90);
});

/** Bytes of an index whose window has so many places, with so many entries in the map. */
const weight = (ids: readonly Id[], places: number, entries: number) => (places + ids.length) * 8 + entries * 48;

test.each([
  ['one id is a window of 64', [100], 64, 0],
  ['a window reaches to its last place', [100, 163], 64, 0],
  ['behind it, it grows to twice its length', [100, 164], 128, 0],
  ['it grows to where the id stands', [100, 101, 179], 128, 0],
  ['one id allows 72 places', [100, 171], 128, 0],
  ['and no more', [100, 172], 64, 1],
  ['two ids allow 80', [100, 101, 180], 64, 1],
  ['it grows upwards when an id above is met', [100, 164, 200], 128, 0],
  ['and downwards when one below is met', [100, 99, 40], 128, 0],
  ['never below zero', [20, 15, 140], 84, 1],
  ['what is no whole number stands in the map', [100, 'a', 1.5, 5n], 64, 3],
  ['with 63 numbers in the map nothing is moved', [...range(0, 5), ...range(1_000, 63)], 64, 63],
  ['the 64th is the reason to look where most ids lie', [...range(0, 5), ...range(1_000, 64)], 75, 5],
  ['what stands right behind it then stays in the map', [...range(0, 5), 1_067, ...range(1_000, 63)], 75, 6],
  ['the ids taken in allow their part', [...range(0, 5), ...range(1_000, 64), 1_567], 576, 5],
  ['and no more', [...range(0, 5), ...range(1_000, 64), 1_568], 75, 6],
  ['and are no reason to look again', [...range(0, 5), ...range(1_000, 64), ...range(1_600, 60)], 75, 65],
  ['forty are no reason', [0, ...range(1_000, 40)], 64, 40],
  ['seven places for each, and a little, are too many', [...range(0, 6), ...range(1_000, 64, 8)], 64, 64],
  ['one place less is not', [...range(0, 6), ...range(1_000, 57, 8), 1_455, ...range(1_464, 6, 8)], 584, 6],
  ['it begins at zero when most ids lie next to it', [10 ** 6, ...range(1, 64)], 68, 1],
  ['nothing is looked at before the numbers in the map are twice as many', [...range(0, 5), ...range(1_000, 8, 10 ** 6), ...range(10 ** 9, 119)], 64, 127],
  ['then it is', [...range(0, 5), ...range(1_000, 8, 10 ** 6), ...range(10 ** 9, 120)], 141, 13],
  ['far apart they stay in the map until there are twice as many', [...range(0, 5), ...range(1_000, 64, 1_000), ...range(200_000, 63)], 64, 127],
])('how far the window reaches: %s', (_, ids, places, entries) => {
  expect(check(ids).bytes).toBe(weight(ids, places, entries));
});

test('law: a far id, whenever it comes while the window grows, takes nothing away from the ids before it', () => {
  for (let count = 0; count < 90; count += 1) check([...range(0, 5), ...range(1_000, 64), ...range(992, 8), ...range(1_064, count), 5_000]);
});

test('what went back to the map is taken in again when the window comes near', () => {
  check([...range(0, 5), ...range(1_000, 64), ...range(999, 1_000, -1)]);
});

test('texts and drafts and numbers that are not whole are known by identity', () => {
  check(['a', 'b', '1', 1, 1n, 1.5, 2 ** 60, 'a', 1n, 0], ['c', 2n, 2, 2.5]);
});

test('a fraction next to nothing is not taken for the whole number beside it', () => {
  for (const ids of [range(-3, 100), range(0, 100), [-1, 5, 0, 3], [2 ** 50, 1e-20]]) check(ids, [1e-20, -1e-20, 2 ** 50 - 0.25, 5 + 1e-15]);
});

test('zero has no sign', () => {
  const index = new SlotIndex();
  expect([index.ensure(-0), index.ensure(0), index.idOf(0), index.size]).toEqual([0, 0, 0, 1]);
});

test('law: for every sequence of ids, each has one slot, in order of arrival, and each slot its id', () => {
  const id = fc.oneof(fc.integer({ min: -50, max: 300 }), fc.integer(), fc.maxSafeInteger(), fc.string({ maxLength: 2 }), fc.bigInt({ min: 0n, max: 9n }), fc.integer({ min: 1, max: 500 }).map((n) => n * 7));
  fc.assert(fc.property(fc.array(id, { maxLength: 600, size: 'max' }), fc.array(id), (ids, absent) => { check(ids, absent); }), { numRuns: lawRuns() });
});
