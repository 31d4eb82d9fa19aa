import type { Id, NewId } from '@ormolu/kernel';
import type { Field, Model } from '@ormolu/registry';
import { WriteRefusedError } from '../errors';
import { writable } from '../records/convert';
import type { NewRow } from './batch-parts';

/** The new records of a call, as others of its commands name them: whoever names an id that was given to one before means that one. */
export class MadeRows {
  readonly #rows: readonly NewRow[];
  readonly #byGivenId = new Map<string, Map<Id, NewRow>>();
  /** By their temporary ids, as far as anybody has asked. */
  readonly #byId = new Map<Id, NewRow>();

  /** @param rows - of the call, which grow */
  constructor(rows: readonly NewRow[]) {
    this.#rows = rows;
  }

  add(row: NewRow): void {
    const { given, model } = row;
    if (given !== undefined) this.#byGivenId.set(model.name, (this.#byGivenId.get(model.name) ?? new Map<Id, NewRow>()).set(given, row));
  }

  has(model: string, given: Id): boolean {
    return this.#byGivenId.get(model)?.has(given) ?? false;
  }

  /** Those of some ids that are of new records, and the others. */
  among({ name }: Model, ids: readonly Id[]): { readonly rows: readonly NewRow[]; readonly known: readonly Id[] } {
    const own = this.#byGivenId.get(name);
    return own ? { rows: ids.flatMap((id) => own.get(id) ?? []), known: ids.filter((id) => !own.has(id)) } : { rows: [], known: ids };
  }

  /** A many2one's value, or a member of a list: a new record by its temporary id. */
  asMember({ relation }: Field, cached: unknown): unknown {
    return (relation && this.#byGivenId.get(relation.comodel)?.get(cached as Id)?.id) ?? cached; // what is no id is not found
  }

  /** @returns undefined when it is not of this call */
  of(id: NewId): NewRow | undefined {
    for (const row of this.#rows.slice(this.#byId.size)) this.#byId.set(row.id, row);
    return this.#byId.get(id);
  }
}

/** A new record goes out of the list that it was made in: it has no owner then, where it can be without. */
export function leave(row: NewRow, list: Field, inverse: Field): void {
  if (inverse.relation?.onDelete === 'cascade') throw deletedHere(list);
  row.values.set(inverse, writable(inverse, null));
}

export function deletedHere(field: Field): WriteRefusedError {
  const made = field.relation?.comodel ?? '';
  return new WriteRefusedError('TX_COMMAND_INVALID', `A ${made} was made by a call that also deletes it, in ${field.toString()}. Leave both out; what empties the list stands before what is created for it.`, {
    details: { model: field.model, field: field.name },
  });
}
