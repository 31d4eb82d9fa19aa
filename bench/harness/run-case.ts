import type { Case } from './bench';
import { SideHandle } from './side';
import type { Role } from './side-messages';
import { median, ratioByRound, summarise, type Summary } from './statistics';
import { judge, type Verdict } from './verdict';

const ROUNDS = 7;

/** One curve of a plot: size → median nanoseconds an operation. */
export interface Curve {
  readonly label: 'base' | 'ours';
  readonly points: readonly (readonly [size: number, ns: number])[];
}

/** What a case came to. */
export interface CaseResult {
  readonly name: string;
  readonly kind: Case['kind'];
  /** What the summary counts: a ratio, or the unit of a figure. */
  readonly unit: string;
  readonly figure: Summary | undefined;
  readonly target: Case['target'];
  readonly verdict: Verdict;
  /** Medians of the sides themselves, for readers; only ratios are comparable between machines. */
  readonly sides: Readonly<Record<string, number>>;
  readonly curves: readonly Curve[];
  readonly error: string | undefined;
}

type Outcome = Pick<CaseResult, 'unit' | 'sides' | 'curves'> & { readonly figure: Summary };

/** Runs a case to its result; one that throws becomes a result that says so, and the next case runs. */
export async function runCase(benchCase: Case, at: Pick<Role, 'file' | 'caseIndex'>): Promise<CaseResult> {
  const { name, kind, target } = benchCase;
  try {
    const outcome = await measureCase(benchCase, at);
    return { name, kind, target, ...outcome, verdict: judge(outcome.figure.median, target), error: undefined };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { name, kind, target, unit: '', figure: undefined, verdict: 'ERROR', sides: {}, curves: [], error: message };
  }
}

async function measureCase(benchCase: Case, at: Pick<Role, 'file' | 'caseIndex'>): Promise<Outcome> {
  const rounds = benchCase.rounds ?? ROUNDS;
  const play = (parts: readonly Pick<Role, 'side' | 'size'>[]) => interleaved(parts.map((part) => ({ ...at, ...part })), rounds);
  const ours = { side: 'ours', size: 1 } as const;
  const base = { side: 'base', size: 1 } as const;
  switch (benchCase.kind) {
    case 'figure': {
      const [figures = []] = await play([ours]);
      return { unit: benchCase.unit, figure: summarise(figures), sides: {}, curves: [] };
    }
    case 'memory':
    case 'time': {
      const unit = benchCase.kind === 'time' ? 'ns' : 'bytes';
      if (benchCase.base === undefined) {
        const [figures = []] = await play([ours]);
        return { unit, figure: summarise(figures), sides: {}, curves: [] };
      }
      const [baseFigures = [], ourFigures = []] = await play([base, ours]);
      const isSpeed = benchCase.kind === 'time' && benchCase.compare === 'speed';
      const figure = isSpeed ? ratioByRound(baseFigures, ourFigures) : ratioByRound(ourFigures, baseFigures);
      return { unit: 'ratio', figure, sides: { [`base ${unit}`]: median(baseFigures), [`ours ${unit}`]: median(ourFigures) }, curves: [] };
    }
    case 'growth': {
      const sides = benchCase.base === undefined ? (['ours'] as const) : (['ours', 'base'] as const);
      const parts = sides.flatMap((side) => benchCase.sizes.map((size) => ({ side, size })));
      const figures = await play(parts);
      const curves = sides.map((label): Curve => ({
        label,
        points: parts.flatMap(({ side, size }, part) => (side === label ? [[size, median(figures[part] ?? [])] as const] : [])),
      }));
      const ends = (curve: number) => [figures[curve * benchCase.sizes.length] ?? [], figures[(curve + 1) * benchCase.sizes.length - 1] ?? []] as const;
      const [first, last] = ends(0);
      if (benchCase.against !== 'base') return { unit: 'ratio', figure: ratioByRound(last, first), sides: {}, curves };
      const [baseFirst, baseLast] = ends(1);
      const times = (left: readonly number[], right: readonly number[]) => left.map((value, round) => value * (right[round] ?? NaN));
      return { unit: 'ratio', figure: ratioByRound(times(last, baseFirst), times(first, baseLast)), sides: {}, curves };
    }
  }
}

/** The figures of each role, round by round; within a round the roles take turns, every other round backwards. */
async function interleaved(roles: readonly Role[], rounds: number): Promise<number[][]> {
  const sides: SideHandle[] = [];
  try {
    // One after the other: two setups at once would warm each other's caches and clocks.
    for (const role of roles) sides.push(await SideHandle.open(role));
    const figures: number[][] = roles.map(() => []);
    for (let round = 0; round < rounds; round += 1) {
      const order = sides.map((side, index) => ({ side, index }));
      if (round % 2 === 1) order.reverse();
      for (const { side, index } of order) figures[index]?.push(await side.round());
    }
    return figures;
  } finally {
    await Promise.all(sides.map((side) => side.close()));
  }
}
