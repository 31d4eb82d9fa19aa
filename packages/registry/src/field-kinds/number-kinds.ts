import { plainKind, Refusal, UNFINDABLE, type FieldKind } from './field-kind';

const INT4_LIMIT = 2 ** 31;
const INT8_LIMIT = 2n ** 63n;

/** Minus zero is zero in an `int4` column; two forms of one value would never be equal. */
const withoutMinusZero = (value: unknown): unknown => (value === 0 ? 0 : value);

export const integerKind: FieldKind = {
  ...plainKind({
    name: 'integer',
    columnType: 'int4',
    expects: 'a whole number of 4 bytes, from -2147483648 to 2147483647',
    accepts: (value) => Number.isInteger(value) && Number(value) >= -INT4_LIMIT && Number(value) < INT4_LIMIT,
    toCache: withoutMinusZero,
  }),
  takeConstant: (value) => (!Number.isInteger(value) ? new Refusal('a whole number') : Number.isSafeInteger(value) ? withoutMinusZero(value) : UNFINDABLE),
};

/** Numbers are refused: above 2^53 they are no longer the number that was meant. */
export const bigintKind: FieldKind = {
  ...plainKind({
    name: 'bigint',
    columnType: 'int8',
    expects: 'a bigint of 8 bytes, such as 10n or BigInt(10)',
    accepts: isInt8,
  }),
  takeConstant: (value) => (typeof value !== 'bigint' ? new Refusal('a bigint') : isInt8(value) ? value : UNFINDABLE),
};

function isInt8(value: unknown): boolean {
  return typeof value === 'bigint' && value >= -INT8_LIMIT && value < INT8_LIMIT;
}

export const floatKind: FieldKind = plainKind({
  name: 'float',
  columnType: 'float8',
  expects: 'a finite number',
  accepts: (value) => Number.isFinite(value),
  toCache: withoutMinusZero,
  fromColumn: withoutMinusZero,
});

export const booleanKind: FieldKind = plainKind({
  name: 'boolean',
  columnType: 'bool',
  expects: 'true or false',
  accepts: (value) => typeof value === 'boolean',
});
