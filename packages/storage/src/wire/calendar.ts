/** PostgreSQL counts days and microseconds from 2000-01-01, UTC. */
const EPOCH_DAYS = 10_957;
const EPOCH_MS = EPOCH_DAYS * 86_400_000;
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;

/** The microseconds PostgreSQL keeps for an instant. */
export function microsecondsOf(date: Date): bigint {
  return BigInt(date.getTime() - EPOCH_MS) * 1000n;
}

/** The instant of PostgreSQL's microseconds, given as two halves of 32 bits; rounded down to milliseconds. */
export function dateOfMicroseconds(high: number, low: number): Date {
  // Within 2^53 µs, 285 years, a double is exact and fast; beyond these it would fall into the millisecond before.
  const ms = high >= -0x200000 && high < 0x200000
    ? Math.floor((high * 4_294_967_296 + low) / 1000)
    : Number(((BigInt(high) << 32n) + BigInt(low)) / 1000n);
  return new Date(ms + EPOCH_MS);
}

/** @returns the days since 2000-01-01 of `'YYYY-MM-DD'`, or undefined when it is no day of the calendar */
export function daysOf(text: string): number | undefined {
  const parts = DATE.exec(text);
  if (!parts) return undefined;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  // Date.UTC reads the years 0 to 99 as 1900 and later; setUTCFullYear does not.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (year === 0 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return date.getTime() / 86_400_000 - EPOCH_DAYS;
}

/** `'YYYY-MM-DD'` of the days since 2000-01-01, as PostgreSQL itself writes it, years before Christ included. */
export function textOfDays(days: number): string {
  const date = new Date((days + EPOCH_DAYS) * 86_400_000);
  const year = date.getUTCFullYear();
  const shown = year > 0 ? year : 1 - year;
  const text = `${String(shown).padStart(4, '0')}-${String(date.getUTCMonth() + 1).padStart(2, '0')}-${String(date.getUTCDate()).padStart(2, '0')}`;
  return year > 0 ? text : `${text} BC`;
}
