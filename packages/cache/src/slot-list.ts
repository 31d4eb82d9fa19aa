import type { Revertible } from './undo-log';

/** What is noted as the place of a slot that was not in the list. */
export const ABSENT = -1;

const PAGE_BITS = 6;
const PAGE_SIZE = 1 << PAGE_BITS;
const GONE = -1;

/**
 * A set of slots that remembers the order in which they were added; adding one that is in keeps its place.
 *
 * A list of slots, and for each slot its place in the list, on pages, so that a few slots among a million cost little. A slot is in when
 * its place in the list holds it: the place of one that has left need not be wiped, so leaving touches no page.
 * @remarks Adding, deleting and asking are O(1); a place stays the slot's until `tidy`.
 * @see Briggs and Torczon, "An efficient representation for sparse sets" (1993)
 */
export class SlotList implements Revertible {
  /** Slots in order; `GONE` where one was deleted. What stands behind the end has left. */
  #list: number[] = [];
  #end = 0;
  /** The last place by slot. */
  readonly #pages: (number[] | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes held beside the object itself, roughly. */
  get bytes(): number {
    return this.#list.length * 16;
  }

  has(slot: number): boolean {
    return this.placeOf(slot) !== ABSENT;
  }

  /** @returns a number by which `revert` puts the slot back there, or `ABSENT` */
  placeOf(slot: number): number {
    const page = this.#pages[slot >> PAGE_BITS];
    if (page === undefined) return ABSENT;
    const place = page[slot & (PAGE_SIZE - 1)] ?? 0;
    return place < this.#end && this.#list[place] === slot ? place : ABSENT;
  }

  /** Adds a slot that is not in, at the end. */
  add(slot: number): void {
    this.#setPlace(slot, this.#end);
    this.#list[this.#end] = slot;
    this.#end += 1;
    this.#size += 1;
  }

  /** Takes out a slot that is in. */
  delete(slot: number): void {
    this.#list[this.placeOf(slot)] = GONE;
    this.#size -= 1;
  }

  /** Takes out so many slots that were added last: what came after them has been taken back before. */
  withdraw(count: number): void {
    this.#end -= count;
    this.#size -= count;
  }

  /** Puts slots back at the places they had, or takes them out when they had none. */
  revert(slots: readonly number[], olds: readonly unknown[], from: number, to: number): void {
    for (let at = to; at >= from; at -= 1) {
      const slot = slots[at] ?? GONE;
      const place = Number(olds[at]);
      const now = this.placeOf(slot);
      if (now !== ABSENT) {
        // What was added since then leaves from the end.
        if (now === this.#end - 1) this.#end = now;
        else this.#list[now] = GONE;
        this.#size -= 1;
      }
      if (place === ABSENT) continue;
      // The gap that it left is there still: nothing before the end gives room back but `tidy`.
      this.#list[place] = slot;
      this.#setPlace(slot, place);
      this.#size += 1;
    }
  }

  /** Closes the gaps once they are more than half the list. Places noted before no longer hold. */
  tidy(): void {
    if (this.#end <= 2 * this.#size + PAGE_SIZE) return;
    this.#list = this.slots();
    this.#end = this.#list.length;
    this.#list.forEach((slot, place) => { this.#setPlace(slot, place); });
  }

  /** The slots in order, as a list of their own. */
  slots(): number[] {
    return this.#list.slice(0, this.#end).filter((slot) => slot !== GONE);
  }

  #setPlace(slot: number, place: number): void {
    const at = slot >> PAGE_BITS;
    const page = this.#pages[at] ??= new Array<number>(PAGE_SIZE).fill(0);
    page[slot & (PAGE_SIZE - 1)] = place;
  }
}
