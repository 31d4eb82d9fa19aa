import type { Case, Timed, TrialCase } from './bench';
import type { Role } from './side-messages';

/** A whole engine is compiled later than a loop: at 150 ms its figures were up to ten times those of a program that has run for a second. */
const WARM_UP_MS = 600;
const ROUND_MS = 60;
/** A full collection takes along what was compiled for functions that nobody holds, and what is called is compiled again: so long, not timed. */
const WARM_AGAIN_MS = 40;
/** As long as a round may take with what is done before each call, so that a dear `before` does not make it hours. */
const LONG_MS = 1_500;

/** One, or those of a trial in the order in which its case names them. */
type Figures = number | readonly number[];

/** A side set up: each call of `round` measures once more. */
export interface Measured {
  round(): Figures | Promise<Figures>;
  close(): unknown;
}

/** Sets up the side of a case that this process plays. */
export async function openSide(benchCase: Case, { side, peer, size }: Role): Promise<Measured> {
  switch (benchCase.kind) {
    case 'figure':
      return { round: benchCase.measure, close: () => undefined };
    case 'trial':
      return tried(benchCase, await required(peer === undefined ? benchCase.ours : benchCase.peers?.[peer])());
    case 'memory': {
      const build = required(side === 'base' ? benchCase.base : benchCase.ours);
      // The first time pays for compiled code and hidden classes that later ones find.
      await bytesKept(build);
      return { round: async () => (await bytesKept(build)) / benchCase.values, close: () => undefined };
    }
    case 'time':
      return timed(await required(side === 'peer' ? benchCase.peers?.[peer ?? ''] : benchCase[side])(size), benchCase.operations ?? 1, benchCase.clock ?? 'wall');
    case 'growth':
      return timed(await required(side === 'base' ? benchCase.base : benchCase.ours)(size), benchCase.operations(size), benchCase.clock ?? 'wall');
  }
}

function required<T>(side: T | undefined): T {
  if (side === undefined) throw new Error('This case has no such side.');
  return side;
}

function tried({ figures }: TrialCase, trial: Awaited<ReturnType<TrialCase['ours']>>): Measured {
  return {
    async round() {
      const given = await trial();
      return Object.keys(figures).map((name) => given[name] ?? NaN);
    },
    close: () => undefined,
  };
}

/** Where results go, so that no compiler may think that nobody wants them. */
export let sink: unknown;

async function timed(given: Timed | Timed['run'], operations: number, clock: 'wall' | 'cpu'): Promise<Measured> {
  const { run, before, close } = typeof given === 'function' ? { run: given } : given;
  const now = clock === 'wall' ? () => performance.now() : cpuMs;
  const clockMs = costOf(now);

  /** Milliseconds of so many calls. */
  async function spend(calls: number): Promise<number> {
    let spent = 0;
    if (before !== undefined) {
      for (let call = 0; call < calls; call += 1) {
        await before();
        const began = now();
        const result = run();
        sink = isPromise(result) ? await result : result;
        spent += now() - began;
      }
      return Math.max(spent - calls * clockMs, 0);
    }
    const began = now();
    for (let call = 0; call < calls; call += 1) {
      const result = run();
      sink = isPromise(result) ? await result : result;
    }
    return now() - began;
  }

  let calls = 0;
  let warmUpMs = 0;
  const began = performance.now();
  for (let step = 1; warmUpMs < WARM_UP_MS && performance.now() - began < LONG_MS; step *= 2) {
    warmUpMs += await spend(step);
    calls += step;
  }
  const wanted = ROUND_MS / Math.max(warmUpMs / calls, 1e-6);
  const affordable = LONG_MS / ((performance.now() - began) / calls);
  const callsPerRound = Math.max(1, Math.ceil(Math.min(wanted, affordable)));
  // What uses itself up is dear to set up.
  const callsAgain = before === undefined ? Math.floor((callsPerRound * WARM_AGAIN_MS) / ROUND_MS) : 0;
  return {
    async round() {
      gc?.();
      await spend(callsAgain);
      return ((await spend(callsPerRound)) * 1e6) / (callsPerRound * operations);
    },
    close: () => close?.(),
  };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** What a clock shows of its own reading: a microsecond, when it is the processor's, which is much beside a short call. */
function costOf(now: () => number): number {
  const times = 10_000;
  let shown = 0;
  for (let time = 0; time < times; time += 1) {
    const began = now();
    shown += now() - began;
  }
  return shown / times;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/** Bytes of heap and buffers that stay while what `build` returns is alive. */
async function bytesKept(build: () => unknown): Promise<number> {
  const before = await settledBytes();
  sink = await build();
  const after = await settledBytes();
  sink = undefined;
  return after - before;
}

/** Bytes of heap and buffers in use, once what nobody holds is gone. */
export async function settledBytes(): Promise<number> {
  if (gc === undefined) throw new Error('Memory is weighed only where the collector can be called: node --expose-gc.');
  // What a WeakRef or a promise job still holds is let go only in the next turn of the event loop.
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise(setImmediate);
    gc();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
