import type { RecordSet } from './recordset';

/**
 * Goes through the records of a set, one by one.
 *
 * An array's own iterator is faster still, but only in loops into which V8 has compiled the making of the iterator; in all others each
 * step of it is a call that makes an object, and which of both a loop gets, chance decides. This one is compiled into any loop.
 * @remarks The result is made in one place on purpose: of two places V8 would make an object each time.
 */
export class RecordIterator implements Iterator<RecordSet> {
  /**
   * One that never dies: V8 throws compiled code away when a full collection finds no object alive of a class that the code knows, and every loop
   * over records knows this one.
   */
  protected static readonly alive: RecordIterator = new RecordIterator([]);
  readonly #records: readonly RecordSet[];
  #at = 0;

  constructor(records: readonly RecordSet[]) {
    this.#records = records;
  }

  next(): IteratorResult<RecordSet> {
    const at = this.#at;
    const records = this.#records;
    const done = at >= records.length;
    this.#at = at + 1;
    return { value: done ? undefined : records[at], done } as IteratorResult<RecordSet>; // a place before the end holds a record
  }
}

// What all iterators of the language have: to be iterable themselves, and their helpers, where there are any.
const arrayIterator: unknown = Object.getPrototypeOf([].values());
Object.setPrototypeOf(RecordIterator.prototype, Object.getPrototypeOf(arrayIterator) as object);
