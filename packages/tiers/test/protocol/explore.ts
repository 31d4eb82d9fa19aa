import { whyInvalid, type Judgement, type MissReason } from '@ormolu/kernel';
import { steps, type Bounds, type Faults } from './steps';
import { beginning, keyOf, truth, type World } from './world';

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
  let hits = 0;
  let front: Path[] = [{ world: beginning(bounds.roles), step: 'beginning', before: undefined }];
  seen.add(keyOf(beginning(bounds.roles)));
  while (front.length > 0) {
    const next: Path[] = [];
    for (const path of front) {
      for (const offer of offers(path.world, ignoresRole)) {
        const why = rule(offer.judgement);
        if (why !== undefined) misses.set(why, (misses.get(why) ?? 0) + 1);
        else if (offer.isRight) hits += 1;
        else return { worlds: seen.size, hits, misses, violation: [...stepsOf(path), offer.text] };
      }
      if (seen.size >= maxWorlds) continue;
      for (const { name, after } of steps(path.world, faults, bounds)) {
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
  readonly judgement: Judgement;
  readonly isRight: boolean;
  readonly text: string;
}

function* offers(world: World, ignoresRole: boolean): Generator<Offer> {
  for (const [place, { open, log, rows, role }] of world.processes.entries()) {
    if (!open) continue;
    for (const entry of world.entries) {
      if (entry.role !== role && !ignoresRole) continue;
      const expected = open.wrote.includes(entry.key) ? `${String(open.xid)}${role}` : truth(world, open.snapshot, { key: entry.key, role });
      const writers = rows.filter(({ keys }) => keys.includes(entry.key)).map(({ xid }) => xid);
      yield {
        judgement: { entry, reader: open.snapshot, log, writers, isChangedHere: open.knows.includes(entry.key) },
        isRight: entry.value === expected,
        text: `p${String(place)} is answered ${entry.value} for ${String(entry.key)} and should be ${expected}`,
      };
    }
  }
}

function stepsOf({ before, step }: Path): string[] {
  return before === undefined ? [] : [...stepsOf(before), step];
}
