import fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { median, ratioByRound, summarise } from '../statistics';

test('the median is the middle value, or the mean of the two middle ones', () => {
  expect(median([7])).toBe(7);
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(() => median([])).toThrow('of no values there is none');
});

test('law: for every list, half of the values lie on either side of its median, and the list is left as it was', () => {
  fc.assert(fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 40 }), (values) => {
    const before = [...values];
    const middle = median(values);
    expect(values).toEqual(before);
    expect(values.filter((value) => value < middle).length).toBeLessThanOrEqual(values.length / 2);
    expect(values.filter((value) => value > middle).length).toBeLessThanOrEqual(values.length / 2);
  }), { numRuns: lawRuns(100) });
});

test('one outlier moves the spread, not the median', () => {
  expect(summarise([1, 1, 1, 1, 50])).toEqual({ median: 1, min: 1, max: 50 });
});

test('a slow spell of the machine that meets both sides of a round leaves the ratio alone', () => {
  expect(ratioByRound([2, 20, 2], [4, 40, 4])).toEqual({ median: 0.5, min: 0.5, max: 0.5 });
  expect(() => ratioByRound([1, 2], [1])).toThrow('2 rounds against 1');
});
