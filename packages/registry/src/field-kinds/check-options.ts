import type { KindOptions } from '../field';
import { MAX_PRECISION } from './decimal-kind';
import { isStorableText } from './text-kinds';

/** What is wrong with a field's options, and what to do about it. */
export interface OptionProblem {
  readonly problem: string;
  readonly remedy: string;
}

const isCount = (value: number, least: number, most: number): boolean => Number.isInteger(value) && value >= least && value <= most;

/** What is wrong with the options that only some kinds have. */
export function checkKindOptions(kind: string, { size, precision, scale, values }: KindOptions): readonly OptionProblem[] {
  const problems: OptionProblem[] = [];
  const add = (problem: string, remedy: string): void => void problems.push({ problem, remedy });
  if (size !== undefined && !isCount(size, 1, Number.MAX_SAFE_INTEGER)) add('its size is no whole number from 1 up.', 'Give the number of characters that fit, or leave size out for no limit.');
  if (kind === 'decimal' && scale === undefined) add('it has no scale.', 'Say how many digits stand behind the point: decimal({ scale: 2 }).');
  if (scale !== undefined && !isCount(scale, 0, MAX_PRECISION)) add(`its scale is no whole number from 0 to ${MAX_PRECISION}.`, 'Give the number of digits behind the point.');
  if (precision !== undefined && !isCount(precision, 1, MAX_PRECISION)) add(`its precision is no whole number from 1 to ${MAX_PRECISION}.`, 'Give the number of digits on both sides of the point together.');
  else if (precision !== undefined && scale !== undefined && scale > precision) add('its scale is greater than its precision.', 'Precision counts the digits on both sides of the point together.');
  if (kind === 'selection') checkValues(values ?? [], add);
  return problems;
}

function checkValues(values: readonly unknown[], add: (problem: string, remedy: string) => void): void {
  if (values.length === 0) add('its selection is empty.', "Name the values it can have: selection(['draft', 'done']).");
  const texts = values.filter((value) => typeof value === 'string');
  if (texts.length < values.length || !texts.every(isStorableText)) add('its selection has values that no text column can hold.', 'Use texts without NUL characters and halves of surrogate pairs.');
  if (new Set(texts).size < texts.length) add('its selection names a value twice.', 'Name each value once.');
}
