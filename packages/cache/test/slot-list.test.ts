import { ABSENT, SlotList } from '../src/slot-list';

function listOf(...slots: readonly number[]): SlotList {
  const list = new SlotList();
  for (const slot of slots) list.add(slot);
  return list;
}

test('slots come in the order in which they were added, and one that is not in has no place', () => {
  const list = listOf(70, 3, 9);
  expect(list.slots()).toEqual([70, 3, 9]);
  expect([70, 3, 9, 4, 500].map((slot) => list.placeOf(slot))).toEqual([0, 1, 2, ABSENT, ABSENT]);
  expect(ABSENT).toBe(-1);
  list.delete(3);
  expect([list.slots(), list.has(3), list.size]).toEqual([[70, 9], false, 2]);
});

test('those added last are withdrawn by their number', () => {
  const list = listOf(5, 6, 7, 8);
  list.withdraw(3);
  expect([list.slots(), list.size, list.has(7)]).toEqual([[5], 1, false]);
  list.add(8);
  expect(list.slots()).toEqual([5, 8]);
});

test('a slot that others were added behind leaves a gap when it is taken back, and they stay', () => {
  const list = listOf(5, 6, 7);
  list.revert([5], [ABSENT], 0, 0);
  expect([list.slots(), list.has(5), list.size]).toEqual([[6, 7], false, 2]);
  list.revert([7], [ABSENT], 0, 0);
  list.add(9);
  expect([list.slots(), list.placeOf(9)]).toEqual([[6, 9], 2]);
});

test('a slot comes back to the gap that it left', () => {
  const list = listOf(5, 6, 7);
  list.delete(6);
  list.add(6);
  list.revert([6], [1], 0, 0);
  expect([list.slots(), list.placeOf(6), list.size]).toEqual([[5, 6, 7], 1, 3]);
  list.add(8);
  expect([list.slots(), list.placeOf(8)]).toEqual([[5, 6, 7, 8], 3]);
});

test('gaps are closed when there is more than one for each slot and a page of them', () => {
  const gaps = (count: number): number => {
    const list = listOf(...Array.from({ length: count }, (_, slot) => slot));
    for (let slot = 3; slot < count; slot += 1) list.delete(slot);
    list.tidy();
    expect(list.slots()).toEqual([0, 1, 2]);
    expect([0, 1, 2, 3].map((slot) => list.placeOf(slot))).toEqual([0, 1, 2, ABSENT]);
    return list.bytes;
  };
  expect([gaps(3), gaps(70), gaps(71)]).toEqual([3 * 16, 70 * 16, 3 * 16]);
});
