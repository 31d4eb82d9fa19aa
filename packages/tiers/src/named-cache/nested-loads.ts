import { FlowVariable } from '@ormolu/kernel';

/** A load under way, and what it was begun within. */
export class NestedLoad {
  isOver = false;
  /** What its loader waits for: each time one of these. */
  readonly #waitsFor: (readonly NestedLoad[])[] = [];
  #within: NestedLoad | undefined;

  constructor(within: NestedLoad | undefined) {
    this.#within = underWay(within);
  }

  get waitsFor(): readonly (readonly NestedLoad[])[] {
    return this.#waitsFor;
  }

  /** Its loader waits for another load, or for the first of several, until there is a result. */
  waitFor(loads: readonly NestedLoad[], result: Promise<unknown>): void {
    this.#waitsFor.push(loads);
    const end = (): void => {
      this.#waitsFor.splice(this.#waitsFor.indexOf(loads), 1);
    };
    result.then(end, end);
  }

  /** The load whose loader began this one, if that is still under way. What is over is let go of: programs may begin each load within the last. */
  get within(): NestedLoad | undefined {
    this.#within = underWay(this.#within);
    return this.#within;
  }
}

const asking = new FlowVariable<NestedLoad | undefined>();

/** The load by whose loader this is asked, whatever it has called and waited for since. */
export function loadAskedBy(): NestedLoad | undefined {
  return underWay(asking.current);
}

/** Calls a loader; `undefined`: begins something that nobody waits for. */
export function runWithin<T>(load: NestedLoad | undefined, call: () => T): T {
  return asking.run(load, call);
}

/** Whether a load would wait for itself, if who asks waited for it now: it is that one, or waits for it, itself or by those that it waits for. */
export function wouldWaitForItself(asker: NestedLoad, load: NestedLoad): boolean {
  // Those within which the asker was begun wait for it, as far as they still wait for anything.
  const reached = new Set<NestedLoad>();
  const next = [load];
  for (let one = next.pop(); one; one = next.pop()) {
    if (reached.has(one) || one.isOver) continue;
    reached.add(one);
    if (one !== asker) next.push(...one.waitsFor.flat());
  }
  if (!reached.has(asker)) return false;
  // Who waits for the first of several goes on when one of these does.
  const goesOn = new Set<NestedLoad>();
  // Those that were reached last first: others wait for them.
  const all = [...reached].reverse();
  for (let before = -1; before < goesOn.size;) {
    before = goesOn.size;
    for (const one of all) {
      const waits = one === asker ? [[load]] : one.waitsFor;
      if (waits.every((some) => some.some((other) => other.isOver || goesOn.has(other)))) goesOn.add(one);
    }
  }
  return !goesOn.has(asker);
}

function underWay(load: NestedLoad | undefined): NestedLoad | undefined {
  let one = load;
  while (one?.isOver === true) one = one.within;
  return one;
}
