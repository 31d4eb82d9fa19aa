import type { ColumnType } from '@ormolu/kernel';
import { UnreadableValueError } from '../column-types';
import { meanOfDecimals } from '../decimal';

/** A sum as both ways of computing it give it: whole numbers exactly, decimals as texts. */
export type RawSum = bigint | number | string | null;

/** A sum in the form of its column. @throws {UnreadableValueError} STORAGE_VALUE_UNREADABLE when a sum of `int4` is beyond what a number holds exactly */
export function sumInForm(type: ColumnType, sum: RawSum): unknown {
  if (sum === null || type !== 'int4') return sum;
  const exact = Number(sum);
  if (!Number.isSafeInteger(exact)) throw new UnreadableValueError('sum of int4');
  return exact;
}

/** A mean from the exact sum, so that every storage gives the same. */
export function mean(sum: RawSum, count: number): unknown {
  if (sum === null || count === 0) return null;
  return typeof sum === 'string' ? meanOfDecimals(sum, count) : Number(sum) / count;
}
