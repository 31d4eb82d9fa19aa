import { UndoClosedError } from './errors';

/** Something that can put back what it held before one change. Reverting is never logged itself. */
export interface Revertible {
  revert(slot: number, old: unknown): void;
}

/** A moment to which the cache can return. Made by `openUndo`. */
export class UndoMark {
  /** How many marks were open around this one. */
  readonly depth: number;
  /** How many changes were in the log. */
  readonly position: number;

  constructor(depth: number, position: number) {
    this.depth = depth;
    this.position = position;
  }
}

/**
 * What changed since the oldest open mark, newest last: who changed, at which slot, and what was there.
 *
 * @remarks Costs nothing while no mark is open, three appends per change while one is. Undoing is proportional to the changes.
 */
export class UndoLog {
  /** Whether changes must be noted: whoever changes asks this first. */
  isOpen = false;
  readonly #marks: UndoMark[] = [];
  #changed: Revertible[] = [];
  #slots: number[] = [];
  #olds: unknown[] = [];

  /** How many changes are noted. */
  get length(): number {
    return this.#changed.length;
  }

  note(changed: Revertible, slot: number, old: unknown): void {
    this.#changed.push(changed);
    this.#slots.push(slot);
    this.#olds.push(old);
  }

  /** Notes a change of many values at once, by how to take it back. */
  noteAction(takeBack: () => void): void {
    this.note({ revert: takeBack }, 0, undefined);
  }

  open(): UndoMark {
    const mark = new UndoMark(this.#marks.length, this.length);
    this.#marks.push(mark);
    this.isOpen = true;
    return mark;
  }

  /** Takes back all since the mark, newest first. The mark stays open, those inside it are closed. */
  undoTo(mark: UndoMark): void {
    this.#check(mark);
    this.#marks.length = mark.depth + 1;
    for (let at = this.length - 1; at >= mark.position; at -= 1) {
      this.#changed[at]?.revert(this.#slots[at] ?? 0, this.#olds[at]);
    }
    this.#cutTo(mark.position);
  }

  /** Keeps all since the mark; the marks around it can still take it back. The mark and those inside it are closed. */
  close(mark: UndoMark): void {
    this.#check(mark);
    this.#marks.length = mark.depth;
    if (mark.depth > 0) return;
    this.isOpen = false;
    this.#cutTo(0);
  }

  #check(mark: UndoMark): void {
    if (this.#marks[mark.depth] !== mark) throw new UndoClosedError();
  }

  #cutTo(length: number): void {
    this.#changed.length = length;
    this.#slots.length = length;
    this.#olds.length = length;
  }
}
