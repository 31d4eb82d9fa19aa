import type { Field } from '@ormolu/registry';
import { UNFINDABLE } from '@ormolu/registry';
import { condition, EVERYTHING, type Condition, type Filter, type Operator } from '@ormolu/kernel';

/** The filter that no record fulfils. */
const NOTHING: Filter = { kind: 'or', any: [] };

/**
 * A comparison with a constant as users write it, with the constant in the form of the column; a record stands for its id.
 *
 * What no column can hold is found nowhere: it is left out of lists, and being equal to it holds for no record.
 * @param field - at the end of the path; undefined for `id`
 * @throws {FieldValueError} FIELD_VALUE_INVALID for a constant of the wrong type
 */
export function comparison(path: readonly string[], field: Field | undefined, operator: Operator, value: unknown): Filter {
  switch (operator) {
    case 'in': case 'notIn': {
      const values = Array.isArray(value) ? (value as readonly unknown[]) : idsOf(value);
      // What is no list is refused by the storage, which knows how.
      if (!values) return condition(path, operator, value);
      return condition(path, operator, values.map((one) => constant(field, one)).filter((one) => one !== UNFINDABLE));
    }
    case 'eq': case 'ne': {
      const wanted = constant(field, value);
      if (wanted === UNFINDABLE) return operator === 'eq' ? NOTHING : EVERYTHING;
      return condition(path, operator, wanted);
    }
    case 'gt': case 'gte': case 'lt': case 'lte':
      // Without a place in the order of what columns hold, the answer would be a guess: writing it is what says why not.
      return condition(path, operator, constant(field, value) === UNFINDABLE ? field?.toCache(value) : constant(field, value));
    case 'like': case 'ilike': case 'startsWith':
      return typeof value === 'string' && field?.toConstant(value) === UNFINDABLE ? NOTHING : condition(path, operator, value);
    case 'childOf': case 'parentOf':
      return condition(path, operator, idsOf(value) ?? (Array.isArray(value) ? (value as readonly unknown[]).flatMap((one) => idsOf(one) ?? [one]) : value));
    case 'isNull': case 'exists':
      return condition(path, operator, value);
  }
}

/** Whether a comparison holds where there is no value. */
export function holdsForMissing({ operator, value }: Pick<Condition, 'operator' | 'value'>): boolean {
  const namesNull = Array.isArray(value) ? value.includes(null) : value === null;
  switch (operator) {
    case 'eq': case 'in':
      return namesNull;
    case 'ne': case 'notIn':
      return !namesNull;
    case 'isNull':
      return value === true;
    case 'exists':
      return value === false;
    default:
      return false;
  }
}

function constant(field: Field | undefined, value: unknown): unknown {
  const isOfOne = field === undefined || field.relation?.kind !== 'many2one';
  const ids = isOfOne && (field === undefined || field.relation) ? idsOf(value) : undefined;
  const plain = ids ? (ids[0] ?? null) : value;
  // Lists are compared by the ids of their records, which have the form of their model's ids.
  return !field || (field.relation && field.relation.kind !== 'many2one') ? plain : field.toConstant(plain);
}

/** Whether a value stands for records. */
export function isRecords(value: unknown): value is { readonly ids: readonly unknown[]; readonly model?: unknown } {
  return typeof value === 'object' && value !== null && 'ids' in value && Array.isArray(value.ids);
}

function idsOf(value: unknown): readonly unknown[] | undefined {
  return isRecords(value) ? value.ids : undefined;
}
