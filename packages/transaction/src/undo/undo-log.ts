import type { Cache, UndoMark } from '@ormolu/cache';

/** A point to which memory can return. */
export interface Checkpoint {
  readonly cache: UndoMark;
  readonly length: number;
}

/**
 * What must be taken back of memory: the cache keeps its own log, this one adds queues, pending triggers, protection and hooks.
 *
 * Every change pushes the function that reverts it, and only while a checkpoint is open; a change made without one costs nothing.
 * Cost of going back: proportional to the changes since, never to the size of the cache.
 */
export class UndoLog {
  readonly #cache: Cache;
  readonly #reverts: (() => void)[] = [];
  #open = 0;

  constructor(cache: Cache) {
    this.#cache = cache;
  }

  /** Whether a change must be recorded now. */
  get isOpen(): boolean {
    return this.#open > 0;
  }

  /** Records how to revert a change that is being made. */
  push(revert: () => void): void {
    if (this.#open > 0) this.#reverts.push(revert);
  }

  /** Opens a checkpoint; checkpoints nest and are ended in reverse order, by `undo` or `keep`. */
  checkpoint(): Checkpoint {
    this.#open += 1;
    return { cache: this.#cache.openUndo(), length: this.#reverts.length };
  }

  /** Takes back everything since the checkpoint and ends it. */
  undo(checkpoint: Checkpoint): void {
    while (this.#reverts.length > checkpoint.length) this.#reverts.pop()?.();
    this.#cache.undoAndClose(checkpoint.cache);
    this.#open -= 1;
  }

  /** Keeps everything since the checkpoint and ends it; an outer checkpoint can still take it back. */
  keep(checkpoint: Checkpoint): void {
    this.#cache.closeUndo(checkpoint.cache);
    this.#open -= 1;
    if (this.#open === 0 && this.#reverts.length > 0) this.#reverts.length = 0;
  }
}
