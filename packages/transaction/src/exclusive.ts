import { duringCall, isNestedIn, type CallInFlow } from '@ormolu/kernel';
import { TransactionStateError } from './errors';

const RUN = 'run';

/**
 * Keeps a flush, savepoint or commit from overlapping anything that is not nested in it.
 *
 * Calls that only ask may overlap each other: they are one flow and share rounds. Whether a call is nested is told by the flow of
 * asynchronous calls, and asked only while an exclusive one is running.
 */
export class Exclusive {
  #holder: CallInFlow | undefined;
  readonly #asking: string[] = [];
  readonly #runIsOver = (): void => { this.#isOver(RUN); };
  readonly #waiting: (() => void)[] = [];
  /** Who creates or deletes just now. */
  #turn: CallInFlow | undefined;
  #isTurnTaken = false;
  readonly #nextTurns: (() => void)[] = [];

  /**
   * Runs a call that nothing else may overlap.
   *
   * @throws {TransactionStateError} TX_OVERLAP naming both calls
   */
  async during<T>(call: string, work: () => Promise<T>): Promise<T> {
    this.assertMayCall(call);
    const other = this.#asking[0] ?? (this.#turn && !isNestedIn(this.#turn) ? this.#turn.call : undefined);
    if (other !== undefined) throw overlap(call, other);
    const before = this.#holder;
    return duringCall(call, async (token) => {
      this.#holder = token;
      try {
        return await work();
      } finally {
        this.#holder = before;
      }
    });
  }

  /**
   * Runs a call that takes several statements to create or delete records: after those of its kind that were called before, lest one finds what another has
   * only half done. What is nested in one that runs is a part of it.
   *
   * @throws {TransactionStateError} TX_OVERLAP before it has begun, never in its middle
   */
  async inTurn<T>(call: string, work: () => Promise<T>): Promise<T> {
    this.assertMayCall(call);
    if (this.#turn && isNestedIn(this.#turn)) return work();
    if (this.#isTurnTaken) await new Promise<void>((resolve) => { this.#nextTurns.push(resolve); });
    this.#isTurnTaken = true;
    try {
      this.assertMayCall(call);
      return await duringCall(call, (token) => {
        this.#turn = token;
        return work();
      });
    } finally {
      this.#turn = undefined;
      const next = this.#nextTurns.shift();
      this.#isTurnTaken = next !== undefined;
      if (next) next();
      else this.#letGoOn();
    }
  }

  /** The turn that the current flow is part of, if it is part of any. */
  get turn(): CallInFlow | undefined {
    return this.#turn && isNestedIn(this.#turn) ? this.#turn : undefined;
  }

  /** Sends a question or statement of a call, which others of its kind may overlap. @throws {TransactionStateError} TX_OVERLAP */
  async asking<T>(call: string, ask: () => Promise<T>): Promise<T> {
    this.assertMayCall(call);
    this.#asking.push(call);
    try {
      return await ask();
    } finally {
      this.#isOver(call);
    }
  }

  /** As `asking`, for a `run` that has begun and must wait: most have their answer at once, and overlap nothing. @param answer - what it will come to */
  running<T>(answer: Promise<T>): Promise<T> {
    this.#asking.push(RUN);
    answer.then(this.#runIsOver, this.#runIsOver);
    return answer;
  }

  /** Whether something is asked that has not been answered, or somebody creates or deletes, other than who asks this. */
  get isBusy(): boolean {
    return this.#asking.length > 0 || (this.#isTurnTaken && !(this.#turn && isNestedIn(this.#turn)));
  }

  /** Waits until nobody is busy. */
  async quiet(): Promise<void> {
    while (this.isBusy) await new Promise<void>((resolve) => { this.#waiting.push(resolve); });
  }

  #isOver(call: string): void {
    this.#asking.splice(this.#asking.indexOf(call), 1);
    if (this.#asking.length === 0) this.#letGoOn();
  }

  #letGoOn(): void {
    for (const goOn of this.#waiting.splice(0)) goOn();
  }

  /** @throws {TransactionStateError} TX_OVERLAP when an exclusive call is running, and the current flow is not nested in it */
  assertMayCall(call: string): void {
    if (this.#holder && !isNestedIn(this.#holder)) throw overlap(call, this.#holder.call);
  }
}

function overlap(call: string, other: string): TransactionStateError {
  return new TransactionStateError(
    'TX_OVERLAP',
    `${call} was called while ${other} is running in the same transaction, and is not part of it. Await the one before the other: of calls that overlap, none may be a flush, savepoint or commit.`,
    { details: { call, other } },
  );
}
