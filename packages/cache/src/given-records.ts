import type { Id } from '@ormolu/kernel';
import { InvalidFieldError, InvalidIdError, SingleRecordError, WrongModelError } from './errors';
import type { CacheField, CacheRecords } from './shapes';

/** The id of a record given to a call for exactly one. */
export function onlyIdOf({ ids, model }: CacheRecords, call: string): Id {
  const id = ids[0];
  if (ids.length !== 1 || id === undefined) throw ids.length === 1 ? new InvalidIdError(id) : new SingleRecordError(call, model, ids);
  return id;
}

/** Refuses records that are not of the field's model. */
export function checkModel(records: CacheRecords, field: CacheField): void {
  if (records.model === field.model) return;
  checkField(field);
  throw new WrongModelError(records, field);
}

/** Refuses what is no field. Done where a field object is met, not in every call. */
export function checkField(field: unknown): void {
  const known = typeof field === 'object' && field !== null && 'model' in field && 'name' in field && 'dependsContext' in field;
  if (!known || typeof field.model !== 'string' || typeof field.name !== 'string' || !Array.isArray(field.dependsContext)) throw new InvalidFieldError(field);
}
