import type { SessionSavepoint } from '@ormolu/kernel';
import { TransactionStateError } from '../errors';
import { tellTransaction } from '../events';
import type { Transaction } from '../transaction';
import { assertAllowed } from '../transaction-state';
import type { Checkpoint } from './undo-log';

/** How a savepoint begins. */
export interface SavepointOptions {
  /**
   * Whether pending work is flushed when the savepoint is taken and when it is released. With `false` it stays in memory, before
   * and after.
   * @defaultValue true
   */
  readonly flush?: boolean | undefined;
}

/**
 * A point to which database and memory can return together.
 *
 * Rolls back when it leaves an `await using` block without having been released.
 */
export class Savepoint implements AsyncDisposable {
  readonly #tx: Transaction;
  readonly #session: SessionSavepoint;
  readonly #memory: Checkpoint;
  readonly #flushes: boolean;
  readonly #writesBefore: boolean;
  #isOpen = true;

  private constructor(tx: Transaction, { session, memory, flushes, writesBefore }: { session: SessionSavepoint; memory: Checkpoint; flushes: boolean; writesBefore: boolean }) {
    this.#tx = tx;
    this.#session = session;
    this.#memory = memory;
    this.#flushes = flushes;
    this.#writesBefore = writesBefore;
  }

  /** @remarks One statement, beside the flush. */
  static async take(tx: Transaction, { flush = true }: SavepointOptions = {}): Promise<Savepoint> {
    assertAllowed(tx.state, 'savepoint');
    if (flush) await tx.flush();
    const session = await tx.session.savepoint();
    const writesBefore = tx.below.fetchesAreUndoable;
    const savepoint = new Savepoint(tx, { session, memory: tx.undo.checkpoint(), flushes: flush, writesBefore });
    tx.savepoints.push(savepoint);
    tellTransaction('savepoint');
    return savepoint;
  }

  /** Keeps all since the savepoint; an outer one can still take it back. */
  async release(): Promise<void> {
    return this.#tx.exclusive.during('release', () => {
      this.#end('release');
      return this.#release();
    });
  }

  async #release(): Promise<void> {
    try {
      if (this.#flushes) await this.#tx.flush();
      await this.#tx.session.release(this.#session);
    } catch (error) {
      await this.#undo();
      throw error;
    }
    this.#tx.undo.keep(this.#memory);
    tellTransaction('savepoint released');
  }

  /** Takes back all since the savepoint: rows, cache, queues, protection and hooks are what they were. */
  async rollback(): Promise<void> {
    // Who is refused because of an overlap has not ended it.
    await this.#tx.exclusive.during('rollback', () => {
      this.#end('rollback');
      return this.#undo();
    });
  }

  /** Rolls back what is still open, when nothing that was asked in it is on its way any more: whoever fails need not have waited for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return;
    const { exclusive } = this.#tx;
    // Who was answered may have asked again before it is heard here; a search's flush asks nothing between its statements.
    do {
      await exclusive.quiet();
      await this.#tx.flushIsOver();
    } while (exclusive.isBusy);
    await this.rollback();
  }

  async #undo(): Promise<void> {
    await this.#tx.session.rollbackTo(this.#session);
    const goBack = (): void => {
      this.#tx.undo.undo(this.#memory);
    };
    if (this.#tx.origins) this.#tx.origins.rollingBack(goBack);
    else goBack();
    this.#tx.below.rolledBackTo(this.#writesBefore);
    tellTransaction('savepoint rolled back');
  }

  #end(call: string): void {
    if (!this.#isOpen || this.#tx.savepoints.at(-1) !== this) {
      throw new TransactionStateError(
        'TX_SAVEPOINT_ORDER',
        `${call}() was called on a savepoint that is ${this.#isOpen ? 'not the innermost' : 'over'}. End savepoints once each, the innermost first.`,
      );
    }
    this.#isOpen = false;
    this.#tx.savepoints.pop();
  }
}

/** Runs work inside a savepoint: released when it returns, rolled back when it throws. */
export async function withSavepoint<T>(tx: Transaction, work: () => Promise<T> | T, options: SavepointOptions = {}): Promise<T> {
  const savepoint = await Savepoint.take(tx, options);
  try {
    const value = await work();
    await savepoint.release();
    return value;
  } catch (error) {
    await savepoint[Symbol.asyncDispose]();
    throw error;
  }
}
