import type { RecordClass } from './record-class';
import type { RecordSet } from './recordset';

/** The records of a set, one by one. A generator would cost as much again as making them. */
export class Singles implements Iterator<RecordSet> {
  readonly #records: RecordSet;
  readonly #make: RecordClass;
  #next = 0;

  constructor(records: RecordSet) {
    this.#records = records;
    this.#make = records.constructor as RecordClass; // a set's class is that of its model
  }

  next(): IteratorResult<RecordSet> {
    const { ids, env, prefetchGroup } = this.#records;
    const id = ids[this.#next];
    if (id === undefined) return { done: true, value: undefined };
    this.#next += 1;
    return { done: false, value: new this.#make(env, [id], prefetchGroup) };
  }
}
