import { RunError } from '../errors';

/** Whether a value is a promise, of whatever make. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

async function* anything(): AsyncGenerator {
  yield await Promise.resolve('anything');
}

/** What all iterators of the language inherit from, the plain and the asynchronous ones. */
const ITERATORS: readonly object[] = [[].values(), anything()].map((iterator) => {
  let prototype = iterator as object;
  while (Object.getPrototypeOf(prototype) !== Object.prototype) prototype = Object.getPrototypeOf(prototype) as object;
  return prototype;
});

/** Whether a value is what a generator function returns, or another iterator of the language or of ours. */
function isIterator(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ITERATORS.some((prototype) => Object.prototype.isPrototypeOf.call(prototype, value));
}

/**
 * Refuses what a function has only begun, which must be over when it returns.
 *
 * @param whose - the function, as the error names it
 * @throws {RunError} RUN_ASYNC for a promise, RUN_ITERATOR for an iterator
 */
export function refuseUnfinished(value: unknown, whose: string, details: Readonly<Record<string, unknown>> = {}): void {
  if (typeof value !== 'object' || value === null) return;
  if (isPromise(value)) {
    // The promise is the caller's mistake and nobody will await it; its own failure must not end the process.
    Promise.resolve(value).catch(() => undefined);
    throw new RunError('RUN_ASYNC', `${whose} returned a promise. It must be plain synchronous code: what it reads is fetched for it; await before or after.`, { details });
  }
  if (!isIterator(value)) return;
  throw new RunError('RUN_ITERATOR', `${whose} returned an iterator, of which nothing has run yet: is it a generator function? What it yields would be read when the function is over. Return a list, [...values].`, { details });
}
