import { sees, withOwn, type Snapshot } from '@ormolu/kernel';
import { isSerial } from './serial-order';
import { openOnes, snapshotOf, truth, type Committed, type Entry, type Open, type Process, type World } from './world';

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
  /** A serializable transaction commits without asking the database for what caches had answered. */
  readonly skipsReplay?: boolean;
}

/** How far the model goes, and what may happen in it. */
export interface Bounds {
  readonly keys: 1 | 2;
  /** Transactions of writers outside, all together. */
  readonly writes: number;
  /** Transactions of each process. */
  readonly begins: number;
  readonly entries: number;
  readonly failovers: number;
  /** How often the log is trimmed, and how often a process may forget a row. */
  readonly trims: number;
  /** Whether transactions of processes write, too. */
  readonly processesWrite: boolean;
  readonly roles: readonly [string, string];
  /** Whether processes work at SERIALIZABLE, where the database sees to it that some order explains all. */
  readonly isSerializable?: boolean;
}

/** Whether caches have something for a process's transaction that it would take. */
export type Answers = (world: World, place: number, key: number) => boolean;

/** A step that may happen next, and the world after it. */
export interface Step {
  readonly name: string;
  readonly after: World;
}

/** Everything that may happen next. */
export function* steps(world: World, faults: Faults, bounds: Bounds, answers: Answers): Generator<Step> {
  yield* writerSteps(world, faults, bounds);
  for (const [place, process] of world.processes.entries()) {
    // Serializable ones poll when they begin; what else happens to polls, the other worlds go through.
    if (bounds.isSerializable !== true) yield { name: `p${place} polls`, after: polled(world, place, faults) };
    if (process.open && bounds.isSerializable === true) yield* serialSteps(world, place, { process, open: process.open, faults, bounds }, answers);
    else yield* process.open ? transactionSteps(world, place, { process, open: process.open, faults, bounds }) : beginSteps(world, place, faults, bounds);
    if (world.forgotten < bounds.trims) yield* forgetSteps(world, place);
  }
  const trimmed = world.committed.find(({ xid }) => xid >= world.trimmed);
  if (trimmed && world.forgotten < bounds.trims) yield { name: 'the log is trimmed', after: { ...world, trimmed: trimmed.xid + 1n, forgotten: world.forgotten + 1 } };
  if (world.timeline < bounds.failovers && world.committed.length > 0) yield { name: 'failover', after: failedOver(world) };
}

function* writerSteps(world: World, faults: Faults, bounds: Bounds): Generator<Step> {
  for (const [place, open] of world.writers.entries()) {
    const put = (one: Open | undefined, rest: Partial<World> = {}): World => ({ ...world, ...rest, writers: world.writers.map((other, at) => (at === place ? one : other)) });
    if (open) {
      yield { name: `w${place} commits`, after: put(undefined, { committed: committedBy(world, open) }) };
      yield { name: `w${place} aborts`, after: put(undefined) };
      continue;
    }
    if (world.written >= bounds.writes) continue;
    for (const key of keysOf(bounds)) {
      if (isLocked(world, key)) continue;
      const began = { snapshot: snapshotOf(world), xid: world.nextXid, wrote: [key], knows: [key] };
      yield { name: `w${place} writes ${key}`, after: put(began, { nextXid: world.nextXid + 1n, written: world.written + 1 }) };
    }
    const keys = keysOf(bounds);
    if (faults.truncatesUnlogged !== true || keys.some((key) => isLocked(world, key))) continue;
    const all = { snapshot: snapshotOf(world), xid: world.nextXid, wrote: keys, knows: keys, isTruncate: true };
    yield { name: `w${place} truncates`, after: put(all, { nextXid: world.nextXid + 1n, written: world.written + 1 }) };
  }
}

function* beginSteps(world: World, place: number, faults: Faults, bounds: Bounds): Generator<Step> {
  const process = world.processes[place];
  if (!process || process.begun >= bounds.begins) return;
  const after = faults.beginsWithoutPoll === true ? world : polled(world, place, faults);
  const open: Open = { snapshot: taken(world, faults), xid: undefined, wrote: [], knows: [], ...bounds.isSerializable === true ? { read: [], asked: [] } : {} };
  yield { name: `p${place} begins`, after: withProcess(after, place, { open, begun: process.begun + 1 }) };
}

interface InTransaction {
  readonly process: Process;
  readonly open: Open;
  readonly faults: Faults;
  readonly bounds: Bounds;
}

function* transactionSteps(world: World, place: number, { process, open, faults, bounds }: InTransaction): Generator<Step> {
  const { role, log } = process;
  const publish = (entries: readonly Entry[]): Partial<World> => ({ entries: [...world.entries, ...entries.filter((one) => world.entries.length < bounds.entries && !world.entries.some((other) => isSame(one, other)))] });
  for (const key of keysOf(bounds)) {
    if (open.xid === undefined || faults.fillsAfterWrite === true) {
      const value = open.wrote.includes(key) ? `${String(open.xid)}${role}` : truth(world, open.snapshot, { key, role });
      const filled = publish([{ key, value, snapshot: open.snapshot, epoch: log.epoch, role }]);
      if (filled.entries?.length !== world.entries.length) yield { name: `p${place} reads ${key} and gives it to the caches`, after: { ...world, ...filled } };
    }
    const writes = bounds.processesWrite ? written(world, open, { key, keys: keysOf(bounds), faults }) : undefined;
    if (writes) {
      const early = faults.publishesBeforeCommit === true ? publish(imagesOf(process, writes)) : {};
      yield { name: `p${place} writes ${key}`, after: withProcess({ ...world, ...early, nextXid: open.xid === undefined ? world.nextXid + 1n : world.nextXid }, place, { open: writes }) };
    }
  }
  yield { name: `p${place} rolls back`, after: withProcess(world, place, { open: undefined }) };
  yield {
    name: `p${place} commits`,
    after: withProcess({ ...world, ...publish(open.xid === undefined ? [] : imagesOf(process, open)), committed: committedBy(world, open) }, place, { open: undefined }),
  };
}

/** What a transaction at SERIALIZABLE may do: it reads from the database or from caches, and asks again before it commits. */
function* serialSteps(world: World, place: number, { process, open, faults, bounds }: InTransaction, answers: Answers): Generator<Step> {
  const { read = [], asked = [], xid, wrote, snapshot } = open;
  const go = (change: Partial<Open>, rest: Partial<World> = {}): World => withProcess({ ...world, ...rest }, place, { open: { ...open, ...change } });
  for (const key of keysOf(bounds)) {
    const entry: Entry = { key, value: truth(world, snapshot, { key, role: process.role }), snapshot, epoch: process.log.epoch, role: process.role };
    const isGiven = xid === undefined && world.entries.length < bounds.entries && !world.entries.some((one) => isSame(one, entry));
    if (!wrote.includes(key) && (isGiven || !asked.includes(key))) yield { name: `p${place} asks the database for ${key}`, after: go({ read: including(read, key), asked: including(asked, key) }, isGiven ? { entries: [...world.entries, entry] } : {}) };
    if (!read.includes(key) && answers(world, place, key)) yield { name: `p${place} is answered ${key} by the caches`, after: go({ read: including(read, key) }) };
    const writes = written(world, open, { key, keys: [key], faults });
    if (writes) yield { name: `p${place} writes ${key}`, after: go(writes, { nextXid: xid === undefined ? world.nextXid + 1n : world.nextXid }) };
  }
  yield { name: `p${place} rolls back`, after: withProcess(world, place, { open: undefined }) };
  if (asked.length < read.length && faults.skipsReplay !== true) {
    yield { name: `p${place} asks again for what the caches answered`, after: go({ asked: read }) };
    return;
  }
  const serial = [...world.serial, { snapshot, xid, wrote, read, asked }];
  // The database refuses what it can tell to be no order.
  if (!isSerial(serial, 'asked')) return;
  const images = (xid === undefined ? [] : imagesOf(process, open)).filter((one) => world.entries.length < bounds.entries && !world.entries.some((other) => isSame(one, other)));
  yield { name: `p${place} commits`, after: withProcess({ ...world, serial, committed: committedBy(world, open), entries: [...world.entries, ...images] }, place, { open: undefined }) };
}

function including(keys: readonly number[], key: number): readonly number[] {
  return keys.includes(key) ? keys : [...keys, key].sort();
}

/** What a transaction has written after writing a key, or undefined when the database would not let it. Key 0 cascades to the keys given. */
function written(world: World, open: Open, { key, keys, faults }: { readonly key: number; readonly keys: readonly number[]; readonly faults: Faults }): Open | undefined {
  const touched = key === 0 ? keys : [key];
  if (touched.some((one) => open.wrote.includes(one) || isLocked(world, one))) return undefined;
  // Somebody was faster: at REPEATABLE READ that is a serialization failure.
  if (world.committed.some(({ xid, keys }) => touched.some((one) => keys.includes(one)) && !sees(open.snapshot, xid))) return undefined;
  const learnt = faults.missesOwnCascades === true ? [key] : touched;
  return { ...open, xid: open.xid ?? world.nextXid, wrote: [...open.wrote, ...touched], knows: [...open.knows, ...learnt] };
}

function imagesOf({ role, log }: Process, { snapshot, xid, wrote }: Open): readonly Entry[] {
  if (xid === undefined) return [];
  return wrote.map((key) => ({ key, value: `${String(xid)}${role}`, snapshot: withOwn(snapshot, xid), epoch: log.epoch, role }));
}

function committedBy(world: World, { xid, wrote, isTruncate }: Open): readonly Committed[] {
  if (xid === undefined) return world.committed;
  return [...world.committed, { xid, keys: wrote, isLogged: isTruncate !== true }];
}

function* forgetSteps(world: World, place: number): Generator<Step> {
  const process = world.processes[place];
  const oldest = process?.rows[0];
  if (!process || !oldest) return;
  const since = oldest.xid + 1n > process.log.since ? oldest.xid + 1n : process.log.since;
  yield { name: `p${place} forgets its oldest row`, after: withProcess(world, place, { log: { ...process.log, since }, rows: process.rows.filter(({ xid }) => xid >= since) }, 1) };
}

/** The world after a process has asked for what became visible since it last did. */
export function polled(world: World, place: number, faults: Faults): World {
  const process = world.processes[place];
  if (!process) return world;
  const { until, since, epoch } = process.log;
  const now = taken(world, faults);
  const here = faults.skipsEpoch === true ? 't0' : `t${String(world.timeline)}`;
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

function taken(world: World, { ignoresInProgress }: Faults): Snapshot {
  const snapshot = snapshotOf(world);
  return ignoresInProgress === true ? { xmin: snapshot.xmax, xmax: snapshot.xmax, inProgress: [] } : snapshot;
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

function isLocked(world: World, key: number): boolean {
  return openOnes(world).some(({ wrote }) => wrote.includes(key));
}

function withProcess(world: World, place: number, change: Partial<Process>, forgotten = 0): World {
  return { ...world, forgotten: world.forgotten + forgotten, processes: world.processes.map((process, at) => (at === place ? { ...process, ...change } : process)) };
}

function isSame(one: Entry, other: Entry): boolean {
  return one.key === other.key && one.value === other.value && one.role === other.role && one.epoch === other.epoch && one.snapshot === other.snapshot;
}

function keysOf({ keys }: Bounds): readonly number[] {
  return keys === 1 ? ONE_KEY : TWO_KEYS;
}

const ONE_KEY: readonly number[] = [0];
const TWO_KEYS: readonly number[] = [0, 1];
