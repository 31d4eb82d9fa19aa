import type { StoredId } from './id';
import type { Snapshot } from './snapshot';

/**
 * What an answer depends on: records of a model, or one of them, and of these some fields.
 *
 * A relation table counts as a model. A model whose name begins with `$` has no table: it stands for something else that changes, and that
 * sessions tell of by `signal`.
 */
export interface Tag {
  readonly model: string;
  /** Absent: which records there are, and any of them. */
  readonly id?: StoredId | undefined;
  /** Absent: whatever changes. Records that come or go concern every tag of their model that names no other id. */
  readonly fields?: readonly string[] | undefined;
}

/**
 * The name under which the change log tells that a process has taken other models; who may insert into it tells so. Behind it, and a space, stands what they are; in rows of the log
 * that comes as the id.
 */
export const MODELS_SIGNAL = '$models';

/**
 * The name under which the change log tells that somebody has altered tables, functions or rights, of which it has no other rows. Nobody knows what that has changed, so it concerns
 * every tag: no need to name it among those of an entry.
 */
export const TABLES_SIGNAL = '$tables';

/** A row of the change log: a transaction that committed changed this. */
export interface ChangeRow {
  readonly xid: bigint;
  readonly model: string;
  /** Null: any record of the model. */
  readonly id: StoredId | null;
  /** Null: the record came or went, or nobody knows which fields. */
  readonly fields: readonly string[] | null;
}

/** The answer to a poll: what became visible in the change log since the process last knew it all. */
export interface LogPoll {
  /** What was known when the poll was sent: it asked for what that snapshot did not see. Absent: for what the poll's own snapshot may be the first to see. */
  readonly after: Snapshot | undefined;
  /** With `after` absent: it asked for all rows from this transaction on, however long ago they came to be. @defaultValue the lowest transaction in progress */
  readonly from?: bigint | undefined;
  readonly until: Snapshot;
  readonly epoch: string;
  /** Rows of older transactions have been removed from the log. */
  readonly trimmed: bigint;
  readonly rows: readonly ChangeRow[];
}

/** Whether a change may alter what a tag stands for. */
export function concerns(change: Omit<ChangeRow, 'xid'>, tag: Tag): boolean {
  if (change.model !== tag.model) return false;
  // Ids of one model have one type; logs write them as texts.
  if (tag.id !== undefined && change.id !== null && String(change.id) !== String(tag.id)) return false;
  return meet(change.fields, tag.fields);
}

/** Whether a change of some fields concerns who looks at others; null and undefined stand for all. */
export function meet(changed: readonly string[] | null, looked: readonly string[] | undefined): boolean {
  return changed === null || looked === undefined || changed.some((field) => looked.includes(field));
}
