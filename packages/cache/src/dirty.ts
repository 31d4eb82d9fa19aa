import { typeName, type Id } from '@ormolu/kernel';
import type { Column } from './column';
import { entriesAt } from './contents';
import { DirtyValueError, InvalidArgumentError } from './errors';
import type { FieldColumns } from './field-columns';
import type { FieldTable } from './field-table';
import { listGiven } from './given-records';
import type { CacheField, ContextKey } from './shapes';

/** The ids that are dirty in any context of a field, once each, in the order of their marks. */
export function dirtyIds(columns: FieldColumns): Id[] {
  const { slots } = columns;
  const ids = columns.inOrder().flatMap((column) => column.dirtySlots());
  return [...new Set(ids)].map((slot) => slots.idOf(slot));
}

/** Whether any of the ids is dirty, in any context, in any of the fields. */
export function anyDirty(fields: Iterable<FieldColumns>, ids: readonly Id[]): boolean {
  for (const columns of fields) {
    if (!columns.hasMarks) continue;
    const marked = columns.inOrder().filter((column) => column.dirtySize > 0);
    for (const id of ids) {
      const slot = columns.slots.slotOf(id);
      if (marked.some((column) => column.isDirty(slot))) return true;
    }
  }
  return false;
}

/** Every dirty value of a field: context by context, in the order of the marks. */
export function* dirtyEntries(columns: FieldColumns): Generator<[key: ContextKey, id: Id, value: unknown]> {
  for (const column of columns.inOrder()) yield* entriesAt(column, column.dirtySlots());
}

/** Marks the values of ids; when one has none, none is marked. */
export function markAll(column: Column, { model, name }: CacheField, ids: readonly Id[]): void {
  const { slots } = column;
  for (const id of ids) {
    if (!column.has(slots.slotOf(id))) throw new DirtyValueError('CACHE_DIRTY_ABSENT', model, name, id);
  }
  for (const id of ids) column.mark(slots.slotOf(id));
}

/** Takes all marks of a field away. @returns the ids that had one */
export function clearMarks(table: FieldTable, columns: FieldColumns): Id[] {
  const ids = dirtyIds(columns);
  for (const column of columns.inOrder()) {
    if (column.dirtySize > 0) column.unmarkAll();
  }
  table.unlistDirty(columns);
  return ids;
}

/** Takes the field off the list of dirty ones when it has no mark left. */
export function unlistIfClean(table: FieldTable, columns: FieldColumns): void {
  if (columns.dirtyRank > 0 && !columns.hasMarks) table.unlistDirty(columns);
}

/** Drops values and marks of ids in every field of a model and every context. */
export function forgetIds(table: FieldTable, model: string, ids: Iterable<Id>): void {
  if (typeof model !== 'string') throw new InvalidArgumentError('forget', `a model that is ${typeName(model)}`, 'the name of a model and a list of ids');
  const slots = [...listGiven(ids, 'forget', 'ids')].map((id) => table.slotsOf(model).slotOf(id)).filter((slot) => slot >= 0);
  for (const columns of table.fieldsOf(model)) {
    for (const column of columns.all()) {
      for (const slot of slots) {
        column.unmark(slot);
        column.delete(slot);
      }
    }
    unlistIfClean(table, columns);
  }
}
