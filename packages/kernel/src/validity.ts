import { agreeBelow, isWithin, sees, type Snapshot } from './snapshot';

/** What an entry of a cache was made from, as far as its validity goes. */
export interface EntryStamp {
  /** The snapshot it was read under; with its own transaction, when that commit made it true. */
  readonly snapshot: Snapshot;
  /** Of the database it was read from. */
  readonly epoch: string;
}

/** What one process knows of the change log: complete for every transaction from `since` on that `until` sees. */
export interface LogExtent {
  /** Rows of older transactions have been trimmed, here or in the database. */
  readonly since: bigint;
  readonly until: Snapshot;
  readonly epoch: string;
}

/** Why an entry may not be used. */
export type MissReason =
  | 'another epoch' // another database, another timeline after a failover, or another schema
  | 'not yet known' // read under a snapshot that this process has not heard all of
  | 'reader ahead' // the reader sees more than this process has heard of
  | 'trimmed' // rows that would decide are gone
  | 'not watched' // changes of what it depends on do not all reach the log
  | 'changed between' // a writer of its tags is seen by one of the two snapshots and not by the other
  | 'changed here'; // the reader's own transaction has changed it

/** A question of validity. */
export interface Judgement {
  readonly entry: EntryStamp;
  /** What the reader's transaction, or its statement, sees. */
  readonly reader: Snapshot;
  readonly log: LogExtent;
  /** The transactions that wrote anything the entry depends on, of the rows this process knows. */
  readonly writers: Iterable<bigint>;
  /** Whether the reader's own transaction has changed anything it depends on. */
  readonly isChangedHere: boolean;
}

/**
 * Whether an entry of a cache is what the reader would get from the database: undefined if it is, otherwise why not.
 *
 * The reader decides it, from what the database told this process; nothing depends on the order in which caches were filled or
 * heard of changes.
 * @see docs/protocol.md
 */
export function whyInvalid({ entry, reader, log, writers, isChangedHere }: Judgement): MissReason | undefined {
  if (entry.epoch !== log.epoch) return 'another epoch';
  if (isChangedHere) return 'changed here';
  if (!isWithin(entry.snapshot, log.until)) return 'not yet known';
  if (!isWithin(reader, log.until)) return 'reader ahead';
  // Of what is not known, a transaction that ended before both snapshots is seen by both, and one that was running at both by neither; one that was running at one of them may be decisive.
  if (!agreeBelow(log.since, entry.snapshot, reader)) return 'trimmed';
  for (const xid of writers) if (sees(entry.snapshot, xid) !== sees(reader, xid)) return 'changed between';
  return undefined;
}
