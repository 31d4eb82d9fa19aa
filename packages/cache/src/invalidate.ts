import type { Id } from '@ormolu/kernel';
import type { FieldColumns } from './field-columns';
import type { FieldTable } from './field-table';
import type { InvalidateSpec } from './shapes';

/** Forgets what a spec names, in every context; dirty values stay. No spec: everything. */
export function invalidate(table: FieldTable, spec: InvalidateSpec | null | undefined): void {
  if (spec === undefined || spec === null) {
    for (const columns of table.allFields()) forgetField(columns);
    return;
  }
  for (const [field, ids] of spec) {
    const columns = table.columnsOf(field);
    if (ids === undefined || ids === null) forgetField(columns);
    else forgetIdsOf(columns, ids);
  }
}

function forgetField(columns: FieldColumns): void {
  for (const column of columns.inOrder()) column.forgetClean();
}

function forgetIdsOf(columns: FieldColumns, ids: Iterable<Id>): void {
  const touched = columns.inOrder();
  for (const id of ids) {
    const slot = columns.slots.slotOf(id);
    for (const column of touched) {
      if (!column.isDirty(slot)) column.delete(slot);
    }
  }
}
