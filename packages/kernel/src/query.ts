import type { Filter } from './filter';
import type { StoredId } from './id';
import type { ValueKeys } from './keyed-column';
import type { OrderTerm } from './schema';
import type { EntryStamp } from './validity';

/** Which columns of which records: one question down the ladder, whatever the number of ids. */
export interface ReadQuestion {
  readonly model: string;
  /** Repeats are answered once. */
  readonly ids: readonly StoredId[];
  /** Stored fields, at least one; `id` is never among them. */
  readonly fields: readonly string[];
  /** Asks for the answer's stamp, so that it can be kept. @defaultValue false */
  readonly stamped?: boolean | undefined;
}

/** Which computed fields of which records, to be worked out where they can be. */
export interface ComputeQuestion extends Pick<ReadQuestion, 'model' | 'ids'> {
  /** Computed fields that are not stored. */
  readonly fields: readonly string[];
  /** What the values depend on beside the records. */
  readonly context: Readonly<Record<string, unknown>>;
}

/**
 * Values by column: `columns[f][i]` belongs to `fields[f]` of the question and to `ids[i]`.
 *
 * Ids that do not exist are left out; the order of the others is free.
 */
export interface Columns {
  readonly ids: readonly StoredId[];
  readonly columns: readonly (readonly unknown[])[];
  /**
   * The snapshot it was read under, when the question asked for it and the answer may be given to others.
   *
   * Absent when this transaction has written anything, or when the storage cannot tell.
   */
  readonly stamp?: EntryStamp | undefined;
  /** How long ago the storage was asked which records there are, in milliseconds. Absent: just now. */
  readonly ageMs?: number | undefined;
}

/** How caches are to be used for the answer to a question. What they may answer with, the reader's transaction decides in any case. */
export interface QueryCaching {
  /** The named cache that keeps the answer. @defaultValue the command cache of the process */
  readonly cache?: string | undefined;
  /** An answer older than so many milliseconds is not used; 0: however old it is. @defaultValue 0 */
  readonly ttlMs?: number | undefined;
  /** What the answer is kept under, in place of what the question says. */
  readonly key?: string | undefined;
  /** `none`: no cache answers, and none keeps the answer; `refresh`: none answers. @defaultValue they do both */
  readonly use?: 'none' | 'refresh' | undefined;
}

/** Which records fulfil a filter, and stored fields of theirs when wanted. */
export interface Query {
  readonly model: string;
  readonly filter: Filter;
  /** Absent: the model's own order. Ties are always broken by id, so that answers repeat. */
  readonly order?: readonly OrderTerm[] | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  /** Stored fields to answer beside the ids. Absent: none. */
  readonly fields?: readonly string[] | undefined;
  /** Which values of keyed columns filter and order look at. Absent: there are none. */
  readonly keys?: ValueKeys | undefined;
  /** A storage does not look at it. @defaultValue as the caches are made */
  readonly caching?: QueryCaching | undefined;
  /** Asks `query` for the answer's stamp; `count` has none: a group of all that counts is the same question. @defaultValue false */
  readonly stamped?: boolean | undefined;
}

/** What is made of the values of a group. `countDistinct` counts the values that differ. */
export type AggregateFunction = 'count' | 'countDistinct' | 'sum' | 'min' | 'max' | 'avg';

/** One figure per group. Missing values do not take part. */
export interface Aggregate {
  readonly function: AggregateFunction;
  /** Field names from the model to a column, along many2one fields. Only `count` can go without: it counts records then. */
  readonly path?: readonly string[] | undefined;
}

/** One term of the order of groups: the n-th key, or the n-th aggregate, from 0. */
export type GroupOrderTerm =
  | { readonly key: number; readonly direction: 'asc' | 'desc' }
  | { readonly aggregate: number; readonly direction: 'asc' | 'desc' };

/** Figures about the records that fulfil a filter, by what they have in common. */
export interface GroupQuery {
  readonly model: string;
  readonly filter: Filter;
  /** Paths along many2one fields to columns, json ones apart. Records without a value make a group of their own. None: one group of all, also of no records. */
  readonly by: readonly (readonly string[])[];
  readonly aggregates: readonly Aggregate[];
  /** Absent: by the keys, ascending. Ties are always broken by the keys; no value counts as the greatest. */
  readonly order?: readonly GroupOrderTerm[] | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  /** Which values of keyed columns filter, keys and aggregates look at. Absent: there are none. */
  readonly keys?: ValueKeys | undefined;
  /** Asks for the answer's stamp, so that it can be kept. @defaultValue false */
  readonly stamped?: boolean | undefined;
  /** @defaultValue as caches are made */
  readonly caching?: QueryCaching | undefined;
}

/**
 * Groups by column: `keys[k][g]` and `aggregates[a][g]` belong to the g-th group.
 *
 * Keys, `min`, `max` and `sum` have the form of their column, sums of `int8` without its bounds; counts are numbers. `avg` is a number,
 * of a `numeric` a decimal string with six more digits behind the point than the sum. Where no record has a value, counts are 0 and the
 * others null.
 */
export interface Groups {
  /** How many groups there are. */
  readonly count: number;
  readonly keys: readonly (readonly unknown[])[];
  readonly aggregates: readonly (readonly unknown[])[];
  /** As that of `Columns`. */
  readonly stamp?: EntryStamp | undefined;
  readonly ageMs?: number | undefined;
}

/** New rows by column. Fields not named get no value. */
export interface InsertRows {
  readonly model: string;
  readonly count: number;
  readonly fields: readonly string[];
  readonly columns: readonly (readonly unknown[])[];
  /** Rows whose id, or fields of `uniqueTogether`, a record has already are left out, of the answer too. @defaultValue false: they are refused */
  readonly skipsExisting?: boolean | undefined;
  /** Given by the caller where the model's ids do not come from the database. */
  readonly ids?: readonly StoredId[] | undefined;
}

/** One value for every id of an update: the cheap form. */
export class SameValue {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** New values by column: a value per id, or one for all. Of a keyed column, objects whose keys join those that are there; null empties it. */
export interface UpdateRows {
  readonly model: string;
  /** Without repeats. */
  readonly ids: readonly StoredId[];
  readonly fields: readonly string[];
  readonly columns: readonly (readonly unknown[] | SameValue)[];
  /** The versions that the records must have, of a `versioned` model; null: any, and it need not exist. */
  readonly expected?: readonly (bigint | null)[] | undefined;
}
