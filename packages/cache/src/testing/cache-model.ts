import type { Id } from '@ormolu/kernel';
import { NO_CONTEXT } from '../context-key';
import { CacheMissError, DirtyValueError, SingleRecordError, UndoClosedError, WrongModelError } from '../errors';
import { sameValue } from '../same-value';
import type { CacheField, CacheRecords, ContextKey, InsertOptions, InvalidateSpec, WriteOptions } from '../shapes';
import type { CacheFace } from './cache-face';

/** The values of one field under one context key, and which of them are dirty. */
interface Values {
  readonly values: Map<Id, unknown>;
  readonly dirty: Set<Id>;
}

/** Everything the model holds; fields by 'model.name'. */
interface ModelState {
  readonly fields: Map<string, { readonly field: CacheField; readonly contexts: Map<ContextKey, Values> }>;
  readonly dirtyFields: string[];
}

/** A moment to return to: a copy of everything. */
export interface ModelMark {
  readonly state: ModelState;
}

/**
 * What the cache means, written down in the plainest way: maps in maps, copied whole for an undo. Slow, and easy to believe.
 *
 * Order is that of `Map` and `Set`, which is the order promised; only that of `getFields` is not. Every insertion counts as
 * `undoable`, so while a mark is open compare only caches that are told the same.
 */
export class CacheModel implements CacheFace {
  #state: ModelState = { fields: new Map(), dirtyFields: [] };
  #marks: ModelMark[] = [];

  contains(record: CacheRecords, field: CacheField): boolean {
    return this.#read(record, field).has(this.#only(record, 'contains'));
  }

  get(record: CacheRecords, field: CacheField, ...fallback: [fallback?: unknown]): unknown {
    const id = this.#only(record, 'get');
    const values = this.#read(record, field);
    if (values.has(id)) return values.get(id);
    if (fallback.length > 0) return fallback[0];
    throw new CacheMissError(record.model, field.name, id, keyOf(record, field));
  }

  set(record: CacheRecords, field: CacheField, value: unknown, options?: WriteOptions): void {
    this.#only(record, 'set');
    this.update(record, field, [value], options);
  }

  remove(record: CacheRecords, field: CacheField): void {
    const id = this.#only(record, 'remove');
    const values = this.#written(record, field);
    if (this.#dirtyIds(record, field).has(id)) throw new DirtyValueError('CACHE_DIRTY_REMOVED', record.model, field.name, id);
    values.delete(id);
  }

  getFields(record: CacheRecords): CacheField[] {
    const id = this.#only(record, 'getFields');
    return [...this.#state.fields.values()].map(({ field }) => field)
      .filter((field) => field.model === record.model && field.name !== 'id' && this.#read(record, field).has(id));
  }

  update(records: CacheRecords, field: CacheField, values: Iterable<unknown>, options?: WriteOptions): void {
    const cached = this.#written(records, field);
    for (const [id, value] of pairs(records.ids, values)) {
      cached.set(id, value);
      if (options?.dirty === true) this.#dirtyIds(records, field).add(id);
    }
    if (options?.dirty === true) this.#listDirty(field);
  }

  insertMissing(records: CacheRecords, field: CacheField, values: Iterable<unknown>, _options?: InsertOptions): void {
    const cached = this.#written(records, field);
    for (const [id, value] of pairs(records.ids, values)) {
      if (cached.has(id)) continue;
      cached.set(id, value);
    }
  }

  getValues(records: CacheRecords, field: CacheField): unknown[] {
    const cached = this.#read(records, field);
    return records.ids.filter((id) => cached.has(id)).map((id) => cached.get(id));
  }

  getUntilMiss(records: CacheRecords, field: CacheField): unknown[] {
    const cached = this.#read(records, field);
    const miss = records.ids.findIndex((id) => !cached.has(id));
    return records.ids.slice(0, miss === -1 ? undefined : miss).map((id) => cached.get(id));
  }

  getMissingIds(records: CacheRecords, field: CacheField): Id[] {
    const cached = this.#read(records, field);
    return records.ids.filter((id) => !cached.has(id));
  }

  getRecordsDifferentFrom<S>(records: CacheRecords<S>, field: CacheField, value: unknown): S {
    const cached = this.#read(records, field);
    return records.browse(records.ids.filter((id) => !cached.has(id) || !sameValue(cached.get(id), value)));
  }

  getRecords<S>(model: CacheRecords<S>, field: CacheField): S {
    return model.browse([...this.#read(model, field).keys()]);
  }

  getRecordsAll<S>(model: CacheRecords<S>, field: CacheField): S {
    checkModel(model, field);
    return model.browse([...new Set([...this.entries(field)].map(([, id]) => id))]);
  }

  containsField(field: CacheField): boolean {
    return [...this.entries(field)].length > 0;
  }

  *entries(field: CacheField): Generator<[key: ContextKey, id: Id, value: unknown]> {
    for (const [key, { values }] of this.#state.fields.get(nameOf(field))?.contexts ?? []) {
      for (const [id, value] of values) yield [key, id, value];
    }
  }

  invalidate(spec?: InvalidateSpec | null): void {
    for (const [field, ids] of spec ?? [...this.#state.fields.values()].map(({ field }) => [field] as const)) {
      const contexts = this.#state.fields.get(nameOf(field))?.contexts ?? new Map<ContextKey, Values>();
      const wanted = ids === undefined || ids === null ? undefined : [...ids];
      for (const [key, { values, dirty }] of contexts) {
        for (const id of wanted ?? [...values.keys()]) {
          if (dirty.has(id)) continue;
          values.delete(id);
        }
        if (wanted === undefined && dirty.size === 0) contexts.delete(key);
      }
    }
  }

  clear(): void {
    this.#state = { fields: new Map(), dirtyFields: [] };
  }

  getDirtyFields(): CacheField[] {
    return this.#state.dirtyFields.flatMap((name) => this.#state.fields.get(name)?.field ?? []);
  }

  hasDirtyFields(records: CacheRecords, fields?: Iterable<CacheField>): boolean {
    const asked = fields === undefined ? [...this.#state.fields.values()].map(({ field }) => field).filter(({ model }) => model === records.model) : [...fields];
    for (const field of asked) checkModel(records, field);
    return asked.some((field) => [...this.dirtyEntries(field)].some(([, id]) => records.ids.includes(id)));
  }

  getDirtyRecords<S>(model: CacheRecords<S>, field: CacheField): S {
    checkModel(model, field);
    return model.browse([...new Set([...this.dirtyEntries(field)].map(([, id]) => id))]);
  }

  *dirtyEntries(field: CacheField): Generator<[key: ContextKey, id: Id, value: unknown]> {
    for (const [key, { values, dirty }] of this.#state.fields.get(nameOf(field))?.contexts ?? []) {
      for (const id of dirty) yield [key, id, values.get(id)];
    }
  }

  isDirty(record: CacheRecords, field: CacheField): boolean {
    this.#read(record, field);
    return this.#dirtyIds(record, field).has(this.#only(record, 'isDirty'));
  }

  markDirty(records: CacheRecords, field: CacheField): void {
    const cached = this.#written(records, field);
    for (const id of records.ids) {
      if (!cached.has(id)) throw new DirtyValueError('CACHE_DIRTY_ABSENT', records.model, field.name, id);
    }
    for (const id of records.ids) this.#dirtyIds(records, field).add(id);
    this.#listDirty(field);
  }

  clearDirty(records: CacheRecords, field: CacheField): void {
    checkModel(records, field);
    for (const id of records.ids) this.#dirtyIds(records, field).delete(id);
    this.#unlistIfClean(field);
  }

  clearDirtyField(field: CacheField): Id[] {
    const ids = [...new Set([...this.dirtyEntries(field)].map(([, id]) => id))];
    for (const { dirty } of this.#state.fields.get(nameOf(field))?.contexts.values() ?? []) dirty.clear();
    const listed = this.#state.dirtyFields.indexOf(nameOf(field));
    if (listed !== -1) this.#state.dirtyFields.splice(listed, 1);
    return ids;
  }

  discard(records: CacheRecords, field: CacheField): void {
    const cached = this.#written(records, field);
    for (const id of records.ids) {
      this.#dirtyIds(records, field).delete(id);
      cached.delete(id);
    }
    this.#unlistIfClean(field);
  }

  forget(model: string, ids: Iterable<Id>): void {
    const gone = [...ids];
    for (const { field, contexts } of this.#state.fields.values()) {
      if (field.model !== model) continue;
      for (const { values, dirty } of contexts.values()) {
        for (const id of gone) {
          dirty.delete(id);
          values.delete(id);
        }
      }
      this.#unlistIfClean(field);
    }
  }

  openUndo(): ModelMark {
    const mark = { state: copyOf(this.#state) };
    this.#marks.push(mark);
    return mark;
  }

  undoTo(mark: ModelMark): void {
    this.#marks = this.#marks.slice(0, this.#placeOf(mark) + 1);
    this.#state = copyOf(mark.state);
  }

  undoAndClose(mark: ModelMark): void {
    this.undoTo(mark);
    this.closeUndo(mark);
  }

  closeUndo(mark: ModelMark): void {
    this.#marks = this.#marks.slice(0, this.#placeOf(mark));
  }

  #placeOf(mark: ModelMark): number {
    const place = this.#marks.indexOf(mark);
    if (place === -1) throw new UndoClosedError();
    return place;
  }

  #read(records: CacheRecords, field: CacheField): ReadonlyMap<Id, unknown> {
    checkModel(records, field);
    return this.#state.fields.get(nameOf(field))?.contexts.get(keyOf(records, field))?.values ?? new Map<Id, unknown>();
  }

  #written(records: CacheRecords, field: CacheField): Map<Id, unknown> {
    return this.#context(records, field).values;
  }

  #dirtyIds(records: CacheRecords, field: CacheField): Set<Id> {
    const known = this.#state.fields.get(nameOf(field))?.contexts.get(keyOf(records, field));
    return known?.dirty ?? new Set<Id>();
  }

  #context(records: CacheRecords, field: CacheField): Values {
    checkModel(records, field);
    const { contexts } = entryOf(this.#state.fields, nameOf(field), () => ({ field, contexts: new Map<ContextKey, Values>() }));
    return entryOf(contexts, keyOf(records, field), () => ({ values: new Map<Id, unknown>(), dirty: new Set<Id>() }));
  }

  #listDirty(field: CacheField): void {
    if (!this.#state.dirtyFields.includes(nameOf(field))) this.#state.dirtyFields.push(nameOf(field));
  }

  #unlistIfClean(field: CacheField): void {
    if ([...this.dirtyEntries(field)].length === 0) this.clearDirtyField(field);
  }

  #only(record: CacheRecords, call: string): Id {
    const [id] = record.ids;
    if (record.ids.length !== 1 || id === undefined) throw new SingleRecordError(call, record.model, record.ids);
    return id;
  }
}

function copyOf({ fields, dirtyFields }: ModelState): ModelState {
  return {
    fields: new Map([...fields].map(([name, { field, contexts }]) => [name, {
      field,
      contexts: new Map([...contexts].map(([key, { values, dirty }]) => [key, { values: new Map(values), dirty: new Set(dirty) }])),
    }])),
    dirtyFields: [...dirtyFields],
  };
}

function nameOf({ model, name }: CacheField): string {
  return `${model}.${name}`;
}

function keyOf(records: CacheRecords, field: CacheField): ContextKey {
  return field.dependsContext.length === 0 ? NO_CONTEXT : records.env.cacheKey(field);
}

function checkModel(records: CacheRecords, field: CacheField): void {
  if (records.model !== field.model) throw new WrongModelError(records, field);
}

function pairs(ids: readonly Id[], values: Iterable<unknown>): (readonly [Id, unknown])[] {
  const list = [...values];
  return ids.slice(0, list.length).map((id, at) => [id, list[at]] as const);
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
}
