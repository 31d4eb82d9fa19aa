import { SlotList, type SlotIndex } from '@ormolu/cache';
import type { Id } from '@ormolu/kernel';
import { SlotNumbers } from './slot-numbers';

/** The sequence of a mark whose cause is known to have changed. */
export const CERTAIN = -1;

/** The pending records of one field, by slot, in the order marked, each with the moment from which a changed cause makes its mark certain. */
export class Marks {
  readonly slots: SlotIndex;
  readonly #list = new SlotList();
  readonly #since = new SlotNumbers();
  #last: SlotNumbers | undefined;

  constructor(slots: SlotIndex) {
    this.slots = slots;
  }

  get size(): number {
    return this.#list.size;
  }

  has(slot: number): boolean {
    return slot >= 0 && this.#list.has(slot);
  }

  /** The moment of a mark; undefined when there is none. */
  sinceOf(slot: number): number | undefined {
    return this.has(slot) ? this.#since.get(slot) : undefined;
  }

  set(slot: number, since: number): void {
    if (!this.#list.has(slot)) {
      this.#list.tidy();
      this.#list.add(slot);
    }
    this.#since.set(slot, since);
  }

  /** The moment at which one was marked the last time, 0 where that is not known. */
  lastOf(slot: number): number {
    return slot < 0 ? 0 : this.#last?.get(slot) ?? 0;
  }

  /** Where no moments are kept, not knowing one costs nothing. */
  setLast(slot: number, time: number): void {
    if (time > 0) (this.#last ??= new SlotNumbers()).set(slot, time);
    else this.#last?.set(slot, 0);
  }

  delete(slot: number): void {
    if (this.has(slot)) this.#list.delete(slot);
  }

  ids(): Id[] {
    return this.#list.slots().map((slot) => this.slots.idOf(slot));
  }
}
