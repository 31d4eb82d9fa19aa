import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The values of all variables in a flow of calls, each in its variable's place.
 *
 * One storage for all of them: before Node 24 each storage that is on gives every promise of the program a field, whoever made it; seven of
 * them made a loop of awaits twice as slow as one.
 */
const flows = new AsyncLocalStorage<readonly unknown[]>();

let places = 0;

/** A value that is seen by the calls made inside `run`, by what they wait for and what they begin, and by nobody else. */
export class FlowVariable<T> {
  readonly #place = places++;

  /** Its value in the current flow of calls, by the innermost `run`; undefined outside all of them. */
  get current(): T | undefined {
    return flows.getStore()?.[this.#place] as T | undefined; // `run` alone writes to this place
  }

  /** Runs work in which this variable has a value; the others keep theirs. @returns what the work returns */
  run<R>(value: T, work: () => R): R {
    const values = [...(flows.getStore() ?? [])];
    values[this.#place] = value;
    return flows.run(values, work);
  }
}
