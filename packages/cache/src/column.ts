import type { Id } from '@ormolu/kernel';
import type { ColumnView } from './column-view';
import { FarValues } from './far-values';
import { MISS, placesFor, rawOf, UNDEFINED } from './places';
import type { ContextKey } from './shapes';
import type { SlotIndex } from './slot-index';
import { ABSENT, SlotList } from './slot-list';
import type { Revertible, UndoLog } from './undo-log';

/** How many places a column may have per value, and to start with, before it keeps values far behind apart. */
const PLACES_PER_VALUE = 16;
const FIRST_PLACES = 1024;

interface Contents {
  readonly places: unknown[];
  readonly far: FarValues | undefined;
  readonly count: number;
  readonly order: SlotList | undefined;
  readonly last: number;
  readonly rank: number;
}

/**
 * The values of one field under one context key, by slot: a plain array in which `undefined` is the hole.
 *
 * Slots are given in order of arrival, so values mostly arrive in slot order. While they do, their order costs one comparison;
 * the first that arrives out of order makes the column keep a list. Values on slots far behind all others stand apart until there
 * are enough of them.
 * @remarks One flat object, because a small transaction makes many: a part or a base class of its own doubles what making one costs.
 */
export class Column implements ColumnView, Revertible {
  readonly slots: SlotIndex;
  readonly key: ContextKey;
  /** The generation of the cache in which this column and its slots hold; see `Cache.generation`. */
  readonly generation: number;
  /** When this context was first written among those of its field, from 1; 0: not since the field was last forgotten. */
  rank = 0;
  /** Values asked for through the cache's calls, and those of them that were not there. */
  reads = 0;
  misses = 0;
  #places: unknown[] = [];
  /** Values on slots ≥ `#places.length`. */
  #far: FarValues | undefined;
  #count = 0;
  /** Slots in order of arrival, or undefined while that is the order of slots. */
  #order: SlotList | undefined;
  /** No slot with a value is greater. */
  #last = -1;
  /** Slots whose values wait to be written; each has a value. */
  #dirty: SlotList | undefined;
  readonly #log: UndoLog;

  constructor(slots: SlotIndex, key: ContextKey, generation: number, log: UndoLog) {
    this.slots = slots;
    this.key = key;
    this.generation = generation;
    this.#log = log;
  }

  /** How many values there are. */
  get size(): number {
    return this.#count;
  }

  get dirtySize(): number {
    return this.#dirty?.size ?? 0;
  }

  /** Bytes held for places, order and marks, roughly; not for what the values themselves hold. */
  get bytes(): number {
    return this.#places.length * 8 + (this.#far?.size ?? 0) * 48 + (this.#order?.bytes ?? 0) + (this.#dirty?.bytes ?? 0);
  }

  /** @returns the value at a slot, or `MISS`; −1 is nobody's slot and always a miss */
  at(slot: number): unknown {
    const raw = slot >= 0 && slot < this.#places.length ? this.#places[slot] : this.#far?.get(slot);
    if (raw === undefined) return MISS;
    return raw === UNDEFINED ? undefined : raw;
  }

  /** @returns the value of an id, or `MISS` */
  of(id: Id): unknown {
    return this.at(this.slots.slotOf(id));
  }

  has(slot: number): boolean {
    return this.#raw(slot) !== undefined;
  }

  isDirty(slot: number): boolean {
    return this.#dirty?.has(slot) === true;
  }

  /** Puts a value in, over one that may be there. */
  put(slot: number, value: unknown): void {
    const old = this.#raw(slot);
    if (old !== undefined && this.#log.listener !== undefined) this.#log.tell();
    if (this.#log.isOpen) this.#log.note(this, slot, old);
    this.#store(slot, old, rawOf(value));
  }

  /**
   * Puts a value in where there is none.
   * @param undoable - whether an undo takes it out again
   */
  insert(slot: number, value: unknown, undoable: boolean): void {
    if (this.has(slot)) return;
    if (undoable && this.#log.isOpen) this.#log.note(this, slot, undefined);
    this.#store(slot, undefined, rawOf(value));
  }

  /**
   * Puts values in, pairwise, as long as each comes right behind the last place: what filling a column in the order of its slots is,
   * without asking each time what may be there already.
   * @param undoable - whether an undo takes them out again; while one is open, such values go the other way
   * @returns how many were put in
   */
  insertRun(ids: readonly Id[], list: readonly unknown[], undoable: boolean): number {
    if (this.#far !== undefined || this.#order !== undefined || (undoable && this.#log.isOpen)) return 0;
    const { slots } = this;
    const end = this.#places.length;
    const limit = Math.min(ids.length, list.length);
    let run = 0;
    while (run < limit && slots.ensure(ids[run] as Id) === end + run) run += 1; // `run` lies inside
    if (run === 0) return 0;
    const places = placesFor(list, run);
    if (end === 0) this.#places = places;
    else for (const raw of places) this.#places.push(raw);
    this.#count += run;
    this.#last = end + run - 1;
    return run;
  }

  /** Takes a value out, if there is one, whether marked or not: the mark is the caller's affair. */
  delete(slot: number): void {
    const old = this.#raw(slot);
    if (old === undefined) return;
    if (this.#log.listener !== undefined) this.#log.tell();
    if (this.#log.isOpen) {
      if (this.#order !== undefined) this.#log.note(this.#order, slot, this.#order.placeOf(slot));
      this.#log.note(this, slot, old);
    }
    this.#putBack(slot, undefined);
  }

  /** Puts a value in that waits to be written, into a column that is listed as having such values. */
  putDirty(slot: number, value: unknown): void {
    const raw = rawOf(value);
    const old = this.#raw(slot);
    const dirty = this.#dirty ??= new SlotList();
    const isFirst = !dirty.has(slot);
    if (old !== undefined && this.#log.listener !== undefined) this.#log.tell();
    // One note for value and mark: a slot below zero says that the mark came with the value.
    if (this.#log.isOpen) this.#log.note(this, isFirst ? ~slot : slot, old);
    else if (isFirst) dirty.tidy();
    this.#store(slot, old, raw);
    if (isFirst) dirty.add(slot);
  }

  /** Marks the value at a slot, which there must be, as waiting to be written. */
  mark(slot: number): void {
    const dirty = this.#dirty ??= new SlotList();
    if (dirty.has(slot)) return;
    if (this.#log.isOpen) this.#log.note(dirty, slot, ABSENT);
    else dirty.tidy();
    dirty.add(slot);
  }

  unmark(slot: number): void {
    const dirty = this.#dirty;
    if (dirty?.has(slot) !== true) return;
    if (this.#log.isOpen) this.#log.note(dirty, slot, dirty.placeOf(slot));
    dirty.delete(slot);
  }

  /** Takes all marks away at once. */
  unmarkAll(): void {
    const dirty = this.#dirty;
    if (this.#log.isOpen) this.#log.noteAction(() => { this.#dirty = dirty; });
    this.#dirty = undefined;
  }

  /** Forgets all values but the dirty ones, at once. */
  forgetClean(): void {
    if (this.#log.listener !== undefined) this.#log.tell();
    const kept = this.dirtySize === 0 ? [] : this.occupied().filter((slot) => this.isDirty(slot));
    const raws = kept.map((slot) => this.#raw(slot));
    const old: Contents = { places: this.#places, far: this.#far, count: this.#count, order: this.#order, last: this.#last, rank: this.rank };
    if (this.#log.isOpen) this.#log.noteAction(() => { this.#hold(old); });
    this.#hold({ places: [], far: undefined, count: 0, order: undefined, last: -1, rank: kept.length === 0 ? 0 : this.rank });
    kept.forEach((slot, at) => { this.#store(slot, undefined, raws[at]); });
    // An empty list still holds places.
    if (this.dirtySize === 0 && !this.#log.isOpen) this.#dirty = undefined;
  }

  /** The slots that have values, in the order in which these came, as a list of their own. */
  occupied(): number[] {
    return this.#order === undefined ? this.#ascending() : this.#order.slots();
  }

  /** Some of the values, at most so many, spread over the slots. */
  sample(limit: number): unknown[] {
    const places = this.#places;
    const stride = Math.max(1, Math.ceil(places.length / limit));
    const values: unknown[] = [];
    for (let slot = 0; slot < places.length; slot += stride) {
      if (places[slot] !== undefined) values.push(places[slot]);
    }
    return values.length > 0 ? values : this.#far?.some(limit) ?? [];
  }

  /** The slots marked as dirty, in the order in which they were, as a list of their own. */
  dirtySlots(): number[] {
    return this.#dirty?.slots() ?? [];
  }

  revert(slots: readonly number[], olds: readonly unknown[], from: number, to: number): void {
    const places = this.#places;
    let marks = 0;
    for (let at = to; at >= from; at -= 1) {
      const noted = slots[at] ?? 0;
      const slot = noted < 0 ? ~noted : noted;
      if (noted < 0) marks += 1;
      const old = olds[at];
      if (old !== undefined && slot < places.length && places[slot] !== undefined) places[slot] = old;
      else this.#putBack(slot, old);
    }
    this.#dirty?.withdraw(marks);
  }

  /** Puts back what stood for a value, or takes it out when there was none. */
  #putBack(slot: number, old: unknown): void {
    const current = this.#raw(slot);
    if (old !== undefined) {
      if (current === undefined) this.#count += 1;
      this.#write(slot, old);
      return;
    }
    if (current === undefined) return;
    this.#count -= 1;
    if (this.#order?.has(slot) === true) this.#order.delete(slot);
    if (slot < this.#places.length) this.#places[slot] = undefined;
    else this.#far?.delete(slot);
  }

  /** What stands for a value at a slot; `undefined` when there is none. */
  #raw(slot: number): unknown {
    return slot >= 0 && slot < this.#places.length ? this.#places[slot] : this.#far?.get(slot);
  }

  #store(slot: number, old: unknown, raw: unknown): void {
    if (old === undefined) {
      this.#count += 1;
      if (this.#order !== undefined || slot < this.#last) this.#append(slot);
      else this.#last = slot;
    }
    this.#write(slot, raw);
  }

  /** Notes a slot as the last to come, where that is not plain from its number. Its value is not in yet. */
  #append(slot: number): void {
    // Nobody can ask back for the order of values that are all gone, unless an undo log is open.
    if (this.#count === 1 && !this.#log.isOpen) {
      this.#order = undefined;
      this.#last = slot;
      return;
    }
    if (this.#order === undefined) {
      const order = new SlotList();
      for (const earlier of this.#ascending()) order.add(earlier);
      if (this.#log.isOpen) this.#log.noteAction(() => { this.#order = undefined; });
      this.#order = order;
    }
    if (!this.#log.isOpen) this.#order.tidy();
    this.#order.add(slot);
    if (slot > this.#last) this.#last = slot;
  }

  #write(slot: number, raw: unknown): void {
    const places = this.#places;
    if (slot < places.length) places[slot] = raw;
    else if (slot > PLACES_PER_VALUE * this.#count + FIRST_PLACES) {
      this.#far ??= new FarValues();
      this.#far.set(slot, raw);
    } else {
      while (places.length < slot) places.push(undefined);
      places.push(raw);
      this.#far?.moveInto(places);
      if (this.#far?.size === 0) this.#far = undefined;
    }
  }

  #ascending(): number[] {
    const slots: number[] = [];
    const places = this.#places;
    for (let slot = 0; slot < places.length; slot += 1) {
      if (places[slot] !== undefined) slots.push(slot);
    }
    for (const slot of this.#far?.ascending() ?? []) slots.push(slot);
    return slots;
  }

  #hold({ places, far, count, order, last, rank }: Contents): void {
    this.#places = places;
    this.#far = far;
    this.#count = count;
    this.#order = order;
    this.#last = last;
    this.rank = rank;
  }
}
