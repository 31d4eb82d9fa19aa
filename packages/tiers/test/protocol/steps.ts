import { committedBy, isLocked, keysOf } from './changes';
import { processSteps } from './process-steps';
import { serialSteps } from './serial-steps';
import { isWatched, snapshotOf, type Open, type World } from './world';

/** Ways to get the protocol wrong; each must be found. */
export interface Faults {
  /** Asks the log for what is above the last row it saw, not for what became visible. */
  readonly pollsAboveLastRow?: boolean;
  /** Takes all below a snapshot's end for ended. */
  readonly ignoresInProgress?: boolean;
  /** Gives the caches what a transaction reads after it has written. */
  readonly fillsAfterWrite?: boolean;
  readonly publishesBeforeCommit?: boolean;
  readonly skipsEpoch?: boolean;
  readonly skipsTrimMark?: boolean;
  /** A statement that empties a table leaves no row in the log. */
  readonly truncatesUnlogged?: boolean;
  readonly missesOwnCascades?: boolean;
  /** Begins with what another transaction of the process polled, without a look of its own. */
  readonly beginsWithoutPoll?: boolean;
  /** Statements at READ COMMITTED go by a poll that was there before they began. */
  readonly statementsShareOlderPolls?: boolean;
  /** Does not take who altered the table for a writer of everything. */
  readonly ignoresAlterations?: boolean;
  /** Goes on with what it has found out of the table, whoever tells that he has altered it. */
  readonly looksOnce?: boolean;
  /** A serializable transaction commits without asking the database for what caches had answered. */
  readonly skipsReplay?: boolean;
}

/** How far the model goes, and what may happen in it. */
export interface Bounds {
  readonly keys: 1 | 2;
  /** Transactions of writers outside, all together. */
  readonly writes: number;
  /** Transactions of others that alter the table by hand: the first lets its triggers be off, the next on again. */
  readonly alterations: number;
  /** Transactions of each process, */
  readonly begins: number;
  /** and of both together. @defaultValue as many as each may have */
  readonly transactions?: number;
  readonly failovers: number;
  /** How often the log is trimmed or the watched process forgets a row, all together. */
  readonly trims: number;
  /** How often the watched process is killed and starts again. */
  readonly kills: number;
  /** Whether transactions of processes write, too. */
  readonly processesWrite: boolean;
  readonly roles: readonly [string, string];
  /** Whether processes work at SERIALIZABLE, where the database sees to it that some order explains all. */
  readonly isSerializable?: boolean;
}

/** A step that may happen next, and the world after it. */
export interface Step {
  readonly name: string;
  readonly after: World;
}

/** Everything that may happen next. */
export function* steps(world: World, faults: Faults, bounds: Bounds): Generator<Step> {
  yield* writerSteps(world, faults, bounds);
  for (const place of world.processes.keys()) yield* (bounds.isSerializable === true ? serialSteps : processSteps)(world, place, faults, bounds);
  const trimmed = world.committed.find(({ xid }) => xid >= world.trimmed);
  if (trimmed && world.forgotten < bounds.trims) yield { name: 'the log is trimmed', after: { ...world, trimmed: trimmed.xid + 1n, forgotten: world.forgotten + 1 } };
  if (world.timeline < bounds.failovers && world.committed.length > 0) yield { name: 'failover', after: failedOver(world) };
}

function* writerSteps(world: World, faults: Faults, bounds: Bounds): Generator<Step> {
  for (const [place, open] of world.writers.entries()) {
    const put = (one: Open | undefined, rest: Partial<World> = {}): World => ({ ...world, ...rest, writers: world.writers.map((other, at) => (at === place ? one : other)) });
    if (open) {
      yield { name: `w${String(place)} commits`, after: put(undefined, { committed: committedBy(world, open) }) };
      yield { name: `w${String(place)} aborts`, after: put(undefined) };
      continue;
    }
    for (const key of world.written < bounds.writes ? keysOf(bounds) : []) {
      if (isLocked(world, key)) continue;
      const began = { snapshot: snapshotOf(world), xid: world.nextXid, wrote: [key], knows: [key], isUnlogged: !isWatched(world) };
      yield { name: `w${String(place)} writes ${String(key)}`, after: put(began, { nextXid: world.nextXid + 1n, written: world.written + 1 }) };
    }
    const keys = keysOf(bounds);
    // Who alters a table waits for all who have written it, and they for him.
    if (world.altered < bounds.alterations && !keys.some((key) => isLocked(world, key))) {
      const altering = { snapshot: snapshotOf(world), xid: world.nextXid, wrote: keys, knows: keys, isAltering: true };
      yield { name: `w${String(place)} alters the table`, after: put(altering, { nextXid: world.nextXid + 1n, altered: world.altered + 1 }) };
    }
    if (world.written >= bounds.writes || faults.truncatesUnlogged !== true || keys.some((key) => isLocked(world, key))) continue;
    const all = { snapshot: snapshotOf(world), xid: world.nextXid, wrote: keys, knows: keys, isUnlogged: true };
    yield { name: `w${String(place)} truncates`, after: put(all, { nextXid: world.nextXid + 1n, written: world.written + 1 }) };
  }
}

/** The database comes back on another server that lacks the last commit: its transaction number will be used again. */
function failedOver(world: World): World {
  const lost = world.committed.at(-1);
  return {
    ...world, timeline: world.timeline + 1, nextXid: lost?.xid ?? world.nextXid, committed: world.committed.slice(0, -1).filter(({ xid }) => xid < (lost?.xid ?? 0n)),
    trimmed: lost && world.trimmed > lost.xid ? lost.xid : world.trimmed,
    writers: world.writers.map(() => undefined), processes: world.processes.map((process) => ({ ...process, open: undefined })),
  };
}
