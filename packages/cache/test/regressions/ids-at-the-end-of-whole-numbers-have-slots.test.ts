import { SlotIndex } from '../../src/slot-index';

test.each([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 10, 2 ** 53, 2 ** 50, -(2 ** 50)])('the first id may be %d', (id) => {
  const index = new SlotIndex();
  expect(index.ensure(id)).toBe(0);
  expect(index.ensure(1)).toBe(1);
  expect(index.ensure(id - 1)).toBe(id - 1 === id ? 0 : 2);
  expect([index.slotOf(id), index.slotOf(1), index.idOf(0)]).toEqual([0, 1, id]);
  expect(index.bytes).toBeLessThan(10_000);
});
