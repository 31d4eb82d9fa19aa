import { typeName } from '@ormolu/kernel';
import { InvalidArgumentError, UndoClosedError } from './errors';

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
 * @remarks Costs nothing while no mark is open, three stores per change while one is. Undoing is proportional to the changes.
 */
export class UndoLog {
  /** Whether changes must be noted: whoever changes asks this first. */
  isOpen = false;
  readonly #marks: UndoMark[] = [];
  // Room once taken is kept until the last mark is closed: growing again after each return would cost more than the noting.
  readonly #changed: (Revertible | undefined)[] = [];
  readonly #slots: number[] = [];
  readonly #olds: unknown[] = [];
  #length = 0;

  /** How many changes are noted. */
  get length(): number {
    return this.#length;
  }

  note(changed: Revertible, slot: number, old: unknown): void {
    const at = this.#length;
    this.#changed[at] = changed;
    this.#slots[at] = slot;
    this.#olds[at] = old;
    this.#length = at + 1;
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
    const [changed, slots, olds] = [this.#changed, this.#slots, this.#olds];
    for (let at = this.#length - 1; at >= mark.position; at -= 1) changed[at]?.revert(slots[at] ?? 0, olds[at]);
    // Nothing that was noted may be kept alive by the room it took.
    this.#changed.fill(undefined, mark.position, this.#length);
    this.#olds.fill(undefined, mark.position, this.#length);
    this.#length = mark.position;
  }

  /** Keeps all since the mark; the marks around it can still take it back. The mark and those inside it are closed. */
  close(mark: UndoMark): void {
    this.#check(mark);
    this.#marks.length = mark.depth;
    if (mark.depth > 0) return;
    this.isOpen = false;
    this.#length = 0;
    this.#changed.length = 0;
    this.#slots.length = 0;
    this.#olds.length = 0;
  }

  #check(mark: UndoMark): void {
    if (!((mark as unknown) instanceof UndoMark)) throw new InvalidArgumentError('undoTo', `a mark that is ${typeName(mark)}`, 'a mark that openUndo() gave, and so does closeUndo()');
    if (this.#marks[mark.depth] !== mark) throw new UndoClosedError();
  }
}
