import Denque from 'denque';
import { assertFunction } from '../check-call';
import { TransactionStateError } from '../errors';
import { HookData } from './hook-data';
import type { UndoLog } from './undo-log';

/** A function to run at one point of a transaction's life. */
export type Hook = () => unknown;

/**
 * An ordered queue of functions that run once, when its moment comes.
 *
 * A rollback to a savepoint restores queue and data as they were when it was taken.
 * @see Odoo's `Callbacks`
 */
export class Hooks {
  /** Where several callers of one hook gather what it works on; emptied when the queue has run. */
  readonly data: HookData;
  readonly #queue = new Denque<Hook>();
  readonly #name: string;
  readonly #undo: UndoLog;
  #isOver = false;

  /** @param name - the transaction's property */
  constructor(name: string, undo: UndoLog) {
    this.#name = name;
    this.#undo = undo;
    this.data = new HookData(undo);
  }

  get size(): number {
    return this.#queue.size();
  }

  /**
   * Adds a function behind those that wait; the same one may wait twice.
   *
   * @throws {TransactionStateError} TX_STATE when their moment is over, or will not come any more
   */
  add(hook: Hook): void {
    assertFunction('add', hook);
    if (this.#isOver) throw new TransactionStateError('TX_STATE', `${this.#name}.add() was called when the transaction had ended, or was ending another way: the function would never run. Add it before, or call it now.`, { details: { call: `${this.#name}.add` } });
    this.#queue.push(hook);
    this.#undo.push(() => {
      this.#queue.pop();
    });
  }

  /**
   * Runs the waiting functions in order, those they add included.
   *
   * @throws {unknown} what the first failing one threw; it is over, the later ones still wait
   */
  async run(): Promise<void> {
    for (let hook = this.#next(); hook; hook = this.#next()) await hook();
    this.data.clear();
  }

  /** Runs every waiting function, whatever the others do. @returns what those that failed threw */
  async runAll(): Promise<readonly unknown[]> {
    const errors: unknown[] = [];
    for (let hook = this.#next(); hook; hook = this.#next()) {
      try {
        await hook();
      } catch (error) {
        errors.push(error);
      }
    }
    this.data.clear();
    return errors;
  }

  /** Forgets what waits, and the data. */
  clear(): void {
    while (this.#next());
    this.data.clear();
  }

  /** Forgets what waits, and takes nothing more: nothing will run it. */
  end(): void {
    this.clear();
    this.#isOver = true;
  }

  #next(): Hook | undefined {
    const hook = this.#queue.shift();
    if (hook) this.#undo.push(() => {
      this.#queue.unshift(hook);
    });
    return hook;
  }
}
