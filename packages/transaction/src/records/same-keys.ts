import type { Id } from '@ormolu/kernel';

/** Tells keys that are equal by what they stand for: every read of a relation or a date gives a new object. */
export class SameKeys<K> {
  readonly #first = new Map<string, K>();
  readonly #numbers = new Map<Id, number>();

  /** The first key given that is equal to this one: it itself, unless it is records or a date. */
  firstOf(key: K): K {
    const name = this.#nameOf(key);
    if (name === undefined) return key;
    const first = this.#first.get(name);
    if (first !== undefined) return first;
    this.#first.set(name, key);
    return key;
  }

  #nameOf(key: unknown): string | undefined {
    if (key instanceof Date) return `date ${String(key.getTime())}`;
    if (typeof key !== 'object' || key === null || !('model' in key) || !('ids' in key) || !Array.isArray(key.ids)) return undefined;
    return `${String(key.model)} ${(key.ids as readonly Id[]).map((id) => this.#numberOf(id)).join()}`;
  }

  /** Ids of any type by number: `1` and `1n` are two, and so are two drafts. */
  #numberOf(id: Id): number {
    let number = this.#numbers.get(id);
    if (number === undefined) this.#numbers.set(id, (number = this.#numbers.size));
    return number;
  }
}
