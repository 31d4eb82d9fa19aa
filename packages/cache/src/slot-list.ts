import type { Revertible } from './undo-log';

/** What `revert` is told when the slot was not in the list. */
export const ABSENT = -1;

const PAGE_BITS = 6;
const PAGE_SIZE = 1 << PAGE_BITS;
const GONE = -1;

/**
 * A set of slots that remembers the order in which they were added; adding one that is in keeps its place.
 *
 * A list of slots, and for each slot its place in the list, on pages, so that a few slots among a million cost little.
 * @remarks Adding, deleting and asking are O(1); a place stays the slot's until `tidy`.
 */
export class SlotList implements Revertible {
  /** Slots in order; `GONE` where one was deleted. */
  #list: number[] = [];
  /** Place + 1 by slot; 0 or no page: not in. */
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

  /** @returns a number that `revert` takes to put the slot back there, or `ABSENT` */
  placeOf(slot: number): number {
    const page = this.#pages[slot >> PAGE_BITS];
    return page === undefined ? ABSENT : (page[slot & (PAGE_SIZE - 1)] ?? 0) - 1;
  }

  /** Adds a slot that is not in, at the end. */
  add(slot: number): void {
    this.#setPlace(slot, this.#list.length);
    this.#list.push(slot);
    this.#size += 1;
  }

  /** Takes out a slot that is in. */
  delete(slot: number): void {
    this.#list[this.placeOf(slot)] = GONE;
    this.#setPlace(slot, ABSENT);
    this.#size -= 1;
  }

  /** Puts a slot back at the place it had, or takes it out when it had none. */
  revert(slot: number, old: unknown): void {
    const at = this.placeOf(slot);
    if (at !== ABSENT) {
      // Changes are taken back newest first: what was added since then leaves from the end, and leaves no gaps.
      if (at === this.#list.length - 1) this.#list.pop();
      else this.#list[at] = GONE;
      this.#setPlace(slot, ABSENT);
      this.#size -= 1;
    }
    const place = Number(old);
    if (place === ABSENT) return;
    this.#list[place] = slot;
    this.#setPlace(slot, place);
    this.#size += 1;
  }

  /** Closes the gaps once they are more than half the list. Places noted before no longer hold. */
  tidy(): void {
    if (this.#list.length <= 2 * this.#size + PAGE_SIZE) return;
    this.#list = this.slots();
    this.#list.forEach((slot, place) => { this.#setPlace(slot, place); });
  }

  /** The slots in order, as a list of their own. */
  slots(): number[] {
    return this.#list.filter((slot) => slot !== GONE);
  }

  #setPlace(slot: number, place: number): void {
    const at = slot >> PAGE_BITS;
    const page = this.#pages[at] ??= new Array<number>(PAGE_SIZE).fill(0);
    page[slot & (PAGE_SIZE - 1)] = place + 1;
  }
}
