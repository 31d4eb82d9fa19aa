import { FarValues } from '../src/far-values';

test('far values are told from small to large, and counted', () => {
  const far = new FarValues();
  for (const slot of [900, 20, 100, 3_000]) far.set(slot, `at ${slot}`);
  expect([far.size, far.ascending(), far.get(100), far.get(7)]).toEqual([4, [20, 100, 900, 3_000], 'at 100', undefined]);
  far.delete(20);
  expect([far.some(9), far.some(3), far.some(2), far.some(0)]).toEqual([['at 900', 'at 100', 'at 3000'], ['at 900', 'at 100', 'at 3000'], ['at 900', 'at 100'], []]);
});

test('what an array has grown to hold moves there, and its newest value stays', () => {
  const far = new FarValues();
  for (const slot of [5, 3, 9]) far.set(slot, `at ${slot}`);
  const places: unknown[] = [1, undefined, 3];
  far.moveInto(places);
  expect([places, far.size]).toEqual([[1, undefined, 3], 3]);
  places.push(undefined, undefined, 'newest');
  far.moveInto(places);
  expect([places, far.ascending()]).toEqual([[1, undefined, 3, 'at 3', undefined, 'newest'], [9]]);
});
