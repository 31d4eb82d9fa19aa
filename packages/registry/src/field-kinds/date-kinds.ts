import { plainKind, Refusal, type FieldKind } from './field-kind';

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** A day of the calendar as text: it has no time zone, so nothing can move it by one. */
export const dateKind: FieldKind = plainKind({
  name: 'date',
  columnType: 'date',
  expects: "a day of the calendar as text, 'YYYY-MM-DD'",
  accepts: (value) => typeof value === 'string' && isDay(value),
});

function isDay(text: string): boolean {
  const parts = DAY.exec(text);
  if (!parts) return false;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  // Date.UTC reads the years 0 to 99 as 1900 and later; setUTCFullYear does not. A day too many is the next month's.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** The first instant of PostgreSQL's calendar, 4714-11-24 before Christ; it ends after the last that a Date can name. */
const FIRST_INSTANT = Date.UTC(-4713, 10, 24);
const notInstant = new Refusal('a valid Date from 4714-11-24 BC on');

/**
 * An instant in milliseconds UTC. The cache keeps the number, because a Date can be changed by whoever holds it, frozen or not;
 * every read gives a new Date.
 */
export const datetimeKind: FieldKind = {
  name: 'datetime',
  columnType: 'timestamptz',
  take: (value) => {
    const instant = instantOf(value);
    return instant !== undefined && instant >= FIRST_INSTANT ? instant : notInstant;
  },
  toUser: dateAt,
  toColumn: dateAt,
  fromColumn: (raw) => instantOf(raw) ?? raw,
  isEqual: Object.is,
};

/** The instant of a Date of any realm; NaN of an invalid one. */
function instantOf(value: unknown): number | undefined {
  try {
    return Date.prototype.getTime.call(value as Date); // throws for whatever is none
  } catch {
    return undefined;
  }
}

function dateAt(cached: unknown): Date {
  return new Date(cached as number); // as `take` made it
}
