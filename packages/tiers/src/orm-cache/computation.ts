import { FlowVariable } from '@ormolu/kernel';

const computing = new FlowVariable<Computation>();

/** One run of a memoised function, and what it waits for. */
export class Computation {
  readonly #of: object;
  readonly #key: string;
  /** The one in which it was asked for. */
  readonly #within = computing.current;
  readonly #waitsFor = new Set<Computation>();

  constructor(of: object, key: string) {
    this.#of = of;
    this.#key = key;
  }

  /** The one that the current flow of calls is part of. */
  static get current(): Computation | undefined {
    return computing.current;
  }

  /** Whether this, or one that it is part of, computes a key. */
  isOf(of: object, key: string): boolean {
    return (this.#of === of && this.#key === key) || (this.#within?.isOf(of, key) ?? false);
  }

  /** Runs a function as this computation, for which the one around it waits. */
  run<T>(compute: () => T | Promise<T>): Promise<T> {
    const run = async (): Promise<T> => await computing.run(this, compute);
    return this.#within ? this.#within.waitFor(this, run) : run();
  }

  /** Waits for what another one computes, which must not wait for this one. */
  async waitFor<T>(other: Computation, wait: () => Promise<T>): Promise<T> {
    this.#waitsFor.add(other);
    try {
      return await wait();
    } finally {
      this.#waitsFor.delete(other);
    }
  }

  /** Whether this is another one, or waits for it through any number of steps. */
  needs(other: Computation): boolean {
    const met = new Set<Computation>([this]);
    for (const one of met) for (const next of one.#waitsFor) met.add(next);
    return met.has(other);
  }
}
