import type { RecordSet } from '@ormolu/transaction';
import { UnknownRecordingError } from '../scenario';
import type { Expression } from './scenario-data';

/** The recorded servers divide by zero with an error of their language; ours needs one too. */
export class DivisionByZeroError extends Error {
  readonly code = 'ZERO_DIVISION';

  constructor() {
    super('division by zero');
  }
}

type Operation = (record: RecordSet, args: readonly Expression[]) => unknown;

/**
 * The value of a recorded expression for one record.
 *
 * @throws {UnknownRecordingError} for a list that names no operation
 */
export function evaluate(record: RecordSet, expression: Expression): unknown {
  if (!Array.isArray(expression)) return expression;
  const [name, ...args] = expression as readonly unknown[];
  const operation = typeof name === 'string' && Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
  if (!operation) throw new UnknownRecordingError(`there is no expression '${String(name)}'`);
  return operation(record, args);
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  get: (record, [path]) => follow(record, text(path)),
  sum: (record, [path]) => mapped(record, text(path)).reduce<number>((sum, value) => sum + number(value), 0),
  len: (record, [path]) => mapped(record, text(path)).length,
  join: (record, [path, separator]) => mapped(record, text(path)).map(text).join(text(separator)),
  ctx: (record, [key]) => record.env.context[text(key)] ?? null,
  uid: (record) => record.env.uid,
  company: (record) => companyOf(record),
  '+': (record, args) => numbers(record, args).reduce((sum, value) => sum + value, 0),
  '-': (record, args) => pair(record, args, (a, b) => a - b),
  '*': (record, args) => numbers(record, args).reduce((product, value) => product * value, 1),
  '//': (record, args) => pair(record, args, (a, b) => {
    if (b === 0) throw new DivisionByZeroError();
    return Math.floor(a / b);
  }),
  '>': (record, args) => pair(record, args, (a, b) => a > b),
  and: (record, [a, b]) => {
    const first = evaluate(record, a);
    return isTrue(first) ? evaluate(record, b) : first;
  },
  concat: (record, args) => args.map((arg) => text(evaluate(record, arg))).join(''),
  upper: (record, [arg]) => text(evaluate(record, arg)).toUpperCase(),
  lower: (record, [arg]) => text(evaluate(record, arg)).toLowerCase(),
  if: (record, [condition, yes, no]) => evaluate(record, isTrue(evaluate(record, condition)) ? yes : no),
};

/** What counts as true where the recorded servers ask: null, 0, '' and empty sets do not. */
export function isTrue(value: unknown): boolean {
  if (typeof value === 'object' && value !== null && 'ids' in value && Array.isArray(value.ids)) return value.ids.length > 0;
  return Boolean(value);
}

/** Walks a path from one record; nothing behind an empty reference is null, and a list on the way maps the rest. */
function follow(record: RecordSet, path: string): unknown {
  const [name = '', ...rest] = path.split('.');
  const value = name === 'id' ? record.id : record.get(name);
  if (rest.length === 0 || value === null) return value;
  const next = value as RecordSet; // a path goes on behind relations only; the setup of the models has checked the depends
  return next.length === 1 && record.env.registry.field(record.model, name).relation?.kind === 'many2one' ? follow(next.ensureOne(), rest.join('.')) : next.mapped(rest.join('.'));
}

/** The prefetching walk: the records or values that a path leads to. */
function mapped(record: RecordSet, path: string): readonly unknown[] {
  const values = record.mapped(path);
  return 'ids' in values ? [...values] : values;
}

function companyOf({ env }: RecordSet): unknown {
  const allowed = env.context['allowedCompanyIds'];
  return Array.isArray(allowed) ? (allowed[0] ?? null) : null;
}

function numbers(record: RecordSet, args: readonly Expression[]): number[] {
  return args.map((arg) => number(evaluate(record, arg)));
}

function pair<T>(record: RecordSet, args: readonly Expression[], apply: (a: number, b: number) => T): T {
  const [a = 0, b = 0] = numbers(record, args);
  return apply(a, b);
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : Number(value ?? 0);
}

function text(value: unknown): string {
  if (value === null || value === undefined || value === false) return '';
  if (value === true) return 'True';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value);
}
