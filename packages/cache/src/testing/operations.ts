import { OrmoluError, type Id } from '@ormolu/kernel';
import { sameValue } from '../same-value';
import type { CacheEnvironment, CacheField, CacheRecords } from '../shapes';
import type { CacheFace, UndoFace } from './cache-face';

/** Records as the kit makes them; others are as good. */
export class TestRecords implements CacheRecords<TestRecords> {
  readonly model: string;
  readonly ids: readonly Id[];
  readonly env: CacheEnvironment;

  constructor(model: string, ids: readonly Id[], env: CacheEnvironment) {
    this.model = model;
    this.ids = ids;
    this.env = env;
  }

  browse(ids: readonly Id[]): TestRecords {
    return new TestRecords(this.model, ids, this.env);
  }
}

/** One call on a cache, as plain data. `mark` counts the undo marks opened so far, from the first. */
export type CacheOperation = Question | Change;

/** A call that answers something. */
type Question =
  | { readonly call: 'contains' | 'get' | 'isDirty' | 'getValues' | 'getUntilMiss' | 'getMissingIds' | 'getRecords' | 'getRecordsAll' | 'getDirtyRecords'; readonly records: TestRecords; readonly field: CacheField }
  | { readonly call: 'getOr' | 'getRecordsDifferentFrom'; readonly records: TestRecords; readonly field: CacheField; readonly value: unknown }
  | { readonly call: 'getFields'; readonly records: TestRecords }
  | { readonly call: 'hasDirtyFields'; readonly records: TestRecords; readonly fields: readonly CacheField[] | undefined }
  | { readonly call: 'containsField' | 'clearDirtyField' | 'entries' | 'dirtyEntries'; readonly field: CacheField }
  | { readonly call: 'getDirtyFields' };

/** A call that answers nothing. */
type Change =
  | { readonly call: 'remove' | 'markDirty' | 'clearDirty' | 'discard'; readonly records: TestRecords; readonly field: CacheField }
  | { readonly call: 'set'; readonly records: TestRecords; readonly field: CacheField; readonly value: unknown; readonly dirty: boolean }
  | { readonly call: 'update'; readonly records: TestRecords; readonly field: CacheField; readonly values: readonly unknown[]; readonly dirty: boolean }
  | { readonly call: 'insertMissing'; readonly records: TestRecords; readonly field: CacheField; readonly values: readonly unknown[] }
  | { readonly call: 'invalidate'; readonly spec: readonly (readonly [CacheField, (readonly Id[] | null)?])[] | undefined }
  | { readonly call: 'forget'; readonly model: string; readonly ids: readonly Id[] }
  | { readonly call: 'clear' | 'openUndo' }
  | { readonly call: 'undoTo' | 'undoAndClose' | 'closeUndo'; readonly mark: number };

/** A cache under test with the undo marks it has given out. */
export interface Subject {
  readonly cache: CacheFace & Partial<UndoFace>;
  readonly marks: unknown[];
}

/** What a call came to: its result in plain form, or the code of the error it threw. */
export type Outcome = { readonly result: unknown } | { readonly error: string };

/** Makes a call. Errors that are none of ours are thrown on. */
export function perform(operation: CacheOperation, subject: Subject): Outcome {
  try {
    return { result: call(operation, subject) };
  } catch (error) {
    if (OrmoluError.is(error)) return { error: error.code };
    throw error;
  }
}

export function sameOutcome(a: Outcome, b: Outcome): boolean {
  return sameValue(a, b);
}

/** Everything a cache says about fields, for comparing two caches whole. Ids are compared by identity. */
export function observe({ cache }: Subject, fields: Iterable<CacheField>): readonly unknown[] {
  return [cache.getDirtyFields().map(nameOf), ...[...fields].map((field) => [nameOf(field), [...cache.entries(field)], [...cache.dirtyEntries(field)]])];
}

function call(operation: CacheOperation, { cache, marks }: Subject): unknown {
  switch (operation.call) {
    case 'contains': case 'get': case 'isDirty':
      return cache[operation.call](operation.records, operation.field);
    case 'getValues': case 'getUntilMiss': case 'getMissingIds':
      return [...cache[operation.call](operation.records, operation.field)];
    case 'getRecords': case 'getRecordsAll': case 'getDirtyRecords':
      return cache[operation.call](operation.records, operation.field).ids;
    case 'getOr':
      return cache.get(operation.records, operation.field, operation.value);
    case 'getRecordsDifferentFrom':
      return cache.getRecordsDifferentFrom(operation.records, operation.field, operation.value).ids;
    case 'getFields': // in no promised order
      return cache.getFields(operation.records).map(nameOf).sort();
    case 'hasDirtyFields':
      return cache.hasDirtyFields(operation.records, operation.fields);
    case 'containsField': case 'clearDirtyField':
      return cache[operation.call](operation.field);
    case 'entries': case 'dirtyEntries':
      return [...cache[operation.call](operation.field)];
    case 'getDirtyFields':
      return cache.getDirtyFields().map(nameOf);
    default:
      change(operation, { cache, marks });
      return undefined;
  }
}

function change(operation: Change, { cache, marks }: Subject): void {
  switch (operation.call) {
    case 'remove': case 'markDirty': case 'clearDirty': case 'discard':
      cache[operation.call](operation.records, operation.field);
      return;
    case 'set':
      cache.set(operation.records, operation.field, operation.value, { dirty: operation.dirty });
      return;
    case 'update':
      cache.update(operation.records, operation.field, operation.values, { dirty: operation.dirty });
      return;
    case 'insertMissing':
      cache.insertMissing(operation.records, operation.field, operation.values, { undoable: true });
      return;
    case 'invalidate':
      cache.invalidate(operation.spec);
      return;
    case 'forget':
      cache.forget(operation.model, operation.ids);
      return;
    case 'clear':
      cache.clear();
      return;
    case 'openUndo':
      marks.push(cache.openUndo?.());
      return;
    case 'undoTo': case 'undoAndClose': case 'closeUndo':
      // The marks are this cache's own, so they are what its own calls take.
      if (marks.length > 0) cache[operation.call]?.(marks[operation.mark % marks.length] as never);
  }
}

function nameOf({ model, name }: CacheField): string {
  return `${model}.${name}`;
}
