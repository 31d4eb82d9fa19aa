import { contextText, type Context } from './context';
import type { Environment } from './environment';

/** What makes two environments the same. */
export interface EnvironmentKey {
  readonly uid: number | null;
  readonly su: boolean;
  readonly context: Context;
}

/**
 * The environments of a transaction, weakly held: equal arguments give the same object while anybody holds it.
 *
 * @remarks Constant time a lookup, beside writing the text of a context not seen before. Dead entries leave when the map has
 * doubled since the last sweep.
 */
export class EnvironmentSet implements Iterable<Environment> {
  readonly #byKey = new Map<string, WeakRef<Environment>>();
  #sweepAt = 32;

  /** The living environment with this key, or the one that `make` gives, which is remembered. */
  intern(key: EnvironmentKey, make: () => Environment): Environment {
    const name = `${String(key.uid)}|${key.su ? 's' : 'u'}|${contextText(key.context)}`;
    const living = this.#byKey.get(name)?.deref();
    if (living) return living;
    const made = make();
    this.#byKey.set(name, new WeakRef(made));
    if (this.#byKey.size > this.#sweepAt) this.#sweep();
    return made;
  }

  /** Number of environments still alive, as far as the collector has told. */
  get size(): number {
    return [...this].length;
  }

  *[Symbol.iterator](): Iterator<Environment> {
    for (const reference of this.#byKey.values()) {
      const living = reference.deref();
      if (living) yield living;
    }
  }

  /** Lets go of all of them. */
  clear(): void {
    this.#byKey.clear();
  }

  #sweep(): void {
    for (const [name, reference] of this.#byKey) if (!reference.deref()) this.#byKey.delete(name);
    this.#sweepAt = Math.max(32, 2 * this.#byKey.size);
  }
}
