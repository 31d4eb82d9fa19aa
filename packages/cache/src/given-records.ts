import type { Id } from '@ormolu/kernel';
import { SingleRecordError, WrongModelError } from './errors';
import type { CacheField, CacheRecords } from './shapes';

/** The id of a record given to a call for exactly one. */
export function onlyIdOf({ ids, model }: CacheRecords, call: string): Id {
  const id = ids[0];
  if (id === undefined || ids.length !== 1) throw new SingleRecordError(call, model, ids);
  return id;
}

/** Refuses records that are not of the field's model. */
export function checkModel(records: CacheRecords, field: CacheField): void {
  if (records.model !== field.model) throw new WrongModelError(records, field);
}
