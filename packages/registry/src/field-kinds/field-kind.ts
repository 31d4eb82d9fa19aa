import type { ColumnType } from '@ormolu/kernel';

/**
 * What all fields of a kind have in common: the form in which the cache keeps a value, and the ways in and out of it.
 *
 * A cached value is immutable, or never handed out: whoever holds a value that was given in or out cannot change the cache by it.
 * Every value has one cached form. `null` is no value, and none of the methods is asked about it.
 */
export interface FieldKind {
  readonly name: string;
  /** How a column keeps it; lists have none. */
  readonly columnType: ColumnType | undefined;
  /** Digits behind the decimal point, of a `numeric` column. */
  readonly scale?: number | undefined;
  /** A value as a user gives it, in the cache's form; a `Refusal` when it is none of this kind. Keeps nothing of what it was given. */
  take(value: unknown): unknown;
  /**
   * A value to look for, in the cache's form: limits on what may be written do not count, because a search may well find nothing.
   * `UNFINDABLE` when it is of the kind and no column can hold it; a `Refusal` when it is none of the kind.
   * @defaultValue as `take`
   */
  readonly takeConstant?: ((value: unknown) => unknown) | undefined;
  /** A cached value as a property read gives it: a copy where users could change it. */
  toUser(cached: unknown): unknown;
  /** A cached value in the form of its column type. */
  toColumn(cached: unknown): unknown;
  /** What the column gave, in the cache's form. What the database holds is read as it stands, also where `take` would refuse it. */
  fromColumn(raw: unknown): unknown;
  /** Whether two cached values are the same. */
  isEqual(a: unknown, b: unknown): boolean;
}

/** What no record's value is equal to. */
export const UNFINDABLE: unique symbol = Symbol('unfindable');

/** Why a value was not taken. */
export class Refusal {
  /** What the field takes, for messages: `a whole number`. Never shows the value. */
  readonly expected: string;

  constructor(expected: string) {
    this.expected = expected;
  }
}

/** A kind whose values need only be looked at to be accepted. */
export interface PlainKind extends Partial<Omit<FieldKind, 'take'>> {
  readonly name: string;
  readonly columnType: ColumnType | undefined;
  /** What a user may give, for messages: `text`, `a whole number`. */
  readonly expects: string;
  readonly accepts: (value: unknown) => boolean;
  /** @defaultValue the value itself */
  readonly toCache?: (value: unknown) => unknown;
}

/** How a form is made that is the form it is made from. */
export const same = (value: unknown): unknown => value;

/** A kind whose values look the same in the cache, in the column and to the user, except where it says otherwise. */
export function plainKind({ expects, accepts, toCache = same, ...kind }: PlainKind): FieldKind {
  const refusal = new Refusal(expects);
  return { toUser: same, toColumn: same, fromColumn: same, isEqual: Object.is, take: (value) => (accepts(value) ? toCache(value) : refusal), ...kind };
}
