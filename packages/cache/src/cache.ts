import type { Id } from '@ormolu/kernel';
import { idsDifferentFrom, missingIds, putAll, putMissing, valuesOf, valuesUntilMiss } from './bulk';
import { cacheStats, type CacheStats } from './cache-stats';
import { checkCache, type CheckEnvironment, type CheckOptions, type CheckReport } from './check';
import { ColumnLookup } from './column-lookup';
import type { ColumnView } from './column-view';
import { entriesOf, fieldsOf, idsOfField } from './contents';
import { NO_CONTEXT } from './context-key';
import { anyDirty, clearMarks, dirtyEntries, dirtyIds, forgetIds, markAll, unlistIfClean } from './dirty';
import { CacheInconsistentError, CacheMissError, DirtyValueError } from './errors';
import { FieldTable } from './field-table';
import { browse, checkId, checkModel, idsOf, listGiven, onlyIdOf } from './given-records';
import { invalidate } from './invalidate';
import { MISS } from './places';
import type { CacheField, CacheLife, CacheRecords, ContextKey, InsertOptions, InvalidateSpec, WriteOptions } from './shapes';
import type { SlotIndex } from './slot-index';
import type { UndoMark } from './undo-log';

/**
 * The record cache: field → context key → id → value, synchronous and complete in itself.
 *
 * Absent, `null` and `undefined` are three things. A dirty value (one that waits to be written) is lost only by an explicit word:
 * `clear`, `discard` or `forget`. Values and ids come in the order in which they arrived: overwriting keeps the place, removing
 * and setting again goes to the end. Calls for a single record refuse several and none; calls for many take any number, repeats
 * included. The field decides the model: records of another one are refused.
 * @remarks Calls about records are O(1) for each they are given; those about a whole field or context, and the layout with measured
 * figures, stand in docs/cache.md.
 * @see docs/cache.md; the operations are those of Odoo's record cache, under TypeScript names
 */
export class Cache extends ColumnLookup {
  #generations = 0;

  // -- one record

  /** Whether a value is cached. @throws {SingleRecordError} CACHE_NOT_SINGLE */
  contains(record: CacheRecords, field: CacheField): boolean {
    const column = this.columnOf(record, field);
    const found = column.has(column.slots.slotOf(onlyIdOf(record, 'contains')));
    column.reads += 1;
    if (found) return true;
    idsOf(record); // one of wrong shape was not found
    column.misses += 1;
    return false;
  }

  /**
   * The cached value.
   * @param fallback - answered on a miss, also when it is `undefined`; left out, a miss is an error
   * @throws {CacheMissError} CACHE_MISS on a miss without fallback
   * @throws {SingleRecordError} CACHE_NOT_SINGLE
   */
  get(record: CacheRecords, field: CacheField, ...fallback: [fallback?: unknown]): unknown {
    const column = this.columnOf(record, field);
    const id = onlyIdOf(record, 'get');
    const value = column.at(column.slots.slotOf(id));
    column.reads += 1;
    if (value !== MISS) return value;
    idsOf(record); // one of wrong shape was not found
    column.misses += 1;
    if (fallback.length > 0) return fallback[0];
    checkId(id);
    throw new CacheMissError(record.model, field.name, id, column.key);
  }

  /**
   * Puts a value in, over one that may be there. A dirty value stays dirty.
   * @throws {SingleRecordError} CACHE_NOT_SINGLE
   */
  set(record: CacheRecords, field: CacheField, value: unknown, options?: WriteOptions): void {
    const id = onlyIdOf(record, 'set');
    const column = this.touched(record, field);
    let slot = column.slots.slotOf(id);
    if (slot === -1) {
      idsOf(record); // nothing of wrong shape is kept
      slot = column.slots.ensure(id);
    }
    if (options?.dirty !== true) {
      column.put(slot, value);
      return;
    }
    column.putDirty(slot, value);
    this.table.listDirty(this.table.columnsOf(field));
  }

  /**
   * Takes a value out; absent is no error.
   * @throws {DirtyValueError} CACHE_DIRTY_REMOVED when it waits to be written; `discard` drops it all the same
   * @throws {SingleRecordError} CACHE_NOT_SINGLE
   */
  remove(record: CacheRecords, field: CacheField): void {
    const id = onlyIdOf(record, 'remove');
    const column = this.touched(record, field);
    const slot = column.slots.slotOf(id);
    if (column.isDirty(slot)) throw new DirtyValueError('CACHE_DIRTY_REMOVED', record.model, field.name, id);
    column.delete(slot);
  }

  /** The fields cached for a record in its context, `id` left out, in the order in which the cache met them. @throws {SingleRecordError} CACHE_NOT_SINGLE */
  getFields(record: CacheRecords): CacheField[] {
    return fieldsOf(this.table, record, onlyIdOf(record, 'getFields'));
  }

  // -- many records

  /**
   * Puts values in, one per record in order. Where there are fewer values than records, or more, the rest has no partner and is
   * left aside; of a repeated record the last value stays.
   */
  update(records: CacheRecords, field: CacheField, values: Iterable<unknown>, options?: WriteOptions): void {
    const dirty = options?.dirty === true;
    const column = this.touched(records, field);
    const ids = idsOf(records);
    if (dirty) this.table.listDirty(this.table.columnsOf(field)); // first: an id or a value may be refused when others are marked
    putAll(column, ids, values, dirty);
  }

  /** Puts fetched values in where there is none; never overwrites. Pairs as `update` does; of a repeated record the first value stays. */
  insertMissing(records: CacheRecords, field: CacheField, values: Iterable<unknown>, options?: InsertOptions): void {
    putMissing(this.touched(records, field), idsOf(records), values, options?.undoable === true);
  }

  /** The cached values in the order of the records, misses skipped. */
  getValues(records: CacheRecords, field: CacheField): unknown[] {
    return valuesOf(this.columnOf(records, field), idsOf(records));
  }

  /** The cached values in the order of the records, up to the first miss. */
  getUntilMiss(records: CacheRecords, field: CacheField): unknown[] {
    return valuesUntilMiss(this.columnOf(records, field), idsOf(records));
  }

  /** The ids without a cached value, in order and with their repeats. */
  getMissingIds(records: CacheRecords, field: CacheField): Id[] {
    return missingIds(this.columnOf(records, field), idsOf(records));
  }

  /** The records whose cached value is not the given one by `sameValue`, in order and with their repeats; a miss counts as different. */
  getRecordsDifferentFrom<S>(records: CacheRecords<S>, field: CacheField, value: unknown): S {
    return browse(records, idsDifferentFrom(this.columnOf(records, field), idsOf(records), value));
  }

  // -- a whole field

  /** The records cached for a field in the context of `model`, any recordset of the model, in the order in which their values came. */
  getRecords<S>(model: CacheRecords<S>, field: CacheField): S {
    const column = this.columnOf(model, field);
    return browse(model, column.occupied().map((slot) => column.slots.idOf(slot)));
  }

  /** The records cached for a field in any context, once each: context by context, in the order of their first write. */
  getRecordsAll<S>(model: CacheRecords<S>, field: CacheField): S {
    checkModel(model, field);
    return browse(model, idsOfField(this.table.columnsOf(field)));
  }

  /** Whether any value of a field is cached, in any context. */
  containsField(field: CacheField): boolean {
    return this.table.columnsOf(field).inOrder().some((column) => column.size > 0);
  }

  /** Every value of a field, context by context; the key of a field that depends on no context is `NO_CONTEXT`. */
  entries(field: CacheField): Generator<[key: ContextKey, id: Id, value: unknown]> {
    return entriesOf(this.table.columnsOf(field));
  }

  /** The columns of a field: one for each context under which it has had values. */
  columns(field: CacheField): readonly ColumnView[] {
    return this.table.columnsOf(field).inOrder();
  }

  /** Forgets values in every context: all, or those of the fields given, or of their ids given. Dirty values stay. */
  invalidate(spec?: InvalidateSpec | null): void {
    invalidate(this.table, spec);
  }

  /** Forgets everything: values, marks, slots and statistics. Slots and column handles of before no longer hold; see `generation`. */
  clear(): void {
    const old = this.table;
    if (this.log.isOpen) this.log.noteAction(() => { this.use(old); });
    this.#generations += 1;
    this.use(new FieldTable(this.#generations, this.log));
  }

  // -- values that wait to be written

  /** The fields with dirty values, in the order of their first. One that was updated as dirty for no record at all is among them until cleared. */
  getDirtyFields(): CacheField[] {
    return this.table.dirtyFields().map((columns) => columns.field);
  }

  /** Whether any of the records has a dirty value, in any context, of the given fields or of any. */
  hasDirtyFields(records: CacheRecords, fields?: Iterable<CacheField>): boolean {
    const ids = idsOf(records);
    if (fields === undefined) return anyDirty(this.table.fieldsOf(records.model), ids);
    const wanted = [...listGiven(fields, 'hasDirtyFields', 'fields')];
    for (const field of wanted) checkModel(records, field);
    return anyDirty(wanted.map((field) => this.table.columnsOf(field)), ids);
  }

  /** The records with a dirty value of a field in any context, once each, in the order of their marks. */
  getDirtyRecords<S>(model: CacheRecords<S>, field: CacheField): S {
    checkModel(model, field);
    return browse(model, dirtyIds(this.table.columnsOf(field)));
  }

  /** Every dirty value of a field: context by context, in the order of the marks. */
  dirtyEntries(field: CacheField): Generator<[key: ContextKey, id: Id, value: unknown]> {
    return dirtyEntries(this.table.columnsOf(field));
  }

  /** Whether the record's value in its context is dirty. @throws {SingleRecordError} CACHE_NOT_SINGLE */
  isDirty(record: CacheRecords, field: CacheField): boolean {
    const column = this.columnOf(record, field);
    return column.isDirty(column.slots.slotOf(onlyIdOf(record, 'isDirty')));
  }

  /**
   * Marks cached values as waiting to be written, in the context of the records.
   * @throws {DirtyValueError} CACHE_DIRTY_ABSENT when one is not cached; then none is marked
   */
  markDirty(records: CacheRecords, field: CacheField): void {
    markAll(this.touched(records, field), field, idsOf(records));
    this.table.listDirty(this.table.columnsOf(field));
  }

  /** Takes the marks of records away in their context, because their values are written; the values stay. */
  clearDirty(records: CacheRecords, field: CacheField): void {
    const column = this.columnOf(records, field);
    for (const id of idsOf(records)) column.unmark(column.slots.slotOf(id));
    unlistIfClean(this.table, this.table.columnsOf(field));
  }

  /** Takes all marks of a field away, in every context; the values stay. @returns the ids that had one, in the order of their marks */
  clearDirtyField(field: CacheField): Id[] {
    return clearMarks(this.table, this.table.columnsOf(field));
  }

  /** Drops values of records in their context, dirty or not: the explicit word that `remove` asks for. */
  discard(records: CacheRecords, field: CacheField): void {
    const column = this.touched(records, field);
    for (const id of idsOf(records)) {
      const slot = column.slots.slotOf(id);
      column.unmark(slot);
      column.delete(slot);
    }
    unlistIfClean(this.table, this.table.columnsOf(field));
  }

  /** Drops all that is cached of records, dirty or not, in every field and context: for records that no longer exist. */
  forget(model: string, ids: Iterable<Id>): void {
    forgetIds(this.table, model, ids);
  }

  // -- for the engine around the cache

  /**
   * Names the slots and column handles that hold now: those taken under another generation do not. `clear` begins a new one, and
   * undoing a `clear` brings the old one back.
   */
  get generation(): number {
    return this.table.generation;
  }

  /** The generation that holds now, for those who ask often whether it still does. */
  get life(): CacheLife {
    return this.table;
  }

  /** The slots of a model's ids: whoever keeps a record's slot beside the generation saves the lookup by id. */
  slots(model: string): SlotIndex {
    return this.table.slotsOf(model);
  }

  /**
   * The column of one field under one context key, to read by slot. It stays the right one through everything but `clear`.
   * @param key - as the environment's `cacheKey` gives it; left out for a field that depends on no context
   * @remarks Reads through it are not counted in the statistics.
   */
  column(field: CacheField, key: ContextKey = NO_CONTEXT): ColumnView {
    return this.table.columnsOf(field).under(key);
  }

  /**
   * Calls back once, before the next change to a value that is there: one that is replaced, taken out, forgotten, cleared or undone. Values
   * that come where there was none, and marks, are no such change.
   *
   * @param hear - takes the place of one given before that has not been called
   * @remarks For whoever keeps copies of values. Costs a change one comparison.
   */
  onNextChange(hear: () => void): void {
    this.log.listener = hear;
  }

  /** Marks a moment to return to. Marks nest; while one is open every change is noted. */
  openUndo(): UndoMark {
    return this.log.open();
  }

  /**
   * Returns to a mark: values, absence, dirtiness and order are what they were, also across `invalidate`, `remove` and `clear`.
   * Values that `insertMissing` put in since stay, unless `undoable`; where they came out of the order of slots, that is the order they
   * have afterwards. The mark stays open; marks opened after it are closed.
   * @throws {UndoClosedError} CACHE_UNDO_CLOSED
   * @remarks Proportional to the changes since the mark, never to what is cached.
   */
  undoTo(mark: UndoMark): void {
    this.log.undoTo(mark);
  }

  /** Returns to a mark as `undoTo` does, and gives it up. @throws {UndoClosedError} CACHE_UNDO_CLOSED @remarks Less than the two calls: nobody comes back to what was noted. */
  undoAndClose(mark: UndoMark): void {
    this.log.undoAndClose(mark);
  }

  /** Gives a mark up and keeps what changed since; marks around it can still take it back. Marks opened after it are closed. @throws {UndoClosedError} CACHE_UNDO_CLOSED */
  closeUndo(mark: UndoMark): void {
    this.log.close(mark);
  }

  /** What is cached and how often it was found, since the last `clear`. */
  stats(): CacheStats {
    return cacheStats(this.table);
  }

  /**
   * Compares the cached values of stored fields, dirty ones aside, with the database.
   * @throws {CacheInconsistentError} CACHE_INCONSISTENT listing every difference
   */
  async check(env: CheckEnvironment, options?: CheckOptions): Promise<void> {
    const { differences } = await this.checkReport(env, options);
    if (differences.length > 0) throw new CacheInconsistentError(differences);
  }

  /** Compares as `check` does and answers what it found. */
  checkReport(env: CheckEnvironment, options?: CheckOptions): Promise<CheckReport> {
    return checkCache(() => this.table, env, options);
  }

}
