import type { KindOptions } from '../field';
import { plainKind, Refusal, type FieldKind } from './field-kind';

/** The digits a `numeric` column keeps, both sides of the point together: the most that PostgreSQL lets a type declare. */
export const MAX_PRECISION = 1000;

/** Amounts of money have two digits behind the point when nothing else is said. */
export const MONETARY_SCALE = 2;

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;

/** A decimal number in digits: `fraction` has no zeros at its end, `whole` none at its beginning. */
interface Digits {
  readonly isNegative: boolean;
  readonly whole: string;
  readonly fraction: string;
}

/**
 * decimal and monetary: exact numbers, as texts with exactly `scale` digits behind the point.
 *
 * Nothing is ever rounded: a value with more digits than the scale is refused, unless those are zeros. Numbers are refused as well,
 * because `0.1` as a number is not a tenth.
 */
export function decimalKind(name: 'decimal' | 'monetary', { precision = MAX_PRECISION, scale = MONETARY_SCALE }: KindOptions): FieldKind {
  const notDecimal = new Refusal(`an exact decimal as text, such as '${canonical({ isNegative: false, whole: '12', fraction: scale > 0 ? '5' : '' }, scale)}'`);
  const tooFine = new Refusal(`at most ${scale} digits behind the point and does not round: round the value to them`);
  const tooLarge = new Refusal(`at most ${precision - scale} digits before the point`);
  const take = (value: unknown): unknown => {
    const digits = typeof value === 'string' ? digitsOf(value) : undefined;
    if (!digits) return notDecimal;
    if (digits.fraction.length > scale) return tooFine;
    if (digits.whole.length > precision - scale) return tooLarge;
    return canonical(digits, scale);
  };
  return {
    ...plainKind({ name, columnType: 'numeric', expects: notDecimal.expected, accepts: () => true }),
    scale,
    take,
    takeConstant: (value) => {
      const digits = typeof value === 'string' ? digitsOf(value) : undefined;
      return digits ? canonical(digits, Math.max(scale, digits.fraction.length)) : notDecimal;
    },
    // A column that was not made by a migration may have another scale, or hold NaN.
    fromColumn: (raw) => {
      const digits = typeof raw === 'string' ? digitsOf(raw) : undefined;
      return digits && digits.fraction.length <= scale ? canonical(digits, scale) : raw;
    },
  };
}

function digitsOf(text: string): Digits | undefined {
  const [, sign, before = '', behind = '', exponent = '0'] = DECIMAL.exec(text) ?? [];
  const digits = before + behind;
  if (digits === '') return undefined;
  // How many of the digits stand before the point; it may lie outside of them.
  const point = before.length + Number(exponent);
  const whole = (point <= 0 ? '' : digits.slice(0, point).padEnd(point, '0')).replace(/^0+/, '');
  const fraction = withoutZerosAtEnd(point <= 0 ? '0'.repeat(-point) + digits : digits.slice(point));
  return { isNegative: sign === '-' && whole + fraction !== '', whole, fraction };
}

/** A pattern such as /0+$/ would take quadratic time for zeros that do not stand at the end. */
function withoutZerosAtEnd(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}

function canonical({ isNegative, whole, fraction }: Digits, scale: number): string {
  return `${isNegative ? '-' : ''}${whole === '' ? '0' : whole}${scale === 0 ? '' : `.${fraction.padEnd(scale, '0')}`}`;
}
