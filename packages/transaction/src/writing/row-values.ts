import type { Field } from '@ormolu/registry';

/**
 * Which fields new records have values for, and at which place: records that were given the same fields in the same order share one, so that
 * each of them is no more than a list of values.
 */
export class RowShape {
  readonly places: ReadonlyMap<Field, number>;
  readonly #wider = new Map<Field, RowShape>();
  /** The field that was added last, and what came of it: of many like records it is the same one again. */
  #lastField: Field | undefined;
  #last: RowShape | undefined;

  /** @param places - of none, where records begin */
  constructor(places: ReadonlyMap<Field, number> = new Map()) {
    this.places = places;
  }

  /** The shape with one field more; undefined when it is there already. */
  with(field: Field): RowShape | undefined {
    if (field === this.#lastField) return this.#last;
    if (this.places.has(field)) return undefined;
    let wider = this.#wider.get(field);
    if (!wider) {
      wider = new RowShape(new Map(this.places).set(field, this.places.size));
      this.#wider.set(field, wider);
    }
    this.#lastField = field;
    this.#last = wider;
    return wider;
  }
}

/** The values of a new record, by field: a Map of each would be most of the garbage that creating many records makes. */
export class RowValues {
  #shape: RowShape;
  readonly #values: unknown[] = [];

  constructor(shape: RowShape) {
    this.#shape = shape;
  }

  has(field: Field): boolean {
    return this.#shape.places.has(field);
  }

  /** @returns undefined when it has none */
  get(field: Field): unknown {
    const place = this.#shape.places.get(field);
    return place === undefined ? undefined : this.#values[place];
  }

  set(field: Field, value: unknown): void {
    const wider = this.#shape.with(field);
    if (!wider) {
      this.#values[this.#shape.places.get(field) ?? 0] = value; // it is there
      return;
    }
    this.#shape = wider;
    this.#values.push(value);
  }

  *[Symbol.iterator](): IterableIterator<[Field, unknown]> {
    for (const [field, place] of this.#shape.places) yield [field, this.#values[place]];
  }
}
