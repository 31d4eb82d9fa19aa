import type { Filter } from './filter';
import type { StoredId } from './id';
import type { OrderTerm } from './schema';

/** Which columns of which records: one question down the ladder, whatever the number of ids. */
export interface ReadQuestion {
  readonly model: string;
  /** Repeats are answered once. */
  readonly ids: readonly StoredId[];
  /** Stored fields, at least one; `id` is never among them. */
  readonly fields: readonly string[];
}

/**
 * Values by column: `columns[f][i]` belongs to `fields[f]` of the question and to `ids[i]`.
 *
 * Ids that do not exist are left out; the order of the others is free.
 */
export interface Columns {
  readonly ids: readonly StoredId[];
  readonly columns: readonly (readonly unknown[])[];
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
}

/** New rows by column. Fields not named get no value. */
export interface InsertRows {
  readonly model: string;
  readonly count: number;
  readonly fields: readonly string[];
  readonly columns: readonly (readonly unknown[])[];
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

/** New values by column: a value per id, or one for all. */
export interface UpdateRows {
  readonly model: string;
  /** Without repeats. */
  readonly ids: readonly StoredId[];
  readonly fields: readonly string[];
  readonly columns: readonly (readonly unknown[] | SameValue)[];
}
