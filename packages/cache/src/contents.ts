import type { Id } from '@ormolu/kernel';
import type { Column } from './column';
import { NO_CONTEXT } from './context-key';
import type { FieldColumns } from './field-columns';
import type { FieldTable } from './field-table';
import { keyOf } from './given-records';
import type { CacheField, CacheRecords, ContextKey } from './shapes';

/** The fields with a value for a record in its context, `id` left out, in the order in which the cache met them. */
export function fieldsOf(table: FieldTable, record: CacheRecords, id: Id): CacheField[] {
  const slot = table.slotsOf(record.model).slotOf(id);
  const fields: CacheField[] = [];
  for (const columns of table.fieldsOf(record.model)) {
    const { field } = columns;
    if (field.name === 'id') continue;
    const key = field.dependsContext.length === 0 ? NO_CONTEXT : keyOf(record, field);
    if (columns.peek(key)?.has(slot) === true) fields.push(field);
  }
  return fields;
}

/** The ids with a value in any context of a field, once each: context by context, in the order of their first write. */
export function idsOfField(columns: FieldColumns): Id[] {
  const slots = new Set(columns.inOrder().flatMap((column) => column.occupied()));
  return [...slots].map((slot) => columns.slots.idOf(slot));
}

/** Every value of a field, context by context. */
export function* entriesOf(columns: FieldColumns): Generator<[key: ContextKey, id: Id, value: unknown]> {
  for (const column of columns.inOrder()) yield* entriesAt(column, column.occupied());
}

/** The values at slots, those left out that are gone by the time they are asked for. */
export function* entriesAt(column: Column, slots: readonly number[]): Generator<[key: ContextKey, id: Id, value: unknown]> {
  for (const slot of slots) {
    if (column.has(slot)) yield [column.key, column.slots.idOf(slot), column.at(slot)];
  }
}
