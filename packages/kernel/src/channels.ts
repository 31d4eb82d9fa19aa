import { channel, type Channel } from 'node:diagnostics_channel';
import type { ChangeRow } from './change-log';
import type { StoredId } from './id';

/** A statement went to the database and came back. */
export interface StatementEvent {
  readonly storage: string;
  /** The text sent; parameters stay apart and are never published. */
  readonly text: string;
  readonly rows: number;
  readonly ms: number;
}

/** A rung answered a batch. */
export interface AnswerEvent {
  readonly rung: string;
  /** The named cache that the rung answered from, if it was one. */
  readonly cache?: string | undefined;
  readonly model: string;
  readonly fields: readonly string[];
  readonly records: number;
  /** Of a cache: the entries it answered from. */
  readonly entries?: readonly AnsweredEntry[] | undefined;
  /** Of a cache: the rows of the change log that were looked at to judge them, as far as they concern what was asked. */
  readonly log?: readonly ChangeRow[] | undefined;
}

/** Records that a cache knew from one moment. */
export interface AnsweredEntry {
  /** What they were read under, as PostgreSQL writes it; of rows that a commit has left, ` and ` its transaction. */
  readonly snapshot: string;
  readonly ids: readonly StoredId[];
}

/** A function given to `env.run` has ended. */
export interface RunEvent {
  /** How often it was begun. */
  readonly executions: number;
  /** What it missed, in order; what was missed together was fetched together. */
  readonly rounds: readonly RunRound[];
}

/** One thing that a function missed. */
export interface RunRound {
  readonly model: string;
  readonly field: string;
  readonly records: number;
}

/** Values of a field changed in memory. */
export interface ChangeEvent {
  readonly model: string;
  readonly field: string;
  readonly records: number;
}

/** A compute ran. */
export interface ComputeEvent {
  readonly model: string;
  readonly fields: readonly string[];
  readonly records: number;
  readonly failed: boolean;
}

/** A transaction came to an end, or a part of it did. */
export interface TransactionEvent {
  readonly what: 'flush' | 'commit' | 'rollback' | 'savepoint' | 'savepoint released' | 'savepoint rolled back' | 'reset';
}

/**
 * The named diagnostics channels. Publishing costs one property read when nobody listens: guard with `hasSubscribers` before
 * building an event.
 * @see node:diagnostics_channel
 */
export const channels: Readonly<Record<'statement' | 'answer' | 'run' | 'write' | 'mark' | 'compute' | 'transaction', Channel>> = {
  /** Publishes {@link StatementEvent}. */
  statement: channel('ormolu:statement'),
  /** Publishes {@link AnswerEvent}. */
  answer: channel('ormolu:answer'),
  /** Publishes {@link RunEvent}. */
  run: channel('ormolu:run'),
  /**
   * Publishes {@link ChangeEvent} when values are assigned, written or given to new records and drafts: of a draft once more when its record is made. What they have by
   * default is among it; lists that a relation table keeps are, too, and those of other records are told of as the many2one by which their members belong to them.
   */
  write: channel('ormolu:write'),
  /** Publishes {@link ChangeEvent} when computed values are marked to be computed anew. */
  mark: channel('ormolu:mark'),
  /** Publishes {@link ComputeEvent}. */
  compute: channel('ormolu:compute'),
  /** Publishes {@link TransactionEvent}. */
  transaction: channel('ormolu:transaction'),
};
