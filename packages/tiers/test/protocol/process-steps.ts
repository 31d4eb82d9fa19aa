import { sees, type Snapshot } from '@ormolu/kernel';
import { committedBy, imagesOf, keysOf, mayBegin, withProcess, written } from './changes';
import type { Bounds, Faults, Step } from './steps';
import { isWatched, snapshotOf, truth, type Entry, type Looked, type Open, type Process, type World } from './world';

/** The process whose knowledge is followed. What the other is told by caches, this one is told in a world where the two have changed places. */
export const WATCHED = 0;

/** What a process may do at REPEATABLE READ and READ COMMITTED, and what may become of it. */
export function* processSteps(world: World, place: number, faults: Faults, bounds: Bounds): Generator<Step> {
  const process = world.processes[place];
  if (!process) return;
  if (place === WATCHED) {
    yield { name: 'p0 polls', after: polled(world, place, faults) };
    if (world.forgotten < bounds.trims) yield* forgetSteps(world, process);
    if (world.killed < bounds.kills) yield { name: 'p0 is killed and starts again', after: startedAgain(world, process, faults) };
  } else if (world.entry && !bounds.processesWrite) {
    // It has given to the caches what is tried, and changes nothing.
    return;
  }
  const unheard = bounds.alterations > 0 ? filling(world, { process, open: { snapshot: taken(world, faults), xid: undefined, wrote: [], knows: [], looked: process.looked }, faults, bounds }, 0) : undefined;
  // It has begun before the table was altered, and has not heard of it: what it reads is stamped all the same.
  if (unheard) yield { name: `p${String(place)} reads 0 at READ COMMITTED and gives it to the caches`, after: { ...world, entry: unheard } };
  if (process.open) yield* transactionSteps(world, place, { process, open: process.open, faults, bounds });
  else if (mayBegin(world, process, bounds)) yield* beginSteps(world, place, { process, faults, bounds });
}

interface Beginning {
  readonly process: Process;
  readonly faults: Faults;
  readonly bounds: Bounds;
}

function* beginSteps(world: World, place: number, { process, faults, bounds }: Beginning): Generator<Step> {
  const after = faults.beginsWithoutPoll === true ? world : polled(world, place, faults);
  const begun = process.begun + 1;
  const open: Open = { snapshot: taken(world, faults), xid: undefined, wrote: [], knows: [] };
  if (isOutdated(process.looked, world.committed, faults)) {
    yield { name: `p${String(place)} begins, and is told that the table was altered`, after: withProcess(after, place, { open, begun }) };
    const looked = look(world, faults);
    yield { name: `p${String(place)} looks at the table, and begins`, after: withProcess(after, place, { open: { ...open, looked }, begun, looked }) };
  } else yield { name: `p${String(place)} begins`, after: withProcess(after, place, { open: { ...open, looked: process.looked }, begun }) };
  if (!bounds.processesWrite) return;
  // Until it writes, a transaction at READ COMMITTED is no more than its statements, and gives to the caches what one that begins then would.
  for (const key of keysOf(bounds)) {
    const writes = written(world, { ...open, looked: process.looked, isReadCommitted: true }, { key, keys: keysOf(bounds), faults });
    if (writes) yield { name: `p${String(place)} begins at READ COMMITTED and writes ${String(key)}`, after: withProcess({ ...after, nextXid: world.nextXid + 1n }, place, { open: writes, begun }) };
  }
}

interface InTransaction extends Beginning {
  readonly open: Open;
}

function* transactionSteps(world: World, place: number, { process, open, faults, bounds }: InTransaction): Generator<Step> {
  const name = `p${String(place)}`;
  for (const key of keysOf(bounds)) {
    const filled = filling(world, { process, open, faults, bounds }, key);
    if (filled) yield { name: `${name} reads ${String(key)} and gives it to the caches`, after: { ...world, entry: filled } };
    const writes = bounds.processesWrite ? written(world, open, { key, keys: keysOf(bounds), faults }) : undefined;
    if (!writes) continue;
    const after = withProcess({ ...world, nextXid: open.xid === undefined ? world.nextXid + 1n : world.nextXid }, place, { open: writes });
    yield { name: `${name} writes ${String(key)}`, after };
    if (faults.publishesBeforeCommit === true) yield* publishing(`${name} writes ${String(key)} and publishes it`, after, imagesOf(process, writes));
  }
  yield { name: `${name} rolls back`, after: withProcess(world, place, { open: undefined }) };
  const after = withProcess({ ...world, committed: committedBy(world, open) }, place, { open: undefined });
  yield { name: `${name} commits`, after };
  yield* publishing(`${name} commits`, after, imagesOf(process, open));
}

/** What a transaction gives to the caches when it reads a key; undefined when nothing more is tried, or it may not. */
function filling(world: World, { process: { role, log }, open, faults, bounds }: InTransaction, key: number): Entry | undefined {
  if (world.entry || (open.xid !== undefined && faults.fillsAfterWrite !== true) || open.looked?.isWatched !== true) return undefined;
  // Where keys do not cascade, what could be said of one can be said of the other.
  if (key !== 0 && !bounds.processesWrite) return undefined;
  const snapshot = open.isReadCommitted === true ? taken(world, faults) : open.snapshot;
  return { key, value: open.wrote.includes(key) ? `${String(open.xid)}${role}` : truth(world, snapshot, { key, role }), snapshot, epoch: log.epoch, role };
}

/** Any of the images may be the one that is tried. */
function* publishing(name: string, world: World, images: readonly Entry[]): Generator<Step> {
  if (world.entry) return;
  for (const entry of images) yield { name: `${name}, its image of ${String(entry.key)} is kept`, after: { ...world, entry } };
}

function* forgetSteps(world: World, process: Process): Generator<Step> {
  const oldest = process.rows[0];
  if (!oldest) return;
  const since = oldest.xid + 1n > process.log.since ? oldest.xid + 1n : process.log.since;
  const after = withProcess(world, WATCHED, { log: { ...process.log, since }, rows: process.rows.filter(({ xid }) => xid >= since) });
  yield { name: 'p0 forgets its oldest row', after: { ...after, forgotten: world.forgotten + 1 } };
}

/** What the watched process knew is lost with it; caches on servers live on. It asks the log from the lowest transaction in progress on. */
function startedAgain(world: World, { looked }: Process, faults: Faults): World {
  const until = taken(world, faults);
  const since = faults.skipsTrimMark !== true && world.trimmed > until.xmin ? world.trimmed : until.xmin;
  const log = { since, until, epoch: epochOf(world, faults) };
  const rows = world.committed.filter(({ xid, isLogged }) => isLogged && xid >= world.trimmed && xid >= since && sees(until, xid)).sort((a, b) => Number(a.xid - b.xid));
  return { ...withProcess(world, WATCHED, { log, rows, open: undefined, looked: lookedAnew(world, looked, faults) }), killed: world.killed + 1 };
}

/** The world after a process has asked for what became visible since it last did. */
export function polled(world: World, place: number, faults: Faults): World {
  const process = world.processes[place];
  if (!process) return world;
  const { until, since, epoch } = process.log;
  const here = epochOf(world, faults);
  // Of the other one only matters what its entries bear.
  if (place !== WATCHED) return here === epoch ? world : withProcess(world, place, { log: { ...process.log, epoch: here } });
  const now = taken(world, faults);
  const isAnother = here !== epoch;
  const last = process.rows.reduce((most, { xid }) => (xid > most ? xid : most), 0n);
  const visible = world.committed.filter(({ xid, isLogged }) => isLogged && xid >= world.trimmed && sees(now, xid));
  const fresh = visible.filter(({ xid }) => {
    if (isAnother) return true;
    return faults.pollsAboveLastRow === true ? xid > last : xid >= until.xmax || until.inProgress.includes(xid);
  });
  const kept = isAnother ? [] : process.rows;
  const from = isAnother ? world.trimmed : since;
  const log = { since: faults.skipsTrimMark !== true && world.trimmed > from ? world.trimmed : from, until: now, epoch: here };
  return withProcess(world, place, { log, rows: [...kept, ...fresh].filter(({ xid }) => xid >= log.since).sort((a, b) => Number(a.xid - b.xid)) });
}

function epochOf({ timeline }: World, { skipsEpoch }: Faults): string {
  return skipsEpoch === true ? 't0' : `t${String(timeline)}`;
}

/** What a process finds out of the table now. */
function look(world: World, faults: Faults): Looked {
  return { seen: taken(world, faults), isWatched: isWatched(world) };
}

/** What it finds out where it has to look; where nobody has altered the table since it last did, that is the same. */
export function lookedAnew(world: World, looked: Looked, faults: Faults): Looked {
  return isOutdated(looked, world.committed, faults) ? look(world, faults) : looked;
}

/** Whether somebody has altered the table since a process looked at it, of those it knows. */
export function isOutdated({ seen }: Looked, known: Process['rows'], { looksOnce }: Faults): boolean {
  return looksOnce !== true && known.some(({ xid, isAltering }) => isAltering === true && !sees(seen, xid));
}

/** A snapshot, as a process takes it. */
export function taken(world: World, { ignoresInProgress }: Faults): Snapshot {
  const snapshot = snapshotOf(world);
  return ignoresInProgress === true ? { xmin: snapshot.xmax, xmax: snapshot.xmax, inProgress: [] } : snapshot;
}
