import { setImmediate as nextTurn } from 'node:timers/promises';

/** More keys at once than these are gone through part by part. */
export const KEYS_A_PART = 250;
/** And more bytes of values. */
export const BYTES_A_PART = 262_144;
/** While one is answered, the next is made ready. */
const PARTS_AT_ONCE = 2;

/**
 * Goes through many things part by part, few parts at a time. Between them the process does what else there is to do.
 *
 * @param work - fails for its part alone
 * @returns what came of each part, in their order
 */
export async function inParts<T, R>(all: readonly T[], work: (part: readonly T[]) => Promise<R>): Promise<readonly PromiseSettledResult<R>[]> {
  const results: PromiseSettledResult<R>[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < all.length) {
      const from = next;
      next += KEYS_A_PART;
      const [result] = await Promise.allSettled([work(all.slice(from, from + KEYS_A_PART))]);
      results[from / KEYS_A_PART] = result;
      if (next < all.length) await nextTurn();
    }
  };
  await Promise.all(Array.from({ length: PARTS_AT_ONCE }, worker));
  return results;
}

/** Does something with each of many things, part by part: what it begins with the things of a part goes on side by side. */
export async function eachInParts<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<readonly R[]> {
  if (all.length <= KEYS_A_PART) return Promise.all(all.map(work));
  return settled(await inParts(all, (part) => Promise.all(part.map(work)))).flat();
}

/** The values of all, or the first failure among them. */
export function settled<R>(results: readonly PromiseSettledResult<R>[]): readonly R[] {
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
