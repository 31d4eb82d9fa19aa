import type { StoredId } from './id';
import type { Schema } from './schema';
import type { EntryStamp } from './validity';

/** What a durable commit tells the lower rungs: exactly what changed. */
export interface Commit {
  /** Model → ids of rows inserted, updated or deleted. */
  readonly changed: ReadonlyMap<string, ReadonlySet<StoredId>>;
  /** How the transaction left some of them; what is not among these is to be forgotten. Absent: nobody knows of any. */
  readonly images?: CommittedImages | undefined;
}

/** Rows that a commit has made true, under the stamp by which readers judge them: the transaction's snapshot and itself. */
export interface CommittedImages {
  /** By whose names. */
  readonly schema: Schema;
  readonly stamp: EntryStamp;
  readonly written: readonly WrittenRows[];
}

/** Rows of a model, as the database answered when they were written. */
export interface WrittenRows {
  readonly model: string;
  readonly fields: readonly string[];
  /** By id, a row's values in the order of the fields. Undefined: the record is gone. */
  readonly rows: ReadonlyMap<StoredId, readonly unknown[] | undefined>;
}
