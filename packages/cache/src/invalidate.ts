import { typeName, type Id } from '@ormolu/kernel';
import { InvalidArgumentError } from './errors';
import type { FieldColumns } from './field-columns';
import type { FieldTable } from './field-table';
import { listGiven } from './given-records';
import type { CacheField, InvalidateSpec } from './shapes';

/** Forgets what a spec names, in every context; dirty values stay. No spec: everything. */
export function invalidate(table: FieldTable, spec: InvalidateSpec | null | undefined): void {
  if (spec === undefined || spec === null) {
    for (const columns of table.allFields()) forgetField(columns);
    return;
  }
  // Looked through whole before anything is forgotten.
  for (const [columns, ids] of [...listGiven(spec, 'invalidate', PARTS)].map((part) => partOf(table, part))) {
    if (ids === undefined || ids === null) forgetField(columns);
    else forgetIdsOf(columns, ids);
  }
}

/** What a spec is made of, for messages. */
const PARTS = 'pairs [field, ids?]';

function partOf(table: FieldTable, part: unknown): readonly [FieldColumns, Iterable<Id> | null | undefined] {
  if (!Array.isArray(part)) throw new InvalidArgumentError('invalidate', `${PARTS} of which one is ${typeName(part)}`, 'a list of them; one for a whole field is [field]');
  const [field, ids] = part as [CacheField, Iterable<Id> | null | undefined]; // which columnsOf and listGiven look into
  return [table.columnsOf(field), ids === undefined || ids === null ? ids : listGiven(ids, 'invalidate', 'ids')];
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
