const PAGE_BITS = 6;
const PAGE_SIZE = 1 << PAGE_BITS;

/** A number for some slots of a model, 0 for all others; on pages, so that a few slots among a million cost little. */
export class SlotNumbers {
  readonly #pages: (number[] | undefined)[] = [];

  get(slot: number): number {
    return this.#pages[slot >> PAGE_BITS]?.[slot & (PAGE_SIZE - 1)] ?? 0;
  }

  set(slot: number, value: number): void {
    const at = slot >> PAGE_BITS;
    // Filled one after the other: a place far behind the end would make the list of pages a hash table.
    while (this.#pages.length < at) this.#pages.push(undefined);
    const page = this.#pages[at] ??= new Array<number>(PAGE_SIZE).fill(0);
    page[slot & (PAGE_SIZE - 1)] = value;
  }
}
