import { DECIMAL } from './value-forms';

/** An exact decimal: `units / 10^scale`. */
interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

const NOT_A_NUMBER = 'NaN';

/**
 * A decimal in the form in which PostgreSQL's `numeric` gives it back, rounded half away from zero.
 *
 * @param scale - digits behind the point; absent: as many as were written
 * @returns undefined when the text is no decimal
 */
export function canonicalDecimal(text: string, scale: number | undefined): string | undefined {
  if (/^nan$/i.test(text)) return NOT_A_NUMBER;
  const decimal = parse(text);
  if (!decimal) return undefined;
  return format(scale === undefined ? decimal : rescale(decimal, scale));
}

/** Compares two decimals by value, however many zeros they end in; NaN is equal to itself and greater than all others. */
export function compareDecimals(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  if (!left || !right) return Number(left === undefined) - Number(right === undefined);
  const scale = Math.max(left.scale, right.scale);
  const [l, r] = [rescale(left, scale).units, rescale(right, scale).units];
  if (l === r) return 0;
  return l < r ? -1 : 1;
}

/** The exact sum, with as many digits behind the point as the longest has. */
export function sumDecimals(texts: readonly string[]): string {
  let sum: Decimal = { units: 0n, scale: 0 };
  for (const text of texts) {
    const decimal = parse(text);
    if (!decimal) return NOT_A_NUMBER;
    const scale = Math.max(sum.scale, decimal.scale);
    sum = { units: rescale(sum, scale).units + rescale(decimal, scale).units, scale };
  }
  return format(sum);
}

/** Digits that a mean has behind the point beyond those of the sum. */
export const MEAN_DIGITS = 6;

/** A sum divided by how many were summed, rounded half away from zero. */
export function meanOfDecimals(sum: string, count: number): string {
  const decimal = parse(sum);
  if (!decimal) return NOT_A_NUMBER;
  const scale = decimal.scale + MEAN_DIGITS;
  const units = rescale(decimal, scale).units * 2n;
  const divisor = BigInt(count);
  const half = units < 0n ? -divisor : divisor;
  return format({ units: (units + half) / (2n * divisor), scale });
}

/** Without zeros at the end behind the point, so that equal decimals are one text. */
export function trimmedDecimal(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function parse(text: string): Decimal | undefined {
  const parts = DECIMAL.exec(text);
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts ?? [];
  if (whole === '' && fraction === '') return undefined;
  const units = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  const scale = fraction.length - Number(exponent);
  return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 };
}

function rescale({ units, scale }: Decimal, wanted: number): Decimal {
  if (wanted >= scale) return { units: units * 10n ** BigInt(wanted - scale), scale: wanted };
  const divisor = 10n ** BigInt(scale - wanted);
  const half = units < 0n ? -divisor / 2n : divisor / 2n;
  return { units: (units + half) / divisor, scale: wanted };
}

function format({ units, scale }: Decimal): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const sign = units < 0n ? '-' : '';
  return scale === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
