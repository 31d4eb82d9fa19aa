import { whyInvalid, type Judgement, type MissReason } from '@ormolu/kernel';
import { isSerial } from './serial-order';
import { polled, steps, type Answers, type Bounds, type Faults } from './steps';
import { beginning, keyOf, snapshotOf, truth, type Entry, type Process, type World } from './world';

/** The rule under test: whether an entry may be used. */
export type Rule = (judgement: Judgement) => MissReason | undefined;

export interface Exploration {
  readonly worlds: number;
  /** Answers taken from the caches, all of them right but the one of the violation. */
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
  readonly maxWorlds?: number;
}

interface Path {
  readonly world: World;
  readonly step: string;
  readonly before: Path | undefined;
}

/**
 * Goes through everything that can happen within bounds, breadth first, so that the first violation is a shortest one.
 *
 * In every world each open transaction of a process is offered every entry that was ever made: caches that lose, delay, reorder and
 * resurrect them are all among these.
 */
export function explore({ bounds, faults = {}, rule = whyInvalid, ignoresRole = false, maxWorlds = Infinity }: Question): Exploration {
  const seen = new Set<string>();
  const misses = new Map<MissReason, number>();
  const answers: Answers = (world, place, key) => [...transactionOffers(world, place, ignoresRole)].some(({ judgement }) => judgement.entry.key === key && rule(judgement) === undefined);
  let hits = 0;
  let front: Path[] = [{ world: beginning(bounds.roles), step: 'beginning', before: undefined }];
  seen.add(keyOf(beginning(bounds.roles)));
  while (front.length > 0) {
    const next: Path[] = [];
    for (const path of front) {
      for (const offer of offers(path.world, { ignoresRole, faults })) {
        const why = rule(offer.judgement);
        if (why !== undefined) misses.set(why, (misses.get(why) ?? 0) + 1);
        else if (offer.isRight) hits += 1;
        else return { worlds: seen.size, hits, misses, violation: [...stepsOf(path), offer.text] };
      }
      if (!isSerial(path.world.serial, 'read')) return { worlds: seen.size, hits, misses, violation: [...stepsOf(path), 'no order of these transactions explains what they have read'] };
      if (seen.size >= maxWorlds) continue;
      for (const { name, after } of steps(path.world, faults, bounds, answers)) {
        const key = keyOf(after);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push({ world: after, step: name, before: path });
      }
    }
    front = next;
  }
  return { worlds: seen.size, hits, misses, violation: undefined };
}

interface Offer {
  readonly judgement: Judgement & { readonly entry: Entry };
  readonly isRight: boolean;
  readonly text: string;
}

function* offers(world: World, { ignoresRole, faults }: { readonly ignoresRole: boolean; readonly faults: Faults }): Generator<Offer> {
  for (const place of world.processes.keys()) {
    yield* transactionOffers(world, place, ignoresRole);
    yield* statementOffers(world, place, { ignoresRole, faults });
  }
}

/** What an open transaction is offered that has one snapshot: at REPEATABLE READ, and at SERIALIZABLE before what it was answered is replayed. */
function* transactionOffers(world: World, place: number, ignoresRole: boolean): Generator<Offer> {
  const process = world.processes[place];
  if (!process?.open) return;
  const { open, log, rows, role } = process;
  for (const entry of world.entries) {
    if (entry.role !== role && !ignoresRole) continue;
    const expected = open.wrote.includes(entry.key) ? `${String(open.xid)}${role}` : truth(world, open.snapshot, { key: entry.key, role });
    yield offer(`p${place}`, expected, { entry, reader: open.snapshot, log, writers: writersOf(rows, entry.key), isChangedHere: open.knows.includes(entry.key) });
  }
}

/** What a statement at READ COMMITTED is offered that begins now: it polls, and sees what the poll saw. */
function* statementOffers(world: World, place: number, { ignoresRole, faults }: { readonly ignoresRole: boolean; readonly faults: Faults }): Generator<Offer> {
  const process = (faults.statementsShareOlderPolls === true ? world : polled(world, place, faults)).processes[place];
  if (!process) return;
  const { log, rows, role } = process;
  for (const entry of world.entries) {
    if (entry.role !== role && !ignoresRole) continue;
    yield offer(`a statement of p${place}`, truth(world, snapshotOf(world), { key: entry.key, role }), { entry, reader: log.until, log, writers: writersOf(rows, entry.key), isChangedHere: false });
  }
}

function offer(reader: string, expected: string, judgement: Offer['judgement'] & { readonly entry: Entry }): Offer {
  const { value, key } = judgement.entry;
  return { judgement, isRight: value === expected, text: `${reader} is answered ${value} for ${String(key)} and should be ${expected}` };
}

function writersOf(rows: Process['rows'], key: number): readonly bigint[] {
  return rows.filter(({ keys }) => keys.includes(key)).map(({ xid }) => xid);
}

function stepsOf({ before, step }: Path): string[] {
  return before === undefined ? [] : [...stepsOf(before), step];
}
