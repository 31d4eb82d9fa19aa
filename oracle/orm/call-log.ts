import type { Id } from '@ormolu/kernel';
import { DivisionByZeroError } from './expression';

/** One finished call of a compute or inverse, per record. */
interface Call {
  readonly kind: 'compute' | 'inverse';
  readonly method: string;
  readonly fields: readonly string[];
  readonly id: Id;
}

/**
 * Which computations were completed since it was last asked.
 *
 * A function that waits for values runs again; the same record twice counts once, and one that was left half way does not count.
 */
export class CallLog {
  readonly #since = new Map<string, Map<Id, Call>>();
  readonly #total = new Map<string, number>();
  #isPaused = false;

  /** Computes what nobody recorded. */
  async unheard<T>(work: () => Promise<T>): Promise<T> {
    this.#isPaused = true;
    try {
      return await work();
    } finally {
      this.#isPaused = false;
    }
  }

  /** Runs a compute or inverse and notes it when it ends, with a value or an error of its own. */
  note<T>(call: Omit<Call, 'id'> & { readonly ids: readonly Id[] }, run: () => T): T {
    try {
      const value = run();
      this.#add(call);
      return value;
    } catch (error) {
      // Anything else is a value that it waits for, or the failure of another compute.
      if (error instanceof DivisionByZeroError) this.#add(call);
      throw error;
    }
  }

  /** The calls since the last time, by kind and method. */
  take(): readonly { readonly kind: string; readonly method: string; readonly ids: readonly Id[] }[] {
    const calls = [...this.#since.values()].map((byId) => {
      const [first] = byId.values();
      if (first) for (const field of first.fields) this.#total.set(field, (this.#total.get(field) ?? 0) + byId.size);
      return { kind: first?.kind ?? '', method: first?.method ?? '', ids: [...byId.keys()] };
    });
    this.#since.clear();
    return calls;
  }

  /** How many records of each field were computed, up to the last time the calls were taken. */
  totals(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#total);
  }

  clear(): void {
    this.#since.clear();
    this.#total.clear();
  }

  #add({ kind, method, fields, ids }: Omit<Call, 'id'> & { readonly ids: readonly Id[] }): void {
    if (this.#isPaused) return;
    const name = `${kind} ${method}`;
    let byId = this.#since.get(name);
    if (!byId) this.#since.set(name, (byId = new Map<Id, Call>()));
    for (const id of ids) byId.set(id, { kind, method, fields, id });
  }
}
