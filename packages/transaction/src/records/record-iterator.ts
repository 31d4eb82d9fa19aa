import type { RecordSet } from './recordset';

/** So often a set is gone through before anybody's is: V8 has learnt about it by then. */
const TRIES = 64;

/** What all iterators of the language have: to be iterable themselves, and their helpers, where there are any. */
abstract class LanguageIterator {
  abstract next(): unknown;
}
const arrayIterator: unknown = Object.getPrototypeOf([].values());
Object.setPrototypeOf(LanguageIterator.prototype, Object.getPrototypeOf(arrayIterator) as object);

/**
 * Goes through the records of a set, one by one.
 *
 * An array's own iterator is as fast only in loops into which V8 has compiled the making of the iterator; in all others each step of it is a call
 * that makes an object, and which of both a loop gets, chance decides. This one is compiled into any loop, and lives in registers there.
 * @remarks For that: the result is made in one place, of two V8 would make an object each time; a constructor that calls another one returns what V8
 * knows to be an object, all others leave a check behind for which there must be one; and the end is told by what is read anyway.
 */
export class RecordIterator extends LanguageIterator implements Iterator<RecordSet> {
  /**
   * One that never dies: V8 throws compiled code away when a full collection finds no object alive of a class that the code knows, and every loop
   * over records knows this one.
   */
  protected static readonly alive: RecordIterator = new RecordIterator([undefined]);
  readonly #records: readonly (RecordSet | undefined)[];
  #at = 0;

  static {
    // Of a field that has held small numbers only, V8 proves at each step that it holds one, and keeps it in two forms: a twentieth of a row of three hops.
    this.alive.#at = undefined as unknown as number; // nobody goes on with this one
  }

  /** @param records - with `undefined` behind the last one */
  constructor(records: readonly (RecordSet | undefined)[]) {
    super();
    this.#records = records;
  }

  next(): IteratorResult<RecordSet> {
    const at = this.#at;
    const value = this.#records[at];
    this.#at = at + 1;
    return { value, done: value === undefined } as IteratorResult<RecordSet>; // who is done has no value
  }
}

/**
 * Has V8 learn how a set is gone through. A loop of many rows is compiled while it runs for the first time; what it has called once by then would
 * stay a call, and the iterator an object.
 */
export function tryOut(records: Iterable<unknown>): void {
  for (let times = 0; times < TRIES; times += 1) records[Symbol.iterator]().next();
}
