import type { KindOptions } from '../field';
import { binaryKind } from './binary-kind';
import { dateKind, datetimeKind } from './date-kinds';
import { decimalKind } from './decimal-kind';
import type { FieldKind } from './field-kind';
import { jsonKind } from './json-kind';
import { bigintKind, booleanKind, floatKind, integerKind } from './number-kinds';
import { selectionKind, textKind, uuidKind } from './text-kinds';

/** Kinds that hold a value of their own: each made for a field from its options. */
export const scalarKinds: Readonly<Record<string, (options: KindOptions) => FieldKind>> = {
  char: (options) => textKind('char', options),
  text: (options) => textKind('text', options),
  html: (options) => textKind('html', options),
  uuid: () => uuidKind,
  selection: selectionKind,
  integer: () => integerKind,
  bigint: () => bigintKind,
  float: () => floatKind,
  decimal: (options) => decimalKind('decimal', options),
  monetary: (options) => decimalKind('monetary', options),
  boolean: () => booleanKind,
  date: () => dateKind,
  datetime: () => datetimeKind,
  json: () => jsonKind,
  binary: () => binaryKind,
};
