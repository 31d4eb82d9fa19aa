import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { Answers, type Ask } from './answers';
import type { Awaited } from './awaited';
import type { Environment } from '../environment/environment';
import { outcomeOf, refuseDifference } from './check-run';
import { RunError } from '../errors';
import { LongWay } from '../reading/long-way';
import { refuseDifferent, RunGuard, tellRun } from './run-guard';
import { SUSPENSION } from './suspension';
import { refuseUnfinished } from './unfinished';
import { Trail, type Mark } from './trail';
import { fetchNeeds, together } from '../reading/fetch-needs';
import type { Transaction } from '../transaction';
import { settleUnseen } from '../triggers/unseen';
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
  /** The value that stood there before one was put unseen is wanted. */
  readonly isBefore?: boolean;
  /** Who wants it, where values differ by company or language. */
  readonly env?: Environment | undefined;
}

/** One execution of a function that may suspend. What few functions need is made when it is needed: most runs find everything in memory. */
export class Execution {
  readonly needs: Need[] = [];
  readonly asks: Ask[] = [];
  /** What queries have answered so far. */
  readonly answers: Answers | undefined;
  /** What executions before it were suspended at. */
  readonly awaited: Awaited | undefined;
  /** What the user's function itself does. */
  readonly trail: Trail;
  /** What the function itself read last, as far as records did not keep it. */
  lastField: Field | undefined;
  lastId: Id = 0;
  /** What the function returned, once it has ended. */
  value: unknown;
  isOver = false;
  #written: Set<Field> | undefined;

  constructor(answers?: Answers, { awaited, trail }: { readonly awaited?: Awaited | undefined; readonly trail?: Mark | undefined } = {}) {
    this.answers = answers;
    this.awaited = awaited;
    this.trail = new Trail(trail);
  }

  /** The fields it has assigned. */
  get written(): Set<Field> {
    return (this.#written ??= new Set());
  }

  /**
   * A value is read.
   *
   * @param isAside - not by the function itself, but by a compute or the engine
   * @returns whether its record may keep it
   */
  noteRead(field: Field, id: Id, isAside: boolean): boolean {
    const { awaited } = this;
    if (!isAside) {
      this.lastField = field;
      this.lastId = id;
    }
    if (awaited === undefined) return true;
    if (!isAside) awaited.meet(field, id);
    return !awaited.has(field);
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
 * @throws what the function throws, by its promise
 */
export function run<T>(tx: Transaction, fn: () => T, whose: 'user' | 'engine' = 'engine'): Promise<T> {
  // What is written while answers are on their way waits for the next.
  return isUnsettled(tx, whose) ? waiting(tx, settle(tx).then(() => run(tx, fn, whose)), whose) : begin(tx, fn, whose);
}

/** Whether anything waits for who reads, of what was written before an execution or beside it: what executions write themselves is taken back between them. */
function isUnsettled(tx: Transaction, whose: 'user' | 'engine'): boolean {
  return tx.triggers.size > 0 || (whose === 'user' && tx.unseen.size > 0);
}

/** What readers would have to ask about one after the other is found out in one go. */
async function settle(tx: Transaction): Promise<void> {
  if (tx.triggers.size > 0) await resolveTriggers(tx);
  if (tx.unseen.size > 0) await settleUnseen(tx);
}

/** Has a user's run that is not over be known to whoever must not overlap it. */
function waiting<T>(tx: Transaction, answer: Promise<T>, whose: 'user' | 'engine'): Promise<T> {
  return whose === 'user' ? tx.exclusive.running(answer) : answer;
}

/** Runs a function for the first time: where it finds all in memory, nothing waits. */
function begin<T>(tx: Transaction, fn: () => T, whose: 'user' | 'engine'): Promise<T> {
  try {
    const execution = execute(tx, fn, new Execution(), whose === 'user' && tx.checksRuns);
    if (!execution.isOver) return waiting(tx, goOn(tx, fn, new RunGuard(tx, whose, execution)), whose);
    if (whose === 'user') tellRun([]);
    const { value } = execution;
    execution.value = undefined;
    return Promise.resolve(value as T); // what `fn` returned
  } catch (error) {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever the function threw
    return Promise.reject(error);
  }
}

/** Fetches what a function misses, and runs it again, until it misses nothing. */
async function goOn<T>(tx: Transaction, fn: () => T, guard: RunGuard): Promise<T> {
  const answers = new Answers();
  const way = new LongWay(tx);
  for (let execution = guard.first; ; ) {
    for (const ask of execution.asks) await answers.fetch(ask);
    const needs = together(tx, execution.needs);
    guard.misses(execution, needs);
    await fetchNeeds(tx, needs, way);
    // What others have written meanwhile, nobody could find out from within: what was asked for may be overwritten by it.
    while (isUnsettled(tx, guard.whose)) await settle(tx);
    guard.begins();
    execution = execute(tx, fn, new Execution(answers, guard), guard.whose === 'user' && tx.checksRuns);
    guard.ended(execution);
    if (execution.isOver) return execution.value as T; // what `fn` returned
  }
}

/** One execution: it is over, or its writes are taken back and it says what it needs. */
function execute(tx: Transaction, fn: () => unknown, execution: Execution, runsTwice: boolean): Execution {
  // V8 throws compiled code away when it finds no object alive of a class that the code knows.
  tx.lastExecution = execution;
  let checkpoint = tx.undo.checkpoint();
  const { turns } = tx.triggers;
  const outer = tx.execution;
  tx.execution = execution;
  let ended = false;
  try {
    let value = called(fn);
    ended = true;
    // An asynchronous function has caught whatever left it, in its promise.
    refuseUnfinished(value, 'The function given to env.run()');
    refuseSwallowed(execution);
    refuseDifferent(execution, 'with its value');
    if (runsTwice) {
      const first = outcomeOf(tx, value);
      tx.undo.undo(checkpoint);
      tx.triggers.takeBack(turns);
      checkpoint = tx.undo.checkpoint();
      value = called(fn);
      refuseDifference(first, outcomeOf(tx, value));
    }
    tx.undo.keep(checkpoint);
    execution.value = value;
    execution.isOver = true;
    return execution;
  } catch (error) {
    // Whatever came out: as long as something was missed, the function did not run with all it needs.
    const suspended = !ended && execution.isWaiting;
    if (suspended || ended) {
      tx.undo.undo(checkpoint);
      tx.triggers.takeBack(turns);
    } else tx.undo.keep(checkpoint);
    if (suspended) return execution;
    throw error;
  } finally {
    tx.execution = outer;
  }
}

const NOTHING: readonly unknown[] = [];

/** Calls the user's function so that V8 compiles its loops by themselves: as a part of what is here, they would have little room for what makes reads fast. */
function called(fn: () => unknown): unknown {
  return Reflect.apply(fn, undefined, NOTHING);
}

function refuseSwallowed(execution: Execution): void {
  if (!execution.isWaiting) return;
  throw new RunError(
    'RUN_SWALLOWED',
    'The function given to env.run() caught the signal that leaves it while values are fetched. Rethrow what you do not expect: catch (e) { if (!OrmoluError.is(e)) throw e; … }.',
  );
}
