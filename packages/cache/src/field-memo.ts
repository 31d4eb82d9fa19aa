import type { Column } from './column';
import type { FieldColumns } from './field-columns';
import type { CacheField } from './shapes';

/** Up to so many are searched one by one, which is cheaper than a map of them. */
const FEW = 12;
/** More field objects than this are not remembered: somebody makes a new one for each call. */
const MAX = 4096;

/**
 * Remembers what field objects stand for, so that a stable one is found without looking at its names.
 *
 * Programs read the same fields in the same order, record after record: the one asked for last is tried first, then the one that
 * was met after it.
 */
export class FieldMemo {
  #fields: CacheField[] = [];
  #known: FieldColumns[] = [];
  /** The only column of a field that depends on no context, so that it is found in one step. */
  #plain: (Column | undefined)[] = [];
  /** Places by field, once there are more than a few. */
  #places: Map<CacheField, number> | undefined;
  #last = 0;

  /** Where the field asked for last stands. */
  get last(): number {
    return this.#last;
  }

  /** @returns the field's place, or −1 when it was not met; from now on it is the last */
  placeOf(field: CacheField): number {
    const fields = this.#fields;
    const last = this.#last;
    if (fields[last] === field) return last;
    let at = last + 1 < fields.length ? last + 1 : 0;
    if (fields[at] !== field) {
      at = this.#places === undefined ? fields.indexOf(field) : this.#places.get(field) ?? -1;
      if (at === -1) return -1;
    }
    this.#last = at;
    return at;
  }

  /** The column of the field at a place, −1 included, when it depends on no context. */
  plainAt(place: number): Column | undefined {
    return place === -1 ? undefined : this.#plain[place];
  }

  /** The columns of the field at a place, −1 included. */
  columnsAt(place: number): FieldColumns | undefined {
    return place === -1 ? undefined : this.#known[place];
  }

  /** @param field - one that was not met */
  add(field: CacheField, columns: FieldColumns): void {
    if (this.#fields.length === MAX) {
      this.#fields = [];
      this.#known = [];
      this.#plain = [];
      this.#places = undefined;
    }
    this.#last = this.#fields.length;
    this.#fields.push(field);
    this.#known.push(columns);
    this.#plain.push(field.dependsContext.length === 0 ? columns.plain : undefined);
    if (this.#fields.length > FEW) {
      this.#places ??= new Map(this.#fields.map((one, at) => [one, at]));
      this.#places.set(field, this.#last);
    }
  }
}
