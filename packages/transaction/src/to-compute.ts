import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { UndoLog } from './undo-log';

/** The sequence of a mark whose cause is known to have changed. */
const CERTAIN = -1;

/**
 * The queue of pending computations: stored computed field → record ids.
 *
 * A mark is *certain* when a value its compute reads has changed, *possible* when so far it is only known that such a value is
 * itself pending. A possible mark remembers when it was made: if none of its causes came out different since, it is dropped
 * without running.
 * @see docs/ladder.md; Odoo's `tocompute`, to which certainty is added.
 */
export class ToCompute implements Iterable<[Field, Iterable<Id>]> {
  readonly #marks = new Map<Field, Map<Id, number>>();
  /** When a recomputed value last came out different from before. */
  readonly #changes = new Map<Field, Map<Id, number>>();
  readonly #undo: UndoLog;

  constructor(undo: UndoLog) {
    this.#undo = undo;
  }

  /** Number of fields with pending records. */
  get size(): number {
    return this.#marks.size;
  }

  /** Whether anything of a field is pending. */
  isMarked(field: Field): boolean {
    return this.#marks.size > 0 && this.#marks.has(field);
  }

  /** Whether this pair is pending. */
  has(field: Field, id: Id): boolean {
    return this.#marks.get(field)?.has(id) ?? false;
  }

  /** The pending ids of a field, in the order marked. */
  get(field: Field): readonly Id[] {
    const marks = this.#marks.get(field);
    return marks ? [...marks.keys()] : [];
  }

  /** Fields with pending records, in the order they first were marked. */
  fields(): readonly Field[] {
    return [...this.#marks.keys()];
  }

  [Symbol.iterator](): Iterator<[Field, Iterable<Id>]> {
    return [...this.#marks].map(([field, marks]): [Field, Iterable<Id>] => [field, marks.keys()])[Symbol.iterator]();
  }

  /** When a pair was marked as possibly stale; undefined when it is certain to be, or not pending. */
  possibleSince(field: Field, id: Id): number | undefined {
    const mark = this.#marks.get(field)?.get(id);
    return mark === CERTAIN ? undefined : mark;
  }

  /** Whether a recomputed value has come out different after this moment. */
  hasChangedSince(field: Field, id: Id, sequence: number): boolean {
    return (this.#changes.get(field)?.get(id) ?? CERTAIN) >= sequence;
  }

  /**
   * @param since - `certain`, or the moment from which on a changed cause makes the mark certain
   * @returns the ids that were not pending before
   */
  mark(field: Field, ids: Iterable<Id>, since: 'certain' | number): readonly Id[] {
    const sequence = since === 'certain' ? CERTAIN : since;
    let marks = this.#marks.get(field);
    if (!marks) this.#marks.set(field, (marks = new Map<Id, number>()));
    const added: Id[] = [];
    const raised: [Id, number][] = [];
    for (const id of ids) {
      const known = marks.get(id);
      if (known === undefined) added.push(id);
      else if (sequence < known) raised.push([id, known]);
      else continue;
      marks.set(id, sequence);
    }
    if (marks.size === 0) this.#marks.delete(field);
    if (added.length + raised.length > 0) this.#undo.push(() => {
      const left = this.#marks.get(field);
      for (const id of added) left?.delete(id);
      for (const [id, known] of raised) left?.set(id, known);
      if (left?.size === 0) this.#marks.delete(field);
    });
    return added;
  }

  /** Takes pairs off the queue; those not on it are no error. */
  unmark(field: Field, ids: Iterable<Id>): void {
    const marks = this.#marks.get(field);
    if (!marks) return;
    const dropped: [Id, number][] = [];
    for (const id of ids) {
      const mark = marks.get(id);
      if (mark === undefined) continue;
      dropped.push([id, mark]);
      marks.delete(id);
    }
    if (marks.size === 0) this.#marks.delete(field);
    if (dropped.length > 0) this.#undo.push(() => {
      const left = this.#marks.get(field);
      if (left) for (const [id, mark] of dropped) left.set(id, mark);
      else this.#marks.set(field, new Map(dropped));
    });
  }

  /** Remembers that a recomputed value came out different, as long as somebody waits to hear it. */
  noteChanged(field: Field, id: Id, sequence: number): void {
    let changes = this.#changes.get(field);
    if (!changes) this.#changes.set(field, (changes = new Map<Id, number>()));
    const times = changes;
    const before = times.get(id);
    times.set(id, sequence);
    this.#undo.push(() => {
      if (before === undefined) times.delete(id);
      else times.set(id, before);
    });
  }

  /** When nothing is pending any more, nobody asks what has changed. */
  forgetChanges(): void {
    if (this.#marks.size > 0 || this.#changes.size === 0) return;
    const before = [...this.#changes];
    this.#changes.clear();
    this.#undo.push(() => {
      for (const [field, times] of before) this.#changes.set(field, times);
    });
  }

  /** Empties the queue. */
  clear(): void {
    const before = [...this.#marks];
    this.#marks.clear();
    this.#undo.push(() => {
      this.#marks.clear();
      for (const [field, marks] of before) this.#marks.set(field, marks);
    });
    this.forgetChanges();
  }
}
