import type { ColumnType } from '@ormolu/kernel';

/**
 * What all fields of a kind have in common: the form in which the cache keeps a value, and the ways in and out of it.
 *
 * A cached value is immutable; `null` is no value.
 */
export interface FieldKind {
  readonly name: string;
  /** How a column keeps it; lists have none. */
  readonly columnType: ColumnType | undefined;
  /** What a user may give, for messages: `text`, `a whole number`. */
  readonly expects: string;
  /** Whether this is a value of the kind, as a user gives it; `null` is asked of nobody. */
  accepts(value: unknown): boolean;
  toCache(value: unknown): unknown;
  toUser(cached: unknown): unknown;
  toColumn(cached: unknown): unknown;
  fromColumn(raw: unknown): unknown;
  isEqual(a: unknown, b: unknown): boolean;
}

const same = (value: unknown): unknown => value;

/** A kind whose values look the same in the cache, in the column and to the user. */
export function plainKind(kind: Pick<FieldKind, 'name' | 'columnType' | 'expects' | 'accepts'> & Partial<FieldKind>): FieldKind {
  return { toCache: same, toUser: same, toColumn: same, fromColumn: same, isEqual: Object.is, ...kind };
}
