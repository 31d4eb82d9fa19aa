/**
 * How a bench is written. A file `bench/AREA/QUESTION.bench.ts` exports one {@link Bench}; `pnpm bench AREA` runs it.
 *
 * ```ts
 * import { atMost, bench, timeCase } from '../harness';
 *
 * const COUNT = 100_000;
 *
 * export default bench({
 *   title: 'Reading by id',
 *   cases: [
 *     timeCase({
 *       name: 'get, sequential, 100,000 ids',
 *       target: atMost(0.15),                       // ours / base; "ok" or "SHORT"
 *       operations: COUNT,                          // what one call of the timed function does, so that figures read "ns each"
 *       base: () => {                               // called once, in a process of its own: the setup, not timed
 *         const map = new Map(Array.from({ length: COUNT }, (_, id) => [id, id]));
 *         return () => {                            // the timed function; let a call do some microseconds of work
 *           let sum = 0;
 *           for (let id = 0; id < COUNT; id += 1) sum += map.get(id) ?? 0;
 *           return sum;                             // returned, so that the compiler cannot drop the work
 *         };
 *       },
 *       ours: () => { … },
 *     }),
 *   ],
 * });
 * ```
 *
 * Every figure is a ratio taken inside one run, because machines differ and are shared: base and ours take turns, round by round, each
 * in its own process (one process would give both sides polymorphic call sites), and a row shows the median ratio of the rounds and
 * between which ratios they lay. Five kinds of case: {@link timeCase}, {@link growthCase}, {@link memoryCase}, {@link figureCase}, {@link trialCase}.
 */

/** What the ratio (or figure) must reach. Without a target a row is shown for comparison and is never short. */
export type Target = ({ readonly atMost: number } | { readonly atLeast: number }) & { readonly isAim?: true };

export const atMost = (limit: number): Target => ({ atMost: limit });
export const atLeast = (limit: number): Target => ({ atLeast: limit });
/** A target that nobody has reached yet, not even a prototype: being short of it is reported, and breaks nothing. */
export const aim = (target: Target): Target => ({ ...target, isAim: true });

/** What a side hands back for being timed. A promise returned by `run` is awaited inside the timing. */
export interface Timed {
  readonly run: () => unknown;
  /** Called before every call of `run`, not timed: puts back what `run` used up. Then let `run` take 50 µs or more. */
  readonly before?: (() => unknown) | undefined;
  /** Called when the case is over: closes connections, drops databases. */
  readonly close?: (() => unknown) | undefined;
}

/** One side of a comparison: sets up in a process of its own, and gives what is timed. `size` is 1 where a case has no sizes. */
export type Side = (size: number) => Timed | Timed['run'] | Promise<Timed | Timed['run']>;

interface CaseBase {
  /** Unique in its file; what is done, how often, on what. */
  readonly name: string;
  readonly target?: Target | undefined;
  /** Rounds of which the median is taken. @defaultValue 7; at least 5 */
  readonly rounds?: number | undefined;
}

interface Clocked {
  /**
   * `wall` is the time that passes; `cpu` is the processor time of the side's process, steadier for synchronous work on a busy machine,
   * and blind to the time a server takes.
   * @defaultValue 'wall'
   */
  readonly clock?: 'wall' | 'cpu' | undefined;
}

/** Ours against a base, by time. The ratio is ours / base: below 1 we are faster. */
export interface TimeCase extends CaseBase, Clocked {
  readonly kind: 'time';
  /** Operations in one call of `run`. @defaultValue 1 */
  readonly operations?: number | undefined;
  /** `speed` turns the ratio over (base / ours, above 1 we are faster), for targets said that way. @defaultValue 'time' */
  readonly compare?: 'time' | 'speed' | undefined;
  readonly base: Side;
  readonly ours: Side;
  /** Others that do the same work, by name: they take turns with ours and the base, and each has a row with its own ratio to the base, and no target. */
  readonly peers?: Readonly<Record<string, Side>> | undefined;
}

/** How the cost of one operation grows with size: the ratio is that at the last size over that at the first. Draws a curve. */
export interface GrowthCase extends CaseBase, Clocked {
  readonly kind: 'growth';
  /** From small to large; two or more. */
  readonly sizes: readonly number[];
  /** Operations in one call of `run` at a size. */
  readonly operations: (size: number) => number;
  readonly ours: Side;
  /** A second curve in the plot. */
  readonly base?: Side | undefined;
  /**
   * What the growth is set against: nothing, or the growth of the base. A base that is a bare loop over the same things shows how much of
   * a growth is that of the processor's caches, which nothing that touches so much memory escapes.
   * @defaultValue 'nothing'
   */
  readonly against?: 'nothing' | 'base' | undefined;
}

/** Bytes kept for each value by what `build` returns. The ratio is ours / base; without a base the figure is ours in bytes. */
export interface MemoryCase extends CaseBase {
  readonly kind: 'memory';
  /** How many values `build` puts in. */
  readonly values: number;
  /** Everything it returns stays alive while it is weighed; nothing else of it should. */
  readonly ours: () => unknown;
  readonly base?: (() => unknown) | undefined;
}

/** A figure that is no ratio of times: statements, rounds, loader calls, percentage points. Measured once a round in one process. */
export interface FigureCase extends CaseBase {
  readonly kind: 'figure';
  readonly unit: string;
  readonly measure: () => number | Promise<number>;
}

/** What a trial gives: a number for each of the figures of its case. */
export type Trial = () => Promise<Readonly<Record<string, number>>>;

/** One trial that gives several figures, each of them a row: what became of the callers when a server was killed. Peers go through the same. */
export interface TrialCase extends Omit<CaseBase, 'target' | 'rounds'> {
  readonly kind: 'trial';
  /** A trial may take seconds, and a peer's may be as long as it is waited for. @defaultValue 3 */
  readonly rounds?: number | undefined;
  /** What a trial gives, by name: its unit, and what ours must reach. */
  readonly figures: Readonly<Record<string, { readonly unit: string; readonly target?: Target | undefined }>>;
  /** Made once in a process of its own, called once a round. It must end by itself, whatever happens to what it tries. */
  readonly ours: () => Promise<Trial>;
  readonly peers?: Readonly<Record<string, () => Promise<Trial>>> | undefined;
}

export type Case = TimeCase | GrowthCase | MemoryCase | FigureCase | TrialCase;

export interface Bench {
  /** The question the cases answer together. */
  readonly title: string;
  /** The test servers are started first and `DATABASE_URL` is set; take a database with `createDatabase()`. @defaultValue false */
  readonly needsServers?: boolean | undefined;
  readonly cases: readonly Case[];
}

export const timeCase = (spec: Omit<TimeCase, 'kind'>): TimeCase => ({ kind: 'time', ...spec });
export const growthCase = (spec: Omit<GrowthCase, 'kind'>): GrowthCase => ({ kind: 'growth', ...spec });
export const memoryCase = (spec: Omit<MemoryCase, 'kind'>): MemoryCase => ({ kind: 'memory', ...spec });
export const figureCase = (spec: Omit<FigureCase, 'kind'>): FigureCase => ({ kind: 'figure', ...spec });
export const trialCase = (spec: Omit<TrialCase, 'kind'>): TrialCase => ({ kind: 'trial', ...spec });

/** Checks what the types cannot say. */
export function bench(spec: Bench): Bench {
  const names = new Set<string>();
  for (const { name, rounds, ...rest } of spec.cases) {
    if (names.has(name)) throw new Error(`Bench '${spec.title}' has two cases named '${name}'; a result is found by its name.`);
    names.add(name);
    if (rest.kind !== 'trial' && rounds !== undefined && rounds < 5) throw new Error(`Case '${name}': ${rounds} rounds are too few for a median; 5 at least.`);
    if (rest.kind === 'growth' && rest.against === 'base' && rest.base === undefined) throw new Error(`Case '${name}': there is no base to set the growth against.`);
    if (rest.kind === 'growth' && rest.sizes.length < 2) throw new Error(`Case '${name}': growth needs two sizes or more.`);
  }
  return spec;
}
