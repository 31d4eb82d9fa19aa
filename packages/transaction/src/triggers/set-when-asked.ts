import type { Id } from '@ormolu/kernel';

/** A set of ids that is made when somebody asks: of a hundred thousand that are put into one, mostly nobody asks for any. */
export class SetWhenAsked implements ReadonlySet<Id> {
  readonly #ids: () => Iterable<Id>;
  #made: Set<Id> | undefined;

  constructor(ids: () => Iterable<Id>) {
    this.#ids = ids;
  }

  get #set(): Set<Id> {
    return (this.#made ??= new Set(this.#ids()));
  }

  /** Adds an id: this makes it. */
  add(id: Id): void {
    this.#set.add(id);
  }

  get size(): number {
    return this.#set.size;
  }

  has(id: Id): boolean {
    return this.#set.has(id);
  }

  entries(): SetIterator<[Id, Id]> {
    return this.#set.entries();
  }

  keys(): SetIterator<Id> {
    return this.#set.keys();
  }

  values(): SetIterator<Id> {
    return this.#set.values();
  }

  [Symbol.iterator](): SetIterator<Id> {
    return this.#set.values();
  }

  forEach(each: (value: Id, key: Id, set: ReadonlySet<Id>) => void): void {
    for (const id of this.#set) each(id, id, this);
  }
}
