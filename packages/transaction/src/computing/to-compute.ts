import type { Cache, SlotIndex } from '@ormolu/cache';
import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { CERTAIN, Marks } from './marks';
import { SlotNumbers } from './slot-numbers';
import type { UndoLog } from '../undo/undo-log';

/** What is noted of a slot that had no mark. */
const UNMARKED = -2;

/** When recomputed values of one field last came out different from before, by slot. */
export interface Changes {
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
  /** Fields of which a value may be unmarked although one that it reads is marked. That this is taken back changes nothing: it costs a walk too much. */
  readonly #spared = new Set<Field>();
  readonly #cache: Cache;
  readonly #undo: UndoLog;
  readonly #keepsMoments: (field: Field) => boolean;

  /** @param keepsMoments - whether somebody may ask whether what changed a field came before or after another moment */
  constructor(cache: Cache, undo: UndoLog, keepsMoments: (field: Field) => boolean) {
    this.#cache = cache;
    this.#undo = undo;
    this.#keepsMoments = keepsMoments;
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

  /** The pending records of a field by slot; undefined when there are none. */
  marksOf(field: Field): Marks | undefined {
    return this.#marks.get(field);
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

  /**
   * When a pending pair was marked the last time: a value that comes out different has changed with its cause, not when it is computed. Undefined where that
   * is not known, or nobody asks.
   */
  markedAt(field: Field, id: Id): number | undefined {
    const marks = this.#marks.get(field);
    const last = marks?.lastOf(marks.slots.slotOf(id)) ?? 0;
    return last > 0 ? last : undefined;
  }

  /** Whether any recomputed value of a field has come out different after this moment. */
  hasAnyChangedSince(field: Field, sequence: number): boolean {
    return (this.#changes.get(field)?.last ?? CERTAIN) >= sequence;
  }

  /** Whether a recomputed value has come out different after this moment. */
  hasChangedSince(field: Field, id: Id, sequence: number): boolean {
    const changes = this.#changes.get(field);
    return changes !== undefined && hasChanged(changes, changes.slots.slotOf(id), sequence);
  }

  /** When values of a field came out different, by slot; undefined when none did. */
  changesOf(field: Field): Changes | undefined {
    return this.#changes.get(field);
  }

  /**
   * @param since - `certain`, or the moment from which on a changed cause makes the mark certain
   * @param time - when their cause was changed, if that is known
   * @returns the ids that were not pending before
   */
  mark(field: Field, ids: Iterable<Id>, since: 'certain' | number, time = 0): readonly Id[] {
    const added: Id[] = [];
    this.#mark(field, ids, { sequence: since === 'certain' ? CERTAIN : since, time }, added);
    return added;
  }

  /** The same, for who need not know which. @returns how many were not pending before */
  markAll(field: Field, ids: Iterable<Id>, since: 'certain' | number, time = 0): number {
    return this.#mark(field, ids, { sequence: since === 'certain' ? CERTAIN : since, time });
  }

  #mark(field: Field, ids: Iterable<Id>, { sequence, time }: { readonly sequence: number; readonly time: number }, added?: Id[]): number {
    const known = this.#marks.get(field);
    const marks = known ?? this.#marksFor(field);
    const { slots } = marks;
    const keepsMoments = this.#keepsMoments(field);
    /** Slots and what their marks were before, in turn: since when, and made when. */
    const noted: number[] | undefined = this.#undo.isOpen ? [] : undefined;
    const before = marks.size;
    for (const id of ids) {
      const slot = slots.ensure(id);
      const old = marks.sinceOf(slot);
      const isKept = old !== undefined && sequence >= old;
      if (isKept && !keepsMoments) continue;
      if (old === undefined) added?.push(id);
      const last = old === undefined || !keepsMoments ? 0 : marks.lastOf(slot);
      noted?.push(slot, old ?? UNMARKED, last);
      if (!isKept) marks.set(slot, sequence);
      // Of causes of which one is not known when it came, none is.
      if (keepsMoments) marks.setLast(slot, time === 0 || (old !== undefined && last === 0) ? 0 : Math.max(time, last));
    }
    if (!known && marks.size > 0) this.#begin(field, marks);
    if (noted && noted.length > 0) this.#undo.push(() => { this.#takeBack(field, slots, noted); });
    return marks.size - before;
  }

  #takeBack(field: Field, slots: SlotIndex, noted: readonly number[]): void {
    const left = this.#marks.get(field);
    if (!left) return;
    for (let at = 0; at < noted.length; at += 3) {
      const slot = slotIn(left.slots, slots, noted[at] ?? 0);
      const old = noted[at + 1] ?? UNMARKED;
      if (old === UNMARKED) left.delete(slot);
      else left.set(slot, old);
      left.setLast(slot, noted[at + 2] ?? 0);
    }
    this.#endIfEmpty(field, left);
  }

  /** Takes pairs off the queue; those not on it are no error. */
  unmark(field: Field, ids: Iterable<Id>): void {
    const slots = this.#marks.get(field)?.slots;
    if (slots) this.takeOff(field, Array.from(ids, (id) => slots.slotOf(id)));
  }

  /** Takes pairs off the queue whose values were given: those they read may still be on it. */
  give(field: Field, ids: Iterable<Id>): void {
    this.spare(field);
    this.unmark(field, ids);
  }

  /** Values of a field were left alone when those they read were marked. */
  spare(field: Field): void {
    this.#spared.add(field);
  }

  /** Whether values of any of some fields may be unmarked although what they read is marked. */
  hasSpared(fields: ReadonlySet<Field>): boolean {
    for (const field of this.#spared) if (fields.has(field)) return true;
    return false;
  }

  /** Remembers that a recomputed value came out different, as long as somebody waits to hear it. */
  noteChanged(field: Field, id: Id, sequence: number): void {
    const slots = this.#changes.get(field)?.slots ?? this.#cache.slots(field.model);
    this.noteDifferent(field, [slots.ensure(id)], sequence);
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

  #marksFor(field: Field, slots = this.#cache.slots(field.model)): Marks {
    const idle = this.#idle.get(field);
    return idle?.slots === slots ? idle : new Marks(slots);
  }

  #endIfEmpty(field: Field, marks: Marks): void {
    if (marks.size > 0) return;
    this.#marks.delete(field);
    if (field.relation) this.#relations.delete(field);
    this.#idle.set(field, marks);
  }

  /** Takes some off the queue by slot; those not on it are no error. */
  takeOff(field: Field, slots: readonly number[]): void {
    const marks = this.#marks.get(field);
    if (!marks) return;
    /** Slots and the moments of their marks, in turn: since when, and made when. */
    const taken: number[] | undefined = this.#undo.isOpen ? [] : undefined;
    for (const slot of slots) {
      const since = marks.sinceOf(slot);
      if (since === undefined) continue;
      taken?.push(slot, since, marks.lastOf(slot));
      marks.delete(slot);
    }
    this.#endIfEmpty(field, marks);
    if (taken && taken.length > 0) this.#undo.push(() => {
      for (let at = 0; at < taken.length; at += 3) this.#putOn(field, marks.slots, taken[at] ?? 0, { since: taken[at + 1] ?? CERTAIN, last: taken[at + 2] ?? 0 });
    });
  }

  /** Remembers by slot that recomputed values came out different, as long as somebody waits to hear it. */
  noteDifferent(field: Field, slots: readonly number[], time: number): void {
    if (slots.length === 0) return;
    const of = this.#changesFor(field, this.#cache.slots(field.model));
    /** When they had come out different before, 0 for never. */
    const before: number[] | undefined = this.#undo.isOpen ? [] : undefined;
    for (const slot of slots) {
      const old = of.times.get(slot);
      before?.push(old);
      of.times.set(slot, Math.max(old, time));
    }
    of.last = Math.max(of.last, time);
    if (before) this.#undo.push(() => {
      const { slots: own, times } = this.#changesFor(field, of.slots);
      for (const [at, slot] of slots.entries()) times.set(slotIn(own, of.slots, slot), before[at] ?? 0);
    });
  }

  #changesFor(field: Field, slots: SlotIndex): Changes {
    let changes = this.#changes.get(field);
    if (!changes) this.#changes.set(field, (changes = { slots, times: new SlotNumbers(), last: CERTAIN }));
    return changes;
  }

  /** Puts one that was taken off on the queue again. */
  #putOn(field: Field, slots: SlotIndex, slot: number, { since, last }: { readonly since: number; readonly last: number }): void {
    let marks = this.#marks.get(field);
    if (!marks) this.#begin(field, (marks = this.#marksFor(field, slots)));
    const own = slotIn(marks.slots, slots, slot);
    marks.set(own, since);
    marks.setLast(own, last);
  }
}

/** A rollback comes back to slots of before a clear of the cache. */
function slotIn(own: SlotIndex, slots: SlotIndex, slot: number): number {
  return own === slots ? slot : own.ensure(slots.idOf(slot));
}

/** Whether a value came out different after a moment. */
export function hasChanged({ times }: Changes, slot: number, sequence: number): boolean {
  const time = slot < 0 ? 0 : times.get(slot);
  return time > 0 && time >= sequence;
}
