import { ConflictError } from '@ormolu/kernel';
import { withRetry } from '../src/retry';

const UNITS = 400;

/** What one unit of work waits for between its tries, each of which meets somebody faster. */
async function waitsOf(tries: number): Promise<readonly number[]> {
  const waits: number[] = [];
  const work = (): Promise<never> => Promise.reject(new ConflictError('STORAGE_SERIALIZATION', 'Another was faster.'));
  const wait = (ms: number): Promise<void> => {
    waits.push(ms);
    return Promise.resolve();
  };
  await expect(withRetry(work, { tries }, wait)).rejects.toMatchObject({ code: 'STORAGE_SERIALIZATION' });
  return waits;
}

test('each wait is drawn from all between nothing and a bound that doubles from 10 ms to a second', async () => {
  const drawn = await Promise.all(Array.from({ length: UNITS }, () => waitsOf(10)));
  for (const [place, bound] of [10, 20, 40, 80, 160, 320, 640, 1_000, 1_000].entries()) {
    // That none of so many falls into one third would be no chance: 1 in 10^70.
    const thirds = new Set(drawn.map((waits) => Math.floor((3 * (waits[place] ?? NaN)) / bound)));
    expect([place, [...thirds].sort()]).toEqual([place, [0, 1, 2]]);
  }
  expect(drawn.map(({ length }) => length)).toEqual(new Array(UNITS).fill(9));
});

test('those who met once wait for different times', async () => {
  const drawn = await Promise.all(Array.from({ length: UNITS }, () => waitsOf(8)));
  expect(new Set(drawn.map((waits) => waits.join())).size).toBe(UNITS);
});
