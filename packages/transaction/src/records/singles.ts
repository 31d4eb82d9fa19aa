import type { RecordClass } from './record-class';
import type { RecordSet } from './recordset';

/** The records of a set, one by one. A generator would cost as much again as making them. */
export class Singles implements Iterator<RecordSet> {
  readonly #records: RecordSet;
  readonly #made: RecordSet[];
  readonly #make: RecordClass;
  #next = 0;

  /** @param made - those handed out before, by place: they are handed out again */
  constructor(records: RecordSet, made: RecordSet[]) {
    this.#records = records;
    this.#made = made;
    this.#make = records.constructor as RecordClass; // a set's class is that of its model
  }

  next(): IteratorResult<RecordSet> {
    const made = this.#made;
    const place = this.#next;
    this.#next = place + 1;
    const known = made[place];
    if (known) return { done: false, value: known };
    const { ids, env, prefetchGroup } = this.#records;
    const id = ids[place];
    if (id === undefined) return { done: true, value: undefined };
    const value = new this.#make(env, [id], prefetchGroup);
    made[place] = value;
    return { done: false, value };
  }
}
