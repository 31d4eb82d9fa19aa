import type { ColumnType } from '@ormolu/kernel';
import { ValueError, type ValuePlace } from '../column-types';
import { canonicalDecimal, compareDecimals, trimmedDecimal } from '../decimal';
import { bytesOf, canonicalUuid, INT8_MAX, isStorableText, storableJson, UUID, validDate } from '../value-forms';
import { daysOf, textOfDays } from '../wire/calendar';

/** A column's type as far as its values depend on it. */
export interface ValueType {
  readonly type: ColumnType;
  readonly scale?: number | undefined;
}

/**
 * A value as the database would give it back, as a copy of its own.
 *
 * @throws {ValueError} STORAGE_VALUE when the column type cannot hold it exactly
 */
export function normalValue({ type, scale }: ValueType, value: unknown, place: ValuePlace): unknown {
  if (value === null || value === undefined) return null;
  const normal = NORMAL[type](value, scale);
  if (normal === undefined) throw new ValueError(place, type, value);
  return normal;
}

/** A copy for a reader to keep, of those values that can be changed from outside. */
export function copied(type: ColumnType, value: unknown): unknown {
  if (value === null) return null;
  // As `normalValue` made them.
  if (type === 'timestamptz') return new Date((value as Date).getTime());
  if (type === 'bytea') return new Uint8Array(value as Uint8Array);
  return type === 'jsonb' ? structuredJson(value) : value;
}

/** A text that equal values of one column share, and others do not. */
export function sameText(type: ColumnType, value: unknown): string {
  // As `normalValue` made them.
  switch (type) {
    case 'timestamptz':
      return String((value as Date).getTime());
    case 'bytea':
      return Buffer.from(value as Uint8Array).toString('hex');
    case 'numeric':
      return trimmedDecimal(value as string);
    case 'jsonb':
      return jsonText(value);
    default:
      return String(value);
  }
}

/** Each gives the normal form of a value, or undefined when it is none of its type. JSON's own null is the same as no value. */
const NORMAL: Readonly<Record<ColumnType, (value: unknown, scale: number | undefined) => unknown>> = {
  int4: (value) => (typeof value === 'number' && (value | 0) === value ? value | 0 : undefined), // -0 is 0
  int8: (value) => (typeof value === 'bigint' && value <= INT8_MAX && value >= -INT8_MAX - 1n ? value : undefined),
  float8: (value) => (typeof value === 'number' ? value : undefined),
  bool: (value) => (typeof value === 'boolean' ? value : undefined),
  text: (value) => (typeof value === 'string' && isStorableText(value) ? value : undefined),
  numeric: (value, scale) => (typeof value === 'string' ? canonicalDecimal(value, scale) : undefined),
  uuid: (value) => (typeof value === 'string' && UUID.test(value) ? canonicalUuid(value) : undefined),
  date: (value) => {
    const days = typeof value === 'string' ? daysOf(value) : undefined;
    return days === undefined ? undefined : textOfDays(days);
  },
  timestamptz: (value) => {
    const date = validDate(value);
    return date && new Date(date.getTime());
  },
  jsonb: (value) => {
    const text = storableJson(value);
    return text === undefined ? undefined : JSON.parse(text) as unknown;
  },
  bytea: (value) => {
    const bytes = bytesOf(value);
    return bytes && new Uint8Array(bytes);
  },
};

function structuredJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

/**
 * The order of two values of one column, none of them missing: negative, 0 or positive.
 *
 * Texts go by code points, NaN is the greatest number, false comes before true; JSON values are only equal or not.
 */
export function compareValues(type: ColumnType, a: unknown, b: unknown): number {
  switch (type) {
    case 'text': case 'uuid': case 'date':
      return compareCodePoints(a as string, b as string); // as `normalValue` made them
    case 'numeric':
      return compareDecimals(a as string, b as string);
    case 'bytea':
      return Buffer.compare(a as Uint8Array, b as Uint8Array);
    case 'jsonb':
      return jsonText(a) === jsonText(b) ? 0 : 1;
    case 'timestamptz':
      return (a as Date).getTime() - (b as Date).getTime();
    case 'float8':
      if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
      break;
    default:
  }
  const [left, right] = [a as number, b as number]; // numbers, bigints or booleans, which compare alike
  if (left === right) return 0;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** UTF-16 order puts the characters beyond U+FFFF before some of those below; code points do not. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let n = 0; n < length; n++) {
    const [left, right] = [a.charCodeAt(n), b.charCodeAt(n)];
    if (left === right) continue;
    const [high, low] = [left >= 0xd800 && left < 0xe000, right >= 0xd800 && right < 0xe000];
    return high === low ? left - right : Number(high) - Number(low);
  }
  return a.length - b.length;
}

/** A text that is the same for equal JSON values, whatever the order of their keys. */
function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (
    typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part));
}
