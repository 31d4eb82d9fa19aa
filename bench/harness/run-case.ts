import type { Case, Target, TrialCase } from './bench';
import { interleaved, messageOf, onlyFigures, type Played } from './interleaved';
import type { Role } from './side-messages';
import { median, ratioByRound, summarise, type Summary } from './statistics';
import { judge, worstOf, type Verdict } from './verdict';

const ROUNDS = 7;
const TRIALS = 3;

/** One curve of a plot: size → median nanoseconds an operation. */
export interface Curve {
  readonly label: 'base' | 'ours';
  readonly points: readonly (readonly [size: number, ns: number])[];
}

/** One line of what came out. */
export interface ResultRow {
  readonly name: string;
  /** What the summary counts: a ratio, or the unit of a figure. */
  readonly unit: string;
  readonly figure: Summary | undefined;
  readonly target: Target | undefined;
  readonly verdict: Verdict;
  readonly error: string | undefined;
}

/** What a case came to. */
export interface CaseResult extends ResultRow {
  readonly kind: Case['kind'];
  /** The worst of its rows' and its own. */
  readonly verdict: Verdict;
  /** What else it came to: the further figures of a trial, and what the peers came to. */
  readonly rows: readonly ResultRow[];
  /** Medians of the sides themselves, for readers; only ratios are comparable between machines. */
  readonly sides: Readonly<Record<string, number>>;
  readonly curves: readonly Curve[];
}

type Outcome = Pick<CaseResult, 'unit' | 'sides' | 'curves'> & { readonly figure: Summary; readonly rows?: readonly ResultRow[]; readonly target?: Target | undefined };

/** Runs a case to its result; one that throws becomes a result that says so, and the next case runs. */
export async function runCase(benchCase: Case, at: Pick<Role, 'file' | 'caseIndex'>): Promise<CaseResult> {
  const { name, kind } = benchCase;
  const said = kind === 'trial' ? undefined : benchCase.target;
  try {
    const { rows = [], target = said, ...outcome } = await measureCase(benchCase, at);
    const verdict = worstOf([judge(outcome.figure.median, target), ...rows.map((row) => row.verdict)]);
    return { name, kind, target, ...outcome, rows, verdict, error: undefined };
  } catch (error) {
    return { name, kind, target: said, unit: '', figure: undefined, verdict: 'ERROR', rows: [], sides: {}, curves: [], error: messageOf(error) };
  }
}

async function measureCase(benchCase: Case, at: Pick<Role, 'file' | 'caseIndex'>): Promise<Outcome> {
  if (benchCase.kind === 'trial') return tried(benchCase, at);
  const rounds = benchCase.rounds ?? ROUNDS;
  const playAll = (parts: readonly Pick<Role, 'side' | 'size' | 'peer'>[]) => interleaved(parts.map((part) => ({ ...at, ...part })), rounds);
  const play = async (parts: readonly Pick<Role, 'side' | 'size'>[]) => (await playAll(parts)).map(onlyFigures);
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
      const peers = benchCase.kind === 'time' ? Object.keys(benchCase.peers ?? {}) : [];
      const [theirBase, ourPlay, ...others] = await playAll([base, ours, ...peers.map((peer) => ({ side: 'peer', peer, size: 1 }) as const)]);
      const [baseFigures, ourFigures] = [onlyFigures(theirBase), onlyFigures(ourPlay)];
      const isSpeed = benchCase.kind === 'time' && benchCase.compare === 'speed';
      const ratio = (figures: readonly number[]) => (isSpeed ? ratioByRound(baseFigures, figures) : ratioByRound(figures, baseFigures));
      const rows = peers.map((name, place): ResultRow => peerRow(name, 'ratio', others[place], (played) => ratio(onlyFigures(played))));
      const sides = Object.fromEntries([...peers.entries()].map(([place, name]) => [`${name} ${unit}`, medianOf(others[place])]));
      return { unit: 'ratio', figure: ratio(ourFigures), rows, sides: { [`base ${unit}`]: median(baseFigures), [`ours ${unit}`]: median(ourFigures), ...sides }, curves: [] };
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

async function tried({ figures, peers = {}, rounds = TRIALS }: TrialCase, at: Pick<Role, 'file' | 'caseIndex'>): Promise<Outcome> {
  const names = Object.keys(peers);
  const [ours, ...others] = await interleaved([{ ...at, side: 'ours', size: 1 }, ...names.map((peer) => ({ ...at, side: 'peer', peer, size: 1 }) as const)], rounds);
  if (ours?.error !== undefined) throw new Error(ours.error);
  const columns = [...Object.entries(figures).entries()];
  const of = (played: Played | undefined, column: number) => summarise((played?.rounds ?? []).map((round) => round[column] ?? NaN));
  const own = columns.map(([column, [name, { unit, target }]]): ResultRow => {
    const figure = of(ours, column);
    return { name, unit, figure, target, verdict: judge(figure.median, target), error: undefined };
  });
  const [first, ...further] = own;
  if (first?.figure === undefined) throw new Error('A trial has one figure at least.');
  const theirs = names.flatMap((name, place) => columns.map(([column, [figure, { unit }]]) => (
    peerRow(columns.length === 1 ? name : `${name}: ${figure}`, unit, others[place], (played) => of(played, column)))));
  return { unit: first.unit, figure: first.figure, target: first.target, rows: [...further, ...theirs], sides: {}, curves: [] };
}

function medianOf(played: Played | undefined): number {
  return played?.error === undefined ? median(onlyFigures(played)) : NaN;
}

/** A peer that breaks has a row that says so, and breaks nothing. */
function peerRow(name: string, unit: string, played: Played | undefined, summary: (played: Played | undefined) => Summary): ResultRow {
  const common = { name, unit, target: undefined, verdict: '-' } as const;
  return played?.error === undefined ? { ...common, figure: summary(played), error: undefined } : { ...common, figure: undefined, error: played.error };
}
