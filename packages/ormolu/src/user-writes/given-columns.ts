import { jsonFormOf, MisuseError, SameValue, type InsertRows, type StoredId, type UpdateRows } from '@ormolu/kernel';
import { FieldValueError, type Field, type Model } from '@ormolu/registry';

/** A field and its values, as a program gives them, in the order of the records. */
export interface GivenColumn {
  readonly field: Field;
  readonly valueOf: (place: number) => unknown;
  /** One value for all of them. */
  readonly isSame: boolean;
}

/** What came as columns, told apart by what this program lets others write. */
export interface GivenColumns {
  readonly plain: readonly GivenColumn[];
  /** Of computed fields that are kept and have an inverse: some programs send what they have computed, others what was assigned. */
  readonly invertible: readonly GivenColumn[];
  /** Of fields that have a value per company or language: of each record an object, by place, or null. */
  readonly keyed: readonly GivenColumn[];
  /** Names of computed fields that nobody writes: what came for them is worked out here. */
  readonly computed: readonly string[];
}

/**
 * Reads the columns of a statement as values that a program writes.
 *
 * A program at the other end sends what it has computed itself along with what it was told; which is which, only the fields say.
 * @throws {UnknownFieldError} FIELD_UNKNOWN @throws {MisuseError} TX_ARGUMENT when a column is of another length
 */
export function givenColumns(model: Model, { fields, columns }: Pick<InsertRows | UpdateRows, 'fields' | 'columns'>, { count, fieldOf }: { readonly count: number; readonly fieldOf: (name: string) => Field }): GivenColumns {
  const given = fields.map((name, place): GivenColumn => {
    const column = columns[place];
    if (column instanceof SameValue) return { field: fieldOf(name), valueOf: () => column.value, isSame: true };
    if (!Array.isArray(column) || column.length !== count) throw malformed(model.name, `a column of ${name} with as many values as there are records`);
    return { field: fieldOf(name), valueOf: (at) => column[at] as unknown, isSame: false };
  });
  const taken = given.filter(({ field }) => isAssignable(field));
  const whole = taken.filter(({ field }) => !field.keyedBy);
  return { plain: whole.filter(({ field }) => !isInvertible(field)), invertible: whole.filter(({ field }) => isInvertible(field)), keyed: taken.filter(({ field }) => field.keyedBy), computed: given.filter(({ field }) => !isAssignable(field)).map(({ field }) => field.name) };
}

function isInvertible({ compute, inverse, isStored }: Field): boolean {
  return isStored && compute !== undefined && inverse !== undefined;
}

/** Whether programs may assign it; otherwise it is what its compute says. */
function isAssignable({ compute, isEditable, inverse }: Field): boolean {
  return compute === undefined || isEditable || inverse !== undefined;
}

/**
 * The values of a record for a field that has one per company or language, by place.
 *
 * @throws {FieldValueError} FIELD_VALUE_INVALID
 */
export function valuesByPlace({ field, valueOf }: GivenColumn, place: number): readonly (readonly [place: string, value: unknown])[] {
  const given = valueOf(place);
  if (given === null || given === undefined) return [];
  if (typeof given !== 'object' || Array.isArray(given)) throw new FieldValueError(field, 'values by company or language', given);
  const form = jsonFormOf(field.keyedColumn?.type ?? 'jsonb');
  return Object.entries(given).map(([key, raw]: readonly [string, unknown]) => {
    try {
      return [key, raw === null ? null : form.fromJson(raw)] as const;
    } catch {
      throw new FieldValueError(field, 'values by company or language', raw);
    }
  });
}

/** @throws {MisuseError} TX_ARGUMENT */
export function assertRows({ model, fields, columns }: Pick<InsertRows, 'model' | 'fields'> & { readonly columns: unknown }): void {
  if (!Array.isArray(fields) || !Array.isArray(columns) || fields.length !== columns.length || new Set(fields).size !== fields.length) throw malformed(model, 'fields without repeats, and a column for each');
}

/** @throws {MisuseError} TX_ARGUMENT */
export function assertIds(model: string, ids: readonly StoredId[]): void {
  if (!Array.isArray(ids) || ids.some((id: unknown) => typeof id !== 'number' && typeof id !== 'bigint' && typeof id !== 'string') || new Set(ids).size !== ids.length) throw malformed(model, 'a list of ids without repeats');
}

export function malformed(model: string, expects: string): MisuseError {
  return new MisuseError('TX_ARGUMENT', `A statement about ${model} takes ${expects}. Send what a session of this version sends.`, { details: { model } });
}
