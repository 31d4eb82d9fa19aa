import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';

/**
 * The values at which executions of one function were suspended: one that is the same function will read them again.
 *
 * @remarks Reads of values that records keep are not heard of. None of these is kept: they were not in memory, and while they are awaited
 * nobody keeps one.
 */
export class Awaited {
  /** When each was read last, by number of the execution. */
  readonly #pairs = new Map<Field, Map<Id, number>>();
  #size = 0;
  #execution = 0;
  #met = 0;

  /** An execution begins. */
  begins(): void {
    this.#execution += 1;
    this.#met = 0;
  }

  add(field: Field, id: Id): void {
    let times = this.#pairs.get(field);
    if (!times) this.#pairs.set(field, (times = new Map<Id, number>()));
    if (times.has(id)) return;
    times.set(id, this.#execution);
    this.#size += 1;
  }

  /** Whether any value of a field is awaited. */
  has(field: Field): boolean {
    return this.#pairs.has(field);
  }

  /** The running execution reads a value. */
  meet(field: Field, id: Id): void {
    const times = this.#pairs.get(field);
    const time = times?.get(id);
    if (!times || time === undefined || time === this.#execution) return;
    times.set(id, this.#execution);
    this.#met += 1;
  }

  /** One that the execution which has ended did not read; undefined when it read all. */
  unmet(): { readonly field: Field; readonly id: Id } | undefined {
    if (this.#met === this.#size) return undefined;
    for (const [field, times] of this.#pairs) for (const [id, time] of times) if (time !== this.#execution) return { field, id };
    return undefined;
  }
}
