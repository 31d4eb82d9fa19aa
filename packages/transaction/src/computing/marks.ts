import { SlotList, type SlotIndex } from '@ormolu/cache';
import type { Id } from '@ormolu/kernel';
import { SlotNumbers } from './slot-numbers';

/** The sequence of a mark whose cause is known to have changed. */
export const CERTAIN = -1;

/** The pending records of one field, by slot, in the order marked, each with the moment of its mark. */
export class Marks {
  readonly slots: SlotIndex;
  readonly #list = new SlotList();
  readonly #since = new SlotNumbers();

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

  delete(slot: number): void {
    if (this.has(slot)) this.#list.delete(slot);
  }

  ids(): Id[] {
    return this.#list.slots().map((slot) => this.slots.idOf(slot));
  }
}
