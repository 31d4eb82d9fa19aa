import { FlowVariable } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { tellTransaction } from '../events';
import { concernsPending, flush, type FlushSpec } from './flush';
import type { Transaction } from '../transaction';

/** Which transaction's flush the current flow of calls is part of. */
const flushFlow = new FlowVariable<Transaction>();

/** The flush of a transaction: one at a time, whoever asks for it. */
export class Flushing {
  readonly #tx: Transaction;
  #running: Promise<void> | undefined;

  constructor(tx: Transaction) {
    this.#tx = tx;
  }

  /** Finishes pending computations, then writes pending updates. @throws {TransactionStateError} TX_STATE when a flush is running */
  async flush(spec?: FlushSpec): Promise<void> {
    this.#tx.stage.assertAllows('flush');
    const flushing = this.#tx.stage.during('flushing', () => flushFlow.run(this.#tx, () => flush(this.#tx, spec)));
    // Who waits for it goes on when the transaction is open again, and not before.
    this.#running = flushing.catch(() => undefined);
    try {
      await flushing;
      tellTransaction('flush');
    } finally {
      this.#running = undefined;
    }
  }

  /** Waits for a flush that is running, unless it is this very flow that flushes. */
  async isOver(): Promise<void> {
    if (flushFlow.current !== this.#tx) while (this.#running) await this.#running;
  }

  /** Writes all that is pending, unless it is this very flush that asks. Another one that is running is awaited. */
  async flushAhead(): Promise<void> {
    if (flushFlow.current === this.#tx) return;
    this.#tx.exclusive.assertMayCall('load');
    while (this.#running) await this.#running;
    await this.flush();
  }

  /** Runs something during which nobody else writes what is pending: whoever has to, for a search, waits. What is nested in it need not. */
  async withhold<T>(work: () => Promise<T>): Promise<T> {
    if (flushFlow.current === this.#tx) return work();
    while (this.#running) await this.#running;
    const working = flushFlow.run(this.#tx, work);
    this.#running = working.then(() => undefined, () => undefined);
    try {
      return await working;
    } finally {
      this.#running = undefined;
    }
  }

  /**
   * Writes what is pending of some fields, so that a question about them has the right answer; sends nothing when nothing is. Another
   * flush that is running is awaited.
   *
   * @param specOf - of which records, where not of all
   */
  async flushFor(fields: ReadonlySet<Field>, specOf: () => FlushSpec = () => Array.from(fields, (field) => [field] as const)): Promise<void> {
    // A compute that this very flush has called asks in its middle.
    if (flushFlow.current === this.#tx) {
      if (concernsPending(this.#tx, fields)) await flush(this.#tx, specOf());
      return;
    }
    this.#tx.exclusive.assertMayCall('search');
    while (this.#running) await this.#running;
    if (concernsPending(this.#tx, fields)) await this.flush(specOf());
  }
}
