import { sees, type EntryStamp, type LogExtent, type Snapshot } from '@ormolu/kernel';
import type { SerialTransaction } from './serial-order';

/** A write that committed; the list of them is in the order of commits. */
export interface Committed {
  readonly xid: bigint;
  readonly keys: readonly number[];
  /** Whether the change log has it. */
  readonly isLogged: boolean;
  /** Somebody altered the table, which the log tells of as of a change of everything. Its triggers are off behind one, and on again behind the next. */
  readonly isAltering?: boolean;
}

/** What a process has found out of the table: under which snapshot, and whether changes of it reach the log. */
export interface Looked {
  readonly seen: Snapshot;
  readonly isWatched: boolean;
}

/** An open transaction. */
export interface Open {
  readonly snapshot: Snapshot;
  /** Undefined until it writes. */
  readonly xid: bigint | undefined;
  /** What it changed, and of this, what it knows it changed. */
  readonly wrote: readonly number[];
  readonly knows: readonly number[];
  readonly isUnlogged?: boolean;
  readonly isAltering?: boolean;
  /** What its process knew of the table when it began; of no use when it was told then that it had been altered since. */
  readonly looked?: Looked;
  /** Each statement has a snapshot of its own; that of the transaction means nothing. */
  readonly isReadCommitted?: boolean;
  /** At SERIALIZABLE: what it was answered, and of this, what the database was asked for. */
  readonly read?: readonly number[];
  readonly asked?: readonly number[];
}

/** A value that was once given to the caches. It may turn up at any later time, or never again: so it is tried ever after. */
export interface Entry extends EntryStamp {
  readonly key: number;
  readonly value: string;
  readonly role: string;
}

/** A row of the log, as a process knows it. */
export type Row = Pick<Committed, 'xid' | 'keys' | 'isAltering'>;

/** A process with what it knows of the log, and one transaction at a time. */
export interface Process {
  readonly role: string;
  readonly log: LogExtent;
  readonly rows: readonly Row[];
  readonly looked: Looked;
  readonly open: Open | undefined;
  readonly begun: number;
}

/** Everything: the database, writers outside, processes, and what caches may hold. */
export interface World {
  readonly nextXid: bigint;
  readonly timeline: number;
  readonly committed: readonly Committed[];
  /** Log rows of older transactions are gone. */
  readonly trimmed: bigint;
  /** Writers outside: what they wrote and did not commit yet. */
  readonly writers: readonly (Open | undefined)[];
  readonly written: number;
  /** How often somebody began to alter the table. */
  readonly altered: number;
  /** How often rows of the log were trimmed or forgotten. */
  readonly forgotten: number;
  /** How often the watched process was killed. */
  readonly killed: number;
  /** The first is watched: what it knows of the log is followed, and it is the one that caches answer. */
  readonly processes: readonly Process[];
  /** The one that is tried: whatever a transaction gives to the caches may be it, in some world. */
  readonly entry: Entry | undefined;
  /** Serializable transactions that have committed. */
  readonly serial: readonly SerialTransaction[];
}

export const FIRST_XID = 10n;

export function beginning(roles: readonly string[]): World {
  const snapshot: Snapshot = { xmin: FIRST_XID, xmax: FIRST_XID, inProgress: [] };
  const process = (role: string): Process => ({ role, log: { since: FIRST_XID, until: snapshot, epoch: 't0' }, rows: [], looked: { seen: snapshot, isWatched: true }, open: undefined, begun: 0 });
  return {
    nextXid: FIRST_XID, timeline: 0, committed: [], trimmed: FIRST_XID, writers: [undefined, undefined], written: 0, altered: 0, forgotten: 0, killed: 0,
    processes: roles.map(process), entry: undefined, serial: [],
  };
}

/** A snapshot as the database would take it now. */
export function snapshotOf(world: World): Snapshot {
  const inProgress = openOnes(world).flatMap(({ xid }) => (xid === undefined ? [] : [xid])).sort((a, b) => Number(a - b));
  return { xmin: inProgress[0] ?? world.nextXid, xmax: world.nextXid, inProgress };
}

export function openOnes(world: World): readonly Open[] {
  return [...world.writers, ...world.processes.map(({ open }) => open)].filter((open) => open !== undefined);
}

/** What the database answers: the last version that the snapshot sees, as the role may see it. */
export function truth(world: World, snapshot: Snapshot, { key, role }: { readonly key: number; readonly role: string }): string {
  for (let at = world.committed.length - 1; at >= 0; at -= 1) {
    const version = world.committed[at];
    if (version?.keys.includes(key) === true && sees(snapshot, version.xid)) return `${String(version.xid)}${role}`;
  }
  return `start${role}`;
}

/** Whether changes of the table reach the log. */
export function isWatched({ committed }: World): boolean {
  return committed.filter(({ isAltering }) => isAltering).length % 2 === 0;
}
