import { SlotList, type Cache, type SlotIndex } from '@ormolu/cache';
import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { SlotNumbers } from './slot-numbers';
import type { UndoLog } from '../undo/undo-log';

/** The sequence of a mark whose cause is known to have changed. */
const CERTAIN = -1;

/** The pending records of one field, by slot, in the order marked, each with the moment of its mark. */
class Marks {
  readonly slots: SlotIndex;
  readonly #list = new SlotList();
  readonly #since = new SlotNumbers();

  constructor(slots: SlotIndex) {
    this.slots = slots;
  }

  get size(): number {
    return this.#list.size;
  }

  /** The moment of a mark; undefined when there is none. */
  sinceOf(slot: number): number | undefined {
    return slot >= 0 && this.#list.has(slot) ? this.#since.get(slot) : undefined;
  }

  set(slot: number, since: number): void {
    if (!this.#list.has(slot)) {
      this.#list.tidy();
      this.#list.add(slot);
    }
    this.#since.set(slot, since);
  }

  delete(slot: number): void {
    if (slot >= 0 && this.#list.has(slot)) this.#list.delete(slot);
  }

  ids(): Id[] {
    return this.#list.slots().map((slot) => this.slots.idOf(slot));
  }
}

/** When recomputed values of one field last came out different from before, by slot. */
interface Changes {
  readonly slots: SlotIndex;
  readonly times: SlotNumbers;
  /** The last of these moments. */
  last: number;
}

/**
 * The queue of pending computations: stored computed field → record ids.
 *
 * A mark is *certain* when a value its compute reads has changed, *possible* when so far it is only known that such a value is
 * itself pending. A possible mark remembers when it was made: if none of its causes came out different since, it is dropped
 * without running.
 * @see docs/ladder.md; Odoo's `tocompute`, to which certainty is added.
 */
export class ToCompute implements Iterable<[Field, Iterable<Id>]> {
  readonly #marks = new Map<Field, Marks>();
  /** Marks of fields of which nothing is pending any more: making new ones for each change would cost more than marking. */
  readonly #idle = new Map<Field, Marks>();
  readonly #changes = new Map<Field, Changes>();
  /** Of the fields with pending records, those that are relations: whom their lists hold waits for them. */
  readonly #relations = new Set<Field>();
  readonly #cache: Cache;
  readonly #undo: UndoLog;

  constructor(cache: Cache, undo: UndoLog) {
    this.#cache = cache;
    this.#undo = undo;
  }

  /** Number of fields with pending records. */
  get size(): number {
    return this.#marks.size;
  }

  /** Whether any relation is pending. */
  get hasRelations(): boolean {
    return this.#relations.size > 0;
  }

  /** The pending relations. */
  relations(): readonly Field[] {
    return [...this.#relations];
  }

  /** Whether anything of a field is pending. */
  isMarked(field: Field): boolean {
    return this.#marks.size > 0 && this.#marks.has(field);
  }

  /** Whether this pair is pending. */
  has(field: Field, id: Id): boolean {
    const marks = this.#marks.get(field);
    return marks?.sinceOf(marks.slots.slotOf(id)) !== undefined;
  }

  /** The pending ids of a field, in the order marked. */
  get(field: Field): readonly Id[] {
    return this.#marks.get(field)?.ids() ?? [];
  }

  /** Those of some ids that are pending. */
  among(field: Field, ids: readonly Id[]): readonly Id[] {
    const marks = this.#marks.get(field);
    return marks ? ids.filter((id) => marks.sinceOf(marks.slots.slotOf(id)) !== undefined) : [];
  }

  /** Fields with pending records, in the order they first were marked. */
  fields(): readonly Field[] {
    return [...this.#marks.keys()];
  }

  [Symbol.iterator](): Iterator<[Field, Iterable<Id>]> {
    return [...this.#marks].map(([field, marks]): [Field, Iterable<Id>] => [field, marks.ids()])[Symbol.iterator]();
  }

  /** When a pair was marked as possibly stale; undefined when it is certain to be, or not pending. */
  possibleSince(field: Field, id: Id): number | undefined {
    const marks = this.#marks.get(field);
    const since = marks?.sinceOf(marks.slots.slotOf(id));
    return since === CERTAIN ? undefined : since;
  }

  /** Whether any recomputed value of a field has come out different after this moment. */
  hasAnyChangedSince(field: Field, sequence: number): boolean {
    return (this.#changes.get(field)?.last ?? CERTAIN) >= sequence;
  }

  /** Whether a recomputed value has come out different after this moment. */
  hasChangedSince(field: Field, id: Id, sequence: number): boolean {
    const changes = this.#changes.get(field);
    if (!changes) return false;
    const time = changes.times.get(changes.slots.slotOf(id));
    return time > 0 && time >= sequence;
  }

  /**
   * @param since - `certain`, or the moment from which on a changed cause makes the mark certain
   * @returns the ids that were not pending before
   */
  mark(field: Field, ids: Iterable<Id>, since: 'certain' | number): readonly Id[] {
    const sequence = since === 'certain' ? CERTAIN : since;
    const known = this.#marks.get(field);
    const marks = known ?? this.#marksFor(field);
    const { slots } = marks;
    const added: Id[] = [];
    const raised: [Id, number][] = [];
    for (const id of ids) {
      const slot = slots.ensure(id);
      const before = marks.sinceOf(slot);
      if (before === undefined) added.push(id);
      else if (sequence < before) raised.push([id, before]);
      else continue;
      marks.set(slot, sequence);
    }
    if (!known && marks.size > 0) this.#begin(field, marks);
    if (added.length + raised.length > 0 && this.#undo.isOpen) this.#undo.push(() => {
      const left = this.#marks.get(field);
      if (!left) return;
      for (const id of added) left.delete(left.slots.slotOf(id));
      for (const [id, before] of raised) left.set(left.slots.ensure(id), before);
      this.#endIfEmpty(field, left);
    });
    return added;
  }

  /** Takes pairs off the queue; those not on it are no error. */
  unmark(field: Field, ids: Iterable<Id>): void {
    if (!this.#marks.has(field)) return;
    const taking = this.settling(field);
    for (const id of ids) taking.unmark(id);
  }

  /** Remembers that a recomputed value came out different, as long as somebody waits to hear it. */
  noteChanged(field: Field, id: Id, sequence: number): void {
    this.settling(field).noteChanged(id, sequence);
  }

  /** Values of a field that come one after the other, within one checkpoint: what is noted of them is taken back as one. */
  settling(field: Field): Settling {
    const unmarked: Id[] = [];
    const marksBefore: number[] = [];
    const changed: Id[] = [];
    const timesBefore: number[] = [];
    const { isOpen } = this.#undo;
    if (isOpen) this.#undo.push(() => {
      for (let at = changed.length - 1; at >= 0; at -= 1) this.#setChanged(field, changed[at] as Id, timesBefore[at] ?? 0); // `at` lies inside
      for (const [at, id] of unmarked.entries()) this.#setMark(field, id, marksBefore[at] ?? CERTAIN);
    });
    return {
      unmark: (id) => {
        const marks = this.#marks.get(field);
        if (!marks) return;
        const slot = marks.slots.slotOf(id);
        const since = marks.sinceOf(slot);
        if (since === undefined) return;
        marks.delete(slot);
        this.#endIfEmpty(field, marks);
        if (!isOpen) return;
        unmarked.push(id);
        marksBefore.push(since);
      },
      noteChanged: (id, sequence) => {
        const before = this.#setChanged(field, id, sequence);
        if (!isOpen) return;
        changed.push(id);
        timesBefore.push(before);
      },
    };
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
    this.#relations.clear();
    this.#idle.clear();
    this.#undo.push(() => {
      this.#marks.clear();
      this.#relations.clear();
      for (const [field, marks] of before) this.#begin(field, marks);
    });
    this.forgetChanges();
  }

  #begin(field: Field, marks: Marks): void {
    this.#marks.set(field, marks);
    if (field.relation) this.#relations.add(field);
  }

  #marksFor(field: Field): Marks {
    const slots = this.#cache.slots(field.model);
    const idle = this.#idle.get(field);
    return idle?.slots === slots ? idle : new Marks(slots);
  }

  #endIfEmpty(field: Field, marks: Marks): void {
    if (marks.size > 0) return;
    this.#marks.delete(field);
    if (field.relation) this.#relations.delete(field);
    this.#idle.set(field, marks);
  }

  #setMark(field: Field, id: Id, since: number): void {
    let marks = this.#marks.get(field);
    if (!marks) this.#begin(field, (marks = this.#marksFor(field)));
    marks.set(marks.slots.ensure(id), since);
  }

  /** @returns the moment before, 0 for none */
  #setChanged(field: Field, id: Id, time: number): number {
    let changes = this.#changes.get(field);
    if (!changes) this.#changes.set(field, (changes = { slots: this.#cache.slots(field.model), times: new SlotNumbers(), last: CERTAIN }));
    const slot = changes.slots.ensure(id);
    const before = changes.times.get(slot);
    changes.times.set(slot, time);
    changes.last = Math.max(changes.last, time);
    return before;
  }
}

/** What is noted of a computed field while its values come in. */
export interface Settling {
  /** Takes a pair off the queue; one not on it is no error. */
  unmark(id: Id): void;
  /** Remembers that a value came out different, as long as somebody waits to hear it. */
  noteChanged(id: Id, sequence: number): void;
}
