import { typeName } from '@ormolu/kernel';
import { InvalidArgumentError, UndoClosedError } from './errors';

/** Something that can put back what it held before its changes. Reverting is never logged itself. */
export interface Revertible {
  /**
   * Takes back changes that were noted one after the other, the newest first.
   * @param slots - and `olds`: what was noted of the changes, at the places `from` to `to`, both included
   */
  revert(slots: readonly number[], olds: readonly unknown[], from: number, to: number): void;
}

/** A change of many values at once, by how to take it back. */
class Action implements Revertible {
  readonly #takeBack: () => void;

  constructor(takeBack: () => void) {
    this.#takeBack = takeBack;
  }

  revert(): void {
    this.#takeBack();
  }
}

/** So many changes' room is kept from one mark to the next: functions that may be taken back are short mostly, and many. */
const KEPT_ROOM = 1024;

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
 * What changed since the oldest open mark, newest last: at which slot, what was there, and in runs, who changed.
 *
 * @remarks Costs nothing while no mark is open, two stores per change while one is. Undoing is proportional to the changes.
 */
export class UndoLog {
  /** Who is to hear of the next change to a value that is there: whoever makes one tells. */
  listener: (() => void) | undefined;
  /** Whether changes must be noted: whoever changes asks this first. */
  isOpen = false;
  readonly #marks: UndoMark[] = [];
  // Room once taken is kept until the last mark is closed: growing again after each return would cost more than the noting.
  readonly #slots: number[] = [];
  readonly #olds: unknown[] = [];
  #length = 0;
  /** Whose changes follow one another, and from which on. */
  readonly #runs: Revertible[] = [];
  readonly #starts: number[] = [];
  /** Whose the last run is. */
  #last: Revertible | undefined;
  /** The mark closed last: V8 throws compiled code away when it finds no object alive of a class that the code knows. */
  last: UndoMark | undefined;

  /** A value that is there is about to change or to go. Who listens hears of it once. */
  tell(): void {
    const { listener } = this;
    this.listener = undefined;
    listener?.();
  }

  /** How many changes are noted. */
  get length(): number {
    return this.#length;
  }

  note(changed: Revertible, slot: number, old: unknown): void {
    const at = this.#length;
    if (changed !== this.#last) {
      this.#last = changed;
      this.#runs.push(changed);
      this.#starts.push(at);
    }
    this.#slots[at] = slot;
    this.#olds[at] = old;
    this.#length = at + 1;
  }

  /** Notes a change of many values at once, by how to take it back. */
  noteAction(takeBack: () => void): void {
    this.note(new Action(takeBack), 0, undefined);
  }

  open(): UndoMark {
    const mark = new UndoMark(this.#marks.length, this.length);
    this.#marks.push(mark);
    this.isOpen = true;
    return mark;
  }

  /** Takes back all since the mark, newest first. The mark stays open, those inside it are closed. */
  undoTo(mark: UndoMark): void {
    const end = this.#takeBack(mark);
    this.#wipe(mark.position, end);
  }

  /** Takes back all since the mark, newest first, and closes it. */
  undoAndClose(mark: UndoMark): void {
    const end = this.#takeBack(mark);
    if (mark.depth > 0 || end <= KEPT_ROOM) this.#wipe(mark.position, end);
    this.close(mark);
  }

  /** Keeps all since the mark; the marks around it can still take it back. The mark and those inside it are closed. */
  close(mark: UndoMark): void {
    this.#check(mark);
    this.#keepMarks(mark.depth);
    this.last = mark;
    if (mark.depth > 0) return;
    this.isOpen = false;
    if (this.#slots.length > KEPT_ROOM) {
      this.#slots.length = 0;
      this.#olds.length = 0;
    } else this.#wipe(0, this.#length);
    if (this.#length === 0) return;
    this.#length = 0;
    this.#runs.length = 0;
    this.#starts.length = 0;
    this.#last = undefined;
  }

  /** @returns how many changes were noted before */
  #takeBack(mark: UndoMark): number {
    this.#check(mark);
    if (this.listener !== undefined) this.tell();
    this.#keepMarks(mark.depth + 1);
    const end = this.#length;
    const [runs, starts] = [this.#runs, this.#starts];
    let to = end;
    while (to > mark.position) {
      const start = starts[starts.length - 1] ?? 0;
      const from = Math.max(start, mark.position);
      runs[runs.length - 1]?.revert(this.#slots, this.#olds, from, to - 1);
      to = from;
      if (start < mark.position) break;
      runs.pop();
      starts.pop();
    }
    this.#length = mark.position;
    this.#last = runs[runs.length - 1];
    return end;
  }

  /** Closes the innermost marks. Setting the length of a list costs ten times as much as taking the one that is mostly too many. */
  #keepMarks(count: number): void {
    while (this.#marks.length > count) this.#marks.pop();
  }

  /** Nothing that was noted may be kept alive by the room it took. */
  #wipe(from: number, end: number): void {
    const olds = this.#olds;
    for (let at = from; at < end; at += 1) olds[at] = undefined;
  }

  #check(mark: UndoMark): void {
    if (!((mark as unknown) instanceof UndoMark)) throw new InvalidArgumentError('undoTo', `a mark that is ${typeName(mark)}`, 'a mark that openUndo() gave, and so does closeUndo()');
    if (this.#marks[mark.depth] !== mark) throw new UndoClosedError();
  }
}
