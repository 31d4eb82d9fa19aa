import type { Id } from '@ormolu/kernel';
import type { PrefetchGroup } from '../reading/prefetch';
import type { Members } from './members';
import { RecordSet } from './recordset';

/** Makes records of one model. */
export interface RecordClass {
  new (group: PrefetchGroup, members: Id | Members): RecordSet;
  readonly prototype: RecordSet;
  /**
   * Gives a field one of the places in which records keep values, and its getter, which looks there first.
   *
   * @param read - reads what a record does not keep
   * @param record - one to try the getter on; it keeps nothing there yet, and does not afterwards
   * @returns the place; −1 when others have them all
   */
  placeFor?(name: string, read: (record: RecordSet) => unknown, record: RecordSet): number;
  /** Has a record keep a value, which is not `undefined`. @returns whether it is its first */
  keep?(record: RecordSet, place: number, value: unknown): boolean;
  /** Has records let go of all they keep. */
  letGo?(records: readonly RecordSet[]): void;
}

/** How many fields of a model records keep values of, at most: those that are first read again and again. Each costs a record eight bytes. */
const MOST_PLACES = 4;
/** So often a getter is called before it is anybody's: V8 has learnt about it by then. */
const TRIES = 256;

/**
 * A class of records that can keep values, written by program: a place is a private name that nothing outside can see or copy, and its getter
 * must be compiled with what is known of this one model's records. Getters that all models share know too many kinds of records, and are six times
 * as slow.
 *
 * A getter is tried out before it takes the other's place. V8 compiles into a loop only what it has learnt about; a loop that is compiled in the
 * very moment in which the getters change would call them one by one, three times as slow, for as long as that code lives.
 */
function sourceWith(places: number): string {
  const numbers = Array.from({ length: places }, (_, place) => place);
  return `
  return class extends RecordSet {
    ${numbers.map((place) => `#kept${place};`).join(' ')}
    static #taken = 0;
    static #getters = [${numbers.map((place) => `(read) => function get() { const value = this.#kept${place}; return value === undefined ? read(this) : value; }`).join(', ')}];

    constructor(group, members) {
      super(group, members);
    }

    static placeFor(name, read, record) {
      const place = this.#taken;
      if (place === ${places}) return -1;
      this.#taken = place + 1;
      const get = this.#getters[place](read);
      this.keep(record, place, null);
      for (let times = 0; times < ${TRIES}; times += 1) get.call(record);
      this.keep(record, place, undefined);
      Object.defineProperty(this.prototype, name, { ...Object.getOwnPropertyDescriptor(this.prototype, name), get });
      return place;
    }

    static keep(record, place, value) {
      const isFirst = ${numbers.map((place) => `record.#kept${place} === undefined`).join(' && ')};
      switch (place) {
        ${numbers.map((place) => `case ${place}: record.#kept${place} = value; break;`).join(' ')}
      }
      return isFirst;
    }

    static letGo(records) {
      for (const record of records) ${numbers.map((place) => `record.#kept${place} = `).join('')}undefined;
    }
  };`;
}

let made = 0;

/**
 * A class for the records of one more model; where programs may not be made of texts, one whose records keep nothing.
 *
 * @param fields - how many fields the model has whose values may be kept
 */
export function classThatKeeps(fields: number): RecordClass {
  if (fields === 0) return class extends RecordSet {};
  made += 1;
  try {
    // Programs of the same text would share what the engine learns about their records.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- the text is the constant above
    return new Function('RecordSet', `// ${made}\n${sourceWith(Math.min(fields, MOST_PLACES))}`)(RecordSet) as RecordClass;
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    return class extends RecordSet {};
  }
}
