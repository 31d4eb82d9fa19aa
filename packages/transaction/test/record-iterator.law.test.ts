import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import type { RecordSet } from '../src/index';
import { open } from './support/open';

/** How a program may go on with one of several iterators: one step, or as `for … of` does, to the end or up to some record. */
const step = fc.record({ iterator: fc.nat({ max: 2 }), what: fc.constantFrom('next' as const, 'rest' as const, 'some' as const) });

test('law: for every set and every way to go through it, the iterators of a set do as those of an array of its records', async () => {
  const { tx } = await open();
  fc.assert(fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 9 })), fc.array(step), (ids, steps) => {
    const set = tx.env.model('city').browse(ids);
    const plain = [...set.ids];
    const ours = Array.from({ length: 3 }, () => set[Symbol.iterator]() as IterableIterator<RecordSet>);
    const theirs = Array.from({ length: 3 }, () => plain[Symbol.iterator]());
    for (const { iterator, what } of steps) {
      const [one, other] = [ours[iterator], theirs[iterator]];
      if (!one || !other) continue;
      if (what === 'next') {
        const { value, done } = one.next();
        expect([(value as RecordSet | undefined)?.id, done]).toEqual(Object.values(other.next()));
      } else expect(some(one, what).map(({ id }) => id)).toEqual(some(other, what));
    }
  }), { numRuns: lawRuns(100) });
});

test('an iterator is iterable itself, and its records are the same each time', async () => {
  const { tx } = await open();
  const cities = tx.env.model('city').browse([3, 1, 2]);
  const iterator = cities[Symbol.iterator]() as IterableIterator<RecordSet>;
  expect(iterator[Symbol.iterator]()).toBe(iterator);
  expect([...iterator]).toEqual([...cities]);
  expect([...cities].every((city, place) => city === [...cities][place])).toBe(true);
  expect([...iterator]).toEqual([]);
  expect([...cities.browse(7)].map(({ id }) => id)).toEqual([7]);
});

/** Goes on to the end, or over two more. */
function some<T>(iterator: IterableIterator<T>, what: 'rest' | 'some'): T[] {
  const found: T[] = [];
  for (const one of iterator) {
    found.push(one);
    if (what === 'some' && found.length === 2) break;
  }
  return found;
}
