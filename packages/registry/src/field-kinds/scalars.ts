import { plainKind, type FieldKind } from './field-kind';

const INT4_LIMIT = 2 ** 31;

const isText = (value: unknown): boolean => typeof value === 'string';

/** Kinds that hold a value of their own. */
export const scalarKinds: Readonly<Record<string, FieldKind>> = {
  char: plainKind({ name: 'char', columnType: 'text', expects: 'text', accepts: isText }),
  text: plainKind({ name: 'text', columnType: 'text', expects: 'text', accepts: isText }),
  integer: plainKind({
    name: 'integer',
    columnType: 'int4',
    expects: 'a whole number of 4 bytes',
    accepts: (value) => typeof value === 'number' && Number.isInteger(value) && value >= -INT4_LIMIT && value < INT4_LIMIT,
    // Minus zero is zero in a column; two forms of one value would never be equal.
    toCache: (value) => (value === 0 ? 0 : value),
  }),
  float: plainKind({
    name: 'float',
    columnType: 'float8',
    expects: 'a finite number',
    accepts: (value) => typeof value === 'number' && Number.isFinite(value),
    toCache: (value) => (value === 0 ? 0 : value),
  }),
  boolean: plainKind({ name: 'boolean', columnType: 'bool', expects: 'true or false', accepts: (value) => typeof value === 'boolean' }),
};
