import { channels, type Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { Answers, type Ask } from './answers';
import type { Environment } from '../environment/environment';
import { outcomeOf, refuseDifference } from './check-run';
import { RunError } from '../errors';
import { LongWay } from '../reading/long-way';
import { RunGuard } from './run-guard';
import { SUSPENSION } from './suspension';
import type { Trail } from './trail';
import { fetchNeeds } from '../reading/fetch-needs';
import type { Transaction } from '../transaction';
import { resolveTriggers } from '../triggers/resolve-triggers';

/** What a suspended function wants in memory: a field of some records. */
export interface Need {
  readonly field: Field;
  readonly ids: readonly Id[];
  /** The record was browsed by itself: others like it cannot be fetched with it. */
  readonly isAlone?: boolean;
  /** Somebody named the records: nothing says that they exist. */
  readonly isBrowsed?: boolean;
  /** A compute reads it: its like will be read of whatever is behind it. */
  readonly isForCompute?: boolean;
  /** Who wants it, where values differ by company or language. */
  readonly env?: Environment | undefined;
}

/** One execution of a function that may suspend. */
export class Execution {
  readonly needs: Need[] = [];
  readonly asks: Ask[] = [];
  /** What queries have answered so far. */
  readonly answers: Answers;
  /** The fields it has assigned. */
  readonly written: Set<Field> = new Set();

  /** What the user's function itself does. */
  readonly trail: Trail;

  constructor(answers: Answers, trail: Trail) {
    this.answers = answers;
    this.trail = trail;
  }

  /** Whether it was left, or should have been, for something that is not in memory. */
  get isWaiting(): boolean {
    return this.needs.length > 0 || this.asks.length > 0;
  }

  /** Leaves the running function until a query is answered. */
  ask(ask: Ask): never {
    this.asks.push(ask);
    throw SUSPENSION;
  }

  /** Leaves the running function until these values are in memory. */
  suspend(needs: readonly Need[]): never {
    this.needs.push(...needs);
    throw SUSPENSION;
  }
}

/**
 * Runs a synchronous function to its end, fetching what it misses between executions.
 *
 * Each execution begins from the same memory: what a suspended one wrote is taken back before anything is fetched, so nothing
 * learnt lives in what is undone, and the result comes from one uninterrupted execution.
 * @param whose - the engine's own functions are not watched for what users' may do wrong
 */
export async function run<T>(tx: Transaction, fn: () => T, whose: 'user' | 'engine' = 'engine'): Promise<T> {
  if (tx.triggers.size > 0) await resolveTriggers(tx);
  const answers = new Answers();
  const guard = new RunGuard(tx, whose);
  const way = new LongWay(tx);
  for (;;) {
    const attempt = execute(tx, fn, answers, guard);
    if ('value' in attempt) {
      if (whose === 'user' && channels.run.hasSubscribers) channels.run.publish(guard.trace());
      return attempt.value;
    }
    for (const ask of attempt.asks) await answers.fetch(ask);
    guard.misses(attempt.needs, attempt.asks.length > 0);
    await fetchNeeds(tx, attempt.needs, way);
  }
}

/** One execution: its value, or what it needs, with its writes taken back. */
function execute<T>(tx: Transaction, fn: () => T, answers: Answers, guard: RunGuard): { value: T } | { needs: readonly Need[]; asks: readonly Ask[] } {
  const execution = new Execution(answers, guard.begins());
  let checkpoint = tx.undo.checkpoint();
  const outer = tx.execution;
  tx.execution = execution;
  let ended = false;
  try {
    let value = fn();
    ended = true;
    refuseSwallowed(execution);
    refusePromise(value);
    guard.ended('with its value', execution.trail);
    if (tx.checksRuns && guard.whose === 'user') {
      const first = outcomeOf(tx, value);
      tx.undo.undo(checkpoint);
      checkpoint = tx.undo.checkpoint();
      value = fn();
      refuseDifference(first, outcomeOf(tx, value));
    }
    tx.undo.keep(checkpoint);
    return { value };
  } catch (error) {
    // Whatever came out: as long as something was missed, the function did not run with all it needs.
    const suspended = !ended && execution.isWaiting;
    if (suspended || ended) tx.undo.undo(checkpoint);
    else tx.undo.keep(checkpoint);
    if (suspended) {
      guard.ended('suspended', execution.trail);
      return { needs: execution.needs, asks: execution.asks };
    }
    throw error;
  } finally {
    tx.execution = outer;
  }
}

function refuseSwallowed(execution: Execution): void {
  if (!execution.isWaiting) return;
  throw new RunError(
    'RUN_SWALLOWED',
    'The function given to env.run() caught the signal that leaves it while values are fetched. Rethrow what you do not expect: catch (e) { if (!OrmoluError.is(e)) throw e; … }.',
  );
}

/** Whether a value is a promise, of whatever make. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function refusePromise(value: unknown): void {
  if (!isPromise(value)) return;
  // The promise is the caller's mistake and nobody will await it; its own failure must not end the process.
  Promise.resolve(value).catch(() => undefined);
  throw new RunError(
    'RUN_ASYNC',
    'The function given to env.run() returned a promise. It must be plain synchronous code: await before or after env.run().',
  );
}
