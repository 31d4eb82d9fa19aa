import { whyInvalid, type Judgement, type MissReason } from '@ormolu/kernel';
import { isOutdated, lookedAnew, polled, taken, WATCHED } from './process-steps';
import { isSerial } from './serial-order';
import { steps, type Bounds, type Faults } from './steps';
import { beginning, snapshotOf, truth, type Entry, type Process, type World } from './world';
import { WorldKeys } from './world-key';

/** The rule under test: whether an entry may be used. */
export type Rule = (judgement: Judgement) => MissReason | undefined;

export interface Exploration {
  readonly worlds: number;
  /** Steps of the longest way to a world that no shorter one leads to. */
  readonly depth: number;
  /** Whether nothing is left that could happen within bounds. */
  readonly isWhole: boolean;
  /** Answers that were taken from caches, all of them right but the one of the violation. */
  readonly hits: number;
  readonly misses: ReadonlyMap<MissReason, number>;
  /** The steps that led to a wrong answer, and what it was. */
  readonly violation: readonly string[] | undefined;
}

export interface Question {
  readonly bounds: Bounds;
  readonly faults?: Faults;
  readonly rule?: Rule;
  /** Take entries whoever they were made for. */
  readonly ignoresRole?: boolean;
  /** Where to give up. @defaultValue never */
  readonly maxWorlds?: number;
  /** Told after every step how many worlds are known, and of how many it is not known yet what may follow. */
  readonly onStep?: (worlds: number, front: number) => void;
}

interface Path {
  readonly step: string;
  readonly before: Path | undefined;
}

interface Met {
  readonly world: World;
  readonly path: Path;
}

/**
 * Goes through everything that can happen within bounds, breadth first, so that the first violation is a shortest one.
 *
 * One entry is tried at a time, in every world: whether it may be used depends on no other. Whatever any transaction reads or commits is that
 * one in some world, and is offered in all that may follow: caches that lose, delay, reorder and resurrect are all among these.
 */
export function explore({ bounds, faults = {}, rule = whyInvalid, ignoresRole = false, maxWorlds = Infinity, onStep }: Question): Exploration {
  const keys = new WorldKeys();
  const keyOf = (world: World): string => keys.of(world, bounds.isSerializable === true);
  const misses = new Map<MissReason, number>();
  let hits = 0;
  let depth = 0;
  const start = beginning(bounds.roles);
  const seen = new Set([keyOf(start)]);
  const found = (violation: readonly string[] | undefined): Exploration => ({ worlds: seen.size, depth, isWhole: violation === undefined && seen.size < maxWorlds, hits, misses, violation });
  let front: Met[] = [{ world: start, path: { step: 'beginning', before: undefined } }];
  for (; front.length > 0; depth += 1) {
    const next: Met[] = [];
    for (const { world, path } of front) {
      for (const { judgement, expected, reader } of offers(world, { ignoresRole, faults })) {
        const why = rule(judgement);
        const { value, key } = judgement.entry;
        if (why !== undefined) misses.set(why, (misses.get(why) ?? 0) + 1);
        else if (value === expected) hits += 1;
        else return found([...stepsOf(path), `${reader} is answered ${value} for ${String(key)} and should be ${expected}`]);
      }
      if (!isSerial(world.serial, 'read')) return found([...stepsOf(path), 'no order of these transactions explains what they have read']);
      for (const { open } of bounds.isSerializable === true ? world.processes : []) hits += (open?.read?.length ?? 0) - (open?.asked?.length ?? 0);
      for (const { name, after } of steps(world, faults, bounds)) {
        if (seen.size >= maxWorlds) return found(undefined);
        const key = keyOf(after);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push({ world: after, path: { step: name, before: path } });
      }
    }
    onStep?.(seen.size, next.length);
    front = next;
  }
  return found(undefined);
}

interface Offer {
  readonly judgement: Judgement & { readonly entry: Entry };
  /** What the database would answer. */
  readonly expected: string;
  readonly reader: string;
}

/** What the watched process is offered: within its transaction, and for a statement at READ COMMITTED that begins now. */
function* offers(world: World, { ignoresRole, faults }: { readonly ignoresRole: boolean; readonly faults: Faults }): Generator<Offer> {
  const { entry, processes: { [WATCHED]: process } } = world;
  if (!entry || !process || (entry.role !== process.role && !ignoresRole)) return;
  const { open, role } = process;
  if (open?.looked?.isWatched === true && open.isReadCommitted !== true && !isOutdated(open.looked, process.rows, faults)) {
    const expected = valueFor(world, open.snapshot, { entry, process });
    yield { reader: 'p0', expected, judgement: { entry, reader: open.snapshot, log: process.log, writers: writersOf(process.rows, entry.key, faults), isChangedHere: open.knows.includes(entry.key) } };
  }
  // It polls, and sees what the poll saw.
  const { log, rows } = (faults.statementsShareOlderPolls === true ? process : polled(world, WATCHED, faults).processes[WATCHED]) ?? process;
  // One that hears only now that the table was altered is told nothing by caches; one that begins then has looked anew.
  if (!lookedAnew(world, process.looked, faults).isWatched) return;
  const judgement = { entry, reader: log.until, log, writers: writersOf(rows, entry.key, faults) };
  yield { reader: 'a statement of p0', expected: truth(world, snapshotOf(world), { key: entry.key, role }), judgement: { ...judgement, isChangedHere: false } };
  if (open?.isReadCommitted === true) {
    yield { reader: 'a statement of its open transaction', expected: valueFor(world, taken(world, faults), { entry, process }), judgement: { ...judgement, isChangedHere: open.knows.includes(entry.key) } };
  }
}

/** What the open transaction of a process is told by the database: what it wrote itself, or what its snapshot sees. */
function valueFor(world: World, snapshot: World['processes'][number]['log']['until'], { entry: { key }, process: { open, role } }: { readonly entry: Entry; readonly process: Process }): string {
  return open?.wrote.includes(key) === true ? `${String(open.xid)}${role}` : truth(world, snapshot, { key, role });
}

function writersOf(rows: Process['rows'], key: number, { ignoresAlterations }: Faults): readonly bigint[] {
  return rows.filter(({ keys, isAltering }) => (isAltering === true ? ignoresAlterations !== true : keys.includes(key))).map(({ xid }) => xid);
}

function stepsOf({ before, step }: Path): string[] {
  return before === undefined ? [] : [...stepsOf(before), step];
}
