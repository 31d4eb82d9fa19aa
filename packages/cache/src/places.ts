import { MissAsValueError } from './errors';

/** What reading answers where there is no value. No value is ever equal to it. */
export const MISS: unique symbol = Symbol('ormolu.miss');

/** Stands in a place for a value that is `undefined`, because `undefined` itself means "nothing here". */
export const UNDEFINED: unique symbol = Symbol('ormolu.undefined');

/** What stands in a place for a value. */
export function rawOf(value: unknown): unknown {
  if (value === MISS) throw new MissAsValueError();
  return value === undefined ? UNDEFINED : value;
}

/**
 * Places for the first values of a list, which are more than none: an array of V8's general kind. Arrays of small integers only, or of
 * floating-point numbers only, are kinds of their own, and code that reads columns of several kinds is half as fast.
 */
export function placesFor(list: readonly unknown[], count: number): unknown[] {
  const places = list.slice(0, count);
  for (let at = 0; at < count; at += 1) {
    const value = places[at];
    if (value === undefined || value === MISS) places[at] = rawOf(value);
  }
  const [first] = places;
  places[0] = UNDEFINED;
  places[0] = first;
  return places;
}
