import Denque from 'denque';
import type { UndoLog } from './undo-log';

/** A function to run at one point of a transaction's life. */
export type Hook = () => unknown;

/**
 * An ordered queue of functions that run once, when its moment comes.
 *
 * @remarks `data` is where several callers of one hook gather what it works on; it is emptied when the queue has run.
 * @see Odoo's `Callbacks`
 */
export class Hooks {
  readonly data: Map<string, unknown> = new Map();
  readonly #queue = new Denque<Hook>();
  readonly #undo: UndoLog;

  constructor(undo: UndoLog) {
    this.#undo = undo;
  }

  get size(): number {
    return this.#queue.size();
  }

  /** Adds a function behind those that wait. A rollback to a savepoint taken before forgets it. */
  add(hook: Hook): void {
    this.#queue.push(hook);
    this.#undo.push(() => {
      this.#queue.pop();
    });
  }

  /**
   * Runs the waiting functions in order, those they add included.
   *
   * @throws {unknown} what the first failing one threw; the later ones do not run
   */
  async run(): Promise<void> {
    for (let hook = this.#queue.shift(); hook; hook = this.#queue.shift()) await hook();
    this.data.clear();
  }

  /** Runs every waiting function, whatever the others do. @returns what those that failed threw */
  async runAll(): Promise<readonly unknown[]> {
    const errors: unknown[] = [];
    for (let hook = this.#queue.shift(); hook; hook = this.#queue.shift()) {
      try {
        await hook();
      } catch (error) {
        errors.push(error);
      }
    }
    this.data.clear();
    return errors;
  }

  /** Forgets what waits. */
  clear(): void {
    const waiting = this.#queue.toArray();
    this.#queue.clear();
    this.data.clear();
    this.#undo.push(() => {
      for (const hook of waiting) this.#queue.push(hook);
    });
  }
}
