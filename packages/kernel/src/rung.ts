import type { Commit } from './commit';
import type { Columns, GroupQuery, Groups, Query, ReadQuestion } from './query';
import type { Session } from './session';

/** What a rung can do, so that callers ask it and not its class. */
export interface RungCapabilities {
  /** What it answers may be used by other transactions of this process. */
  readonly sharedAcrossTransactions: boolean;
  /** What it answers may be used by other processes. */
  readonly sharedAcrossProcesses: boolean;
}

/** What a rung was asked and what it answered itself; all counts since it was made. */
export interface RungStats {
  readonly rung: string;
  /** Questions asked of it, a batch being one. */
  readonly questions: number;
  /** Records asked for, and of these how many it answered without asking below. */
  readonly records: number;
  readonly hits: number;
}

/**
 * One step of the lookup ladder.
 *
 * What it has it answers; for the rest it asks the rung below once, in one batch, and fills itself with what comes up. The
 * session is the reader's open database transaction: validity is decided by what that transaction may see.
 */
export interface Rung {
  readonly name: string;
  readonly capabilities: RungCapabilities;

  /** Values of records by id. Ids that do not exist are left out. One question below at most. */
  read(session: Session, question: ReadQuestion): Promise<Columns>;
  /** Records by filter. One question below at most. */
  query(session: Session, query: Query): Promise<Columns>;
  /** The number of records that fulfil a filter. One question below at most. */
  count(session: Session, query: Query): Promise<number>;
  /** Figures about records by what they have in common. One question below at most. */
  group(session: Session, query: GroupQuery): Promise<Groups>;
  /** Learns, after the commit, what a transaction has changed, and tells the rung below. Never called for a rollback. */
  publish(commit: Commit): Promise<void>;
  /** This rung's figures and those below, from the top. */
  stats(): readonly RungStats[];
}
