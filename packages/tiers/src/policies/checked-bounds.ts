import { MisuseError } from '@ormolu/kernel';
import type { Bounds } from './bounded-store';

/**
 * Bounds with nothing left open.
 *
 * @throws {MisuseError} TIER_BOUNDS when neither is given, or one that is no whole number above zero
 */
export function checkedBounds({ maxEntries, maxBytes }: Bounds): { readonly maxEntries: number; readonly maxBytes: number } {
  for (const [name, bound] of [['maxEntries', maxEntries], ['maxBytes', maxBytes]] as const) {
    if (bound !== undefined && !(Number.isSafeInteger(bound) && bound > 0)) {
      throw new MisuseError('TIER_BOUNDS', `${name} is ${String(bound)}: give a whole number above zero, or leave it out. To keep nothing, switch the cache off.`);
    }
  }
  if (maxEntries === undefined && maxBytes === undefined) {
    throw new MisuseError('TIER_BOUNDS', 'A cache needs a bound, or it grows for ever: give maxEntries, maxBytes or both.');
  }
  return { maxEntries: maxEntries ?? Infinity, maxBytes: maxBytes ?? Infinity };
}
