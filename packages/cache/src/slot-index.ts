import type { Id } from '@ormolu/kernel';
import { checkId } from './given-records';

/** The window may hold this many places per id in it, and so many more to start with. */
const PLACES_PER_ID = 8;
const FIRST_PLACES = 64;
const SAMPLE = 1024;
const FIRST_WINDOW: readonly number[] = Array.from({ length: FIRST_PLACES }, () => 0);
/** No window begins or grows beyond this: a number plus its length may no longer be exact there, and counting by ones would stand still. */
const FARTHEST = 2 ** 50;

/** Whether an id may stand in the window. One below zero may not: with a base below zero, `1e-20 - base` would be a whole number. */
function isCountable(id: Id): id is number {
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0;
}

/**
 * Gives every id of one model a slot: a small whole number, in order of arrival, never given again before the cache is cleared.
 *
 * All columns of the model share the slots, so an id is looked up once for all its fields. Whole numbers that lie close together,
 * as ids from a sequence do, stand in one array (the window); all others in a `Map`. Those that came one by one from the first on need neither.
 * @remarks `slotOf` and `ensure` are O(1). `7`, `7n` and `'7'` are three ids; a `NewId` is known by its identity.
 */
export class SlotIndex {
  /** Slot + 1 by id − base, so that 0 means unknown. Every whole number inside its range is here and not in `#rest`. */
  #window: number[] = [];
  #base = 0;
  #inWindow = 0;
  #rest: Map<Id, number> | undefined;
  #restNumbers = 0;
  #reviewAt = FIRST_PLACES;
  readonly #ids: Id[] = [];
  /** The first id, and how many after it came one by one, as those of a table read in order do: their slots are plain from their numbers. */
  #first = 0;
  #straight = 0;
  /** The slot found last outside the window. */
  #last = 0;

  /** How many ids are known. Slots run from 0 to `size − 1`. */
  get size(): number {
    return this.#ids.length;
  }

  /** Bytes held, roughly: eight per place of the window and per slot, forty-eight per entry of the map. */
  get bytes(): number {
    return (this.#window.length + this.#ids.length) * 8 + (this.#rest?.size ?? 0) * 48;
  }

  /** @returns the id's slot, or −1 when it has none */
  slotOf(id: Id): number {
    if (typeof id === 'number') {
      const straight = (id - this.#first) | 0;
      if (straight >= 0 && straight < this.#straight && straight === id - this.#first) return straight;
      const place = id - this.#base;
      if (place >= 0 && place < this.#window.length) {
        const slot = this.#window[place];
        if (slot !== undefined) return slot - 1;
      }
    }
    return this.#lookUp(id);
  }

  /** @returns the id's slot, a new one when it has none yet */
  ensure(id: Id): number {
    const known = this.slotOf(id);
    return known === -1 ? this.#add(id) : known;
  }

  /** @returns the id of a slot that this index gave out */
  idOf(slot: number): Id {
    const id = this.#ids[slot];
    if (id === undefined) throw new RangeError(`SlotIndex.idOf: slot ${String(slot)} was never given out.`);
    return id;
  }

  /**
   * Programs go through the same records in the same order, or read several fields of one: the id that arrived after the one found
   * last, and that one itself, are tried before the map, whose lookups are dear for long strings.
   */
  #lookUp(id: Id): number {
    const ids = this.#ids;
    if (ids.length === 0) return -1;
    const last = this.#last;
    const next = last + 1 < ids.length ? last + 1 : 0;
    if (ids[next] === id) {
      this.#last = next;
      return next;
    }
    if (ids[last] === id) return last;
    const slot = this.#rest?.get(id);
    if (slot === undefined) return -1;
    this.#last = slot;
    return slot;
  }

  #add(id: Id): number {
    checkId(id);
    const slot = this.#ids.length;
    this.#ids.push(id === 0 ? 0 : id); // -0 is the same id
    if (isCountable(id)) {
      if (slot === 0) this.#first = id;
      if (slot === this.#straight && id === this.#first + slot) this.#straight += 1;
      if (this.#reaches(id)) {
        this.#window[id - this.#base] = slot + 1;
        this.#inWindow += 1;
        return slot;
      }
      this.#restNumbers += 1;
    }
    this.#rest ??= new Map();
    this.#rest.set(id, slot);
    if (this.#restNumbers >= this.#reviewAt) this.#review();
    return slot;
  }

  /** Whether the window covers the id, after widening it when it stays dense enough. */
  #reaches(id: number): boolean {
    const end = this.#base + this.#window.length;
    if (id >= this.#base && id < end) return true;
    if (id > FARTHEST) return false;
    if (this.#inWindow === 0) {
      this.#moveWindow(id, id + FIRST_PLACES);
      return true;
    }
    const low = Math.min(this.#base, id);
    const high = Math.max(end, id + 1);
    if (high - low > PLACES_PER_ID * this.#inWindow + FIRST_PLACES) return false;
    // At least twice as long, towards the side that grows, so that growing costs O(1) per id.
    const length = Math.max(high - low, 2 * this.#window.length);
    if (low === this.#base) this.#moveWindow(low, low + length);
    else this.#moveWindow(Math.max(0, high - length), high);
    return true;
  }

  /** Makes the window cover `[from, end)` and takes in from the map what lies there. The old window lies inside the new one, or counts as empty. */
  #moveWindow(from: number, end: number): void {
    const window = FIRST_WINDOW.slice(); // copied whole: a new transaction begins with one
    for (let place = from + FIRST_PLACES; place < end; place += 1) window.push(0);
    if (this.#inWindow > 0) {
      const shift = this.#base - from;
      this.#window.forEach((slot, place) => { window[place + shift] = slot; });
    }
    this.#window = window;
    this.#base = from;
    if (this.#restNumbers > 0) this.#takeIn();
  }

  #takeIn(): void {
    for (const [id, slot] of this.#rest ?? []) {
      if (!isCountable(id)) continue;
      const place = id - this.#base;
      if (place < 0 || place >= this.#window.length) continue;
      this.#window[place] = slot + 1;
      this.#inWindow += 1;
      this.#restNumbers -= 1;
      this.#rest?.delete(id);
    }
  }

  /**
   * Looks, each time the numbers outside the window have doubled, whether most ids lie close together after all: ids that arrive
   * in random order do so late. Judged by a sample without its outer tenths, so that a few far ids do not spoil it.
   */
  #review(): void {
    this.#reviewAt = this.#restNumbers * 2;
    const numbers = this.#ids.filter(isCountable).filter((id) => id <= FARTHEST);
    const stride = Math.ceil(numbers.length / SAMPLE);
    const sample = Float64Array.from(numbers.filter((_, at) => at % stride === 0)).sort();
    const low = sample[Math.floor(sample.length * 0.1)] ?? 0;
    const high = sample[Math.floor(sample.length * 0.9)] ?? 0;
    const span = high - low + 1;
    if (span > PLACES_PER_ID * 0.8 * numbers.length) return;
    const margin = Math.ceil(span * 0.15);
    // The old window may lie elsewhere: its ids go back to the map first.
    this.#emptyWindow();
    this.#moveWindow(Math.max(0, low - margin), high + margin + 1);
  }

  #emptyWindow(): void {
    this.#window.forEach((slot, place) => {
      if (slot > 0) this.#rest?.set(this.#base + place, slot - 1);
    });
    this.#restNumbers += this.#inWindow;
    this.#inWindow = 0;
  }
}
