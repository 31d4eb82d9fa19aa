import { AsyncLocalStorage } from 'node:async_hooks';

/** A load under way, and what it was begun within. */
export class NestedLoad {
  isOver = false;
  /** Those that its loader waits for, each as often as it does. */
  readonly #waitsFor: NestedLoad[] = [];
  #within: NestedLoad | undefined;

  constructor(within: NestedLoad | undefined) {
    this.#within = underWay(within);
  }

  get waitsFor(): readonly NestedLoad[] {
    return this.#waitsFor;
  }

  /** Its loader waits for another load, until there is a result. */
  waitFor(load: NestedLoad, result: Promise<unknown>): void {
    this.#waitsFor.push(load);
    const end = (): void => {
      this.#waitsFor.splice(this.#waitsFor.indexOf(load), 1);
    };
    result.then(end, end);
  }

  /** The load whose loader began this one, if that is still under way. What is over is let go of: programs may begin each load within the last. */
  get within(): NestedLoad | undefined {
    this.#within = underWay(this.#within);
    return this.#within;
  }
}

const current = new AsyncLocalStorage<NestedLoad | undefined>();

/** The load by whose loader this is asked, whatever it has called and waited for since. */
export function loadAskedBy(): NestedLoad | undefined {
  return underWay(current.getStore());
}

/** Calls a loader; `undefined`: begins something that nobody waits for. */
export function runWithin<T>(load: NestedLoad | undefined, call: () => T): T {
  return current.run(load, call);
}

/** Whether a load would wait for itself, if who asks waited for it now: it is that one, or waits for it, itself or by those that it waits for. */
export function wouldWaitForItself(asker: NestedLoad, load: NestedLoad): boolean {
  // Those within which the asker was begun wait for it, as far as they still wait for anything.
  const seen = new Set<NestedLoad>();
  const next = [load];
  for (let one = next.pop(); one; one = next.pop()) {
    if (one === asker) return true;
    if (seen.has(one) || one.isOver) continue;
    seen.add(one);
    next.push(...one.waitsFor);
  }
  return false;
}

function underWay(load: NestedLoad | undefined): NestedLoad | undefined {
  let one = load;
  while (one?.isOver === true) one = one.within;
  return one;
}
