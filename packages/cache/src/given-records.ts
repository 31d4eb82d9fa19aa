import { NewId, typeName, type Id } from '@ormolu/kernel';
import { InvalidArgumentError, InvalidContextKeyError, InvalidFieldError, InvalidIdError, InvalidRecordsError, SingleRecordError, WrongModelError } from './errors';
import type { CacheField, CacheRecords, ContextKey } from './shapes';

/** The id of a record given to a call for exactly one. */
export function onlyIdOf(records: CacheRecords, call: string): Id {
  try {
    const { ids } = records;
    const id = ids[0];
    if (ids.length === 1 && id !== undefined) return id;
  } catch {
    // What has no ids is told below: asking first would cost every read.
  }
  throw notOne(records, call);
}

function notOne(records: CacheRecords, call: string): Error {
  const ids = idsOf(records);
  return ids.length === 1 ? new InvalidIdError(ids[0]) : new SingleRecordError(call, records.model, ids);
}

/** The ids of records. Asked once for many records, and about a single one when it was not found. @throws {InvalidRecordsError} CACHE_INVALID_RECORDS when they are no list */
export function idsOf(records: CacheRecords): readonly Id[] {
  const given: unknown = records;
  if (typeof given !== 'object' || given === null) throw new InvalidRecordsError(`that are ${typeName(given)}`);
  const { ids } = records;
  if (!Array.isArray(ids)) throw new InvalidRecordsError(`whose ids are ${typeName(ids)}`);
  return ids as readonly Id[]; // `isArray` makes it any[]
}

/** Other records of the same kind. */
export function browse<S>(records: CacheRecords<S>, ids: readonly Id[]): S {
  if (typeof (records as { readonly browse: unknown }).browse !== 'function') throw new InvalidRecordsError('that have no browse()');
  return records.browse(ids);
}

/** Refuses what no record can be known by. Done where an id is met, not in every call. */
export function checkId(id: unknown): void {
  const isId = typeof id === 'number' ? Number.isFinite(id) : typeof id === 'string' || typeof id === 'bigint' || id instanceof NewId;
  if (!isId) throw new InvalidIdError(id);
}

/** Refuses records that are not of the field's model. */
export function checkModel(records: CacheRecords, field: CacheField): void {
  try {
    if (records.model === field.model) return;
  } catch {
    // What has no model is told below: asking first would cost every read.
  }
  checkField(field);
  idsOf(records);
  if (typeof records.model !== 'string') throw new InvalidRecordsError(`whose model is ${typeName(records.model)}`);
  throw new WrongModelError(records, field);
}

/** Refuses what is no field. Done where a field object is met, not in every call. */
export function checkField(field: unknown): void {
  const known = typeof field === 'object' && field !== null && 'model' in field && 'name' in field && 'dependsContext' in field;
  if (!known || typeof field.model !== 'string' || typeof field.name !== 'string' || !Array.isArray(field.dependsContext)) throw new InvalidFieldError(field);
}

/** The key under which records see a field that depends on the context. */
export function keyOf(records: CacheRecords, field: CacheField): ContextKey {
  const env: unknown = records.env;
  if (typeof env === 'object' && env !== null && 'cacheKey' in env && typeof env.cacheKey === 'function') return records.env.cacheKey(field);
  throw new InvalidRecordsError(`whose env ${typeof env === 'object' && env !== null ? 'has no cacheKey()' : `is ${typeName(env)}`}, and ${field.model}.${field.name} depends on the context`);
}

/** Refuses what is no context key. Done where a key is met, not in every call. */
export function checkKey(key: unknown, field: CacheField): void {
  if (key === undefined || key === null || typeof key === 'function' || (typeof key === 'object' && 'then' in key)) throw new InvalidContextKeyError(key, field);
}

/** What is given as a list, or as something to go through once. @throws {InvalidArgumentError} CACHE_INVALID_ARGUMENT, also for a text, whose characters are hardly meant */
export function listGiven<T>(given: Iterable<T>, call: string, what: string): Iterable<T> {
  const any: unknown = given;
  if (typeof any === 'object' && any !== null && Symbol.iterator in any) return given;
  throw new InvalidArgumentError(call, `${what} that are ${typeName(any)}`, `a list of ${what}, or another iterable of them`);
}
