import { describeIds, MisuseError, OrmoluError, typeName, type Id } from '@ormolu/kernel';
import type { CacheField, CacheRecords, ContextKey } from './shapes';

/** `get` without a fallback asked for a value that is not cached. */
export class CacheMissError extends OrmoluError {
  constructor(model: string, field: string, id: Id, key: ContextKey) {
    super('CACHE_MISS', `${model}(${String(id)}).${field} is not in the cache (context ${describeKey(key)}). Give get() a fallback, or fetch the value and insert it first.`,
      { details: { model, field, id, context: key } });
  }
}

/** A call for a single record was given several, or none. */
export class SingleRecordError extends MisuseError {
  constructor(call: string, model: string, ids: readonly Id[]) {
    const given = ids.length === 0 ? 'none' : `${String(ids.length)} (${describeIds(ids)})`;
    super('CACHE_NOT_SINGLE', `Cache.${call}() takes exactly one record of '${model}' and was given ${given}. Call it once per record, or use a call for many, such as update() or getValues().`,
      { details: { call, model, ids } });
  }
}

/** What was given as an id is none. */
export class InvalidIdError extends MisuseError {
  constructor(id: unknown) {
    super('CACHE_INVALID_ID', `The cache was given an id that is ${typeName(id)}. Ids are finite numbers, bigints, strings, or a NewId for a record that is not stored yet.`);
  }
}

/** What was given as records is none. */
export class InvalidRecordsError extends MisuseError {
  constructor(problem: string) {
    super('CACHE_INVALID_RECORDS', `The cache was given records ${problem}. Records are { model, ids, env: { cacheKey(field) }, browse(ids) }, with a list of ids; a single record is one with one id.`);
  }
}

/** An argument of a call is not what the call takes. */
export class InvalidArgumentError extends MisuseError {
  constructor(call: string, argument: string, expected: string) {
    super('CACHE_INVALID_ARGUMENT', `Cache.${call}() was given ${argument}. It takes ${expected}.`);
  }
}

/** An environment's `cacheKey` answered what is no key. */
export class InvalidContextKeyError extends MisuseError {
  constructor(key: unknown, { model, name }: CacheField) {
    super('CACHE_INVALID_KEY', `The key of a context in which to see ${model}.${name} is ${typeName(key)}. cacheKey(field) answers at once with a value that is the same for the same context, such as contextKey([...]) makes.`,
      { details: { model, field: name } });
  }
}

/** An environment's `readStored` answered `check` something that cannot be compared with the cache. */
export class CheckAnswerError extends MisuseError {
  constructor(model: string, fields: readonly string[], problem: string) {
    super('CACHE_CHECK_ANSWER', `readStored('${model}', ids, ${JSON.stringify(fields)}) answered ${problem}. It answers { ids, columns }: each id that exists once, as it was asked for, and for each field a list with one value per id.`,
      { details: { model, fields } });
  }
}

/** What was given as a field is none. */
export class InvalidFieldError extends MisuseError {
  constructor(field: unknown) {
    super('CACHE_INVALID_FIELD', `The cache was given a field that is ${typeName(field)}, which does not say all of model, name and dependsContext. dependsContext is a list, [] when the value depends on no context.`);
  }
}

/** `MISS` was given as a value. */
export class MissAsValueError extends MisuseError {
  constructor() {
    super('CACHE_MISS_AS_VALUE', 'MISS was given to the cache as a value, but it says that there is none. Leave such records out, or remove() what is cached of them.');
  }
}

/** A field was used with records of another model. */
export class WrongModelError extends MisuseError {
  constructor({ model }: CacheRecords, { model: fieldModel, name }: CacheField) {
    super('CACHE_WRONG_MODEL', `Field '${fieldModel}.${name}' was used with records of '${model}'. Use the field of that model.`,
      { details: { model, fieldModel, field: name } });
  }
}

/** A value that waits to be written would have been lost, or a mark been set where there is no value. */
export class DirtyValueError extends MisuseError {
  constructor(code: 'CACHE_DIRTY_REMOVED' | 'CACHE_DIRTY_ABSENT', model: string, field: string, id: Id) {
    const text = code === 'CACHE_DIRTY_REMOVED'
      ? 'has a value that is not written yet, so remove() would lose it. Write it first, or say discard() to drop it.'
      : 'has no cached value, so it cannot wait to be written. Use set() with { dirty: true }.';
    super(code, `${model}(${String(id)}).${field} ${text}`, { details: { model, field, id } });
  }
}

/** An undo mark was used after it, or one around it, was closed. */
export class UndoClosedError extends MisuseError {
  constructor() {
    super('CACHE_UNDO_CLOSED', 'This undo mark is closed, or of another cache: closeUndo() was called for it, or undoTo() or closeUndo() for one around it. Open a new one with openUndo() of this cache.');
  }
}

/** A context value that cannot be part of a context key. */
export class ContextKeyError extends MisuseError {
  constructor(kind: string) {
    super('CACHE_CONTEXT_KEY', `A context value of type ${kind} cannot be part of a context key: two of them cannot be compared. Use plain values, lists, dates or plain objects.`);
  }
}

/** One cached value that is not what the database holds. */
export interface CacheDifference {
  readonly model: string;
  readonly id: Id;
  readonly field: string;
  readonly context: ContextKey;
  readonly cached: unknown;
  /** `MISS` when the row does not exist. */
  readonly stored: unknown;
}

/** `check` found cached values that are not what the database holds. `differences` lists all of them. */
export class CacheInconsistentError extends OrmoluError {
  readonly differences: readonly CacheDifference[];

  constructor(differences: readonly CacheDifference[]) {
    const shown = differences.slice(0, 10).map((one) => `${one.model}(${String(one.id)}).${one.field} in context ${describeKey(one.context)}`);
    const more = differences.length > shown.length ? `, and ${String(differences.length - shown.length)} more` : '';
    super('CACHE_INCONSISTENT', `${String(differences.length)} cached values differ from the database: ${shown.join(', ')}${more}. Something wrote to the database behind the cache, or to the cache without marking it dirty: invalidate these fields, then look at details.differences.`,
      { details: { differences } });
    this.differences = differences;
  }
}

function describeKey(key: ContextKey): string {
  return typeof key === 'object' ? '[object]' : String(key);
}
