import { MISS } from '@ormolu/cache';
import type { StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { followOrigins } from '../drafts/follow-origins';
import { tellChange } from '../events';
import { originKey } from '../reading/origins';
import type { RecordSet } from '../records/recordset';
import { isAskedFor } from '../triggers/unseen';
import { fire, isEmpty, startFiring } from '../triggers/modified';
import { assignCached, refuseAbsent } from './assign-cached';

/** Whether assigning a field changes its own value and marks who reads it, and nothing else: most fields are like that. */
export function isPlain(field: Field): boolean {
  return field.isStored && !field.compute && !field.relation && field.kind !== 'reference' && !field.inverse && field.keyedBy === undefined && field.dependsContext.length === 0;
}

/**
 * Puts a value into a plain field of one stored record, as `assignCached` does for any field and number of records, but by its slot.
 *
 * @param cached - in the cache's form, checked
 */
export function assignPlain(record: RecordSet, field: Field, { id, cached }: { readonly id: StoredId; readonly cached: unknown }): void {
  const { env } = record;
  const tx = env.transaction;
  const ids = [id];
  refuseAbsent(tx, field, ids);
  const column = env.column(field);
  const slot = column.slots.slotOf(id);
  const before = column.at(slot);
  if (before === MISS && isAskedFor(tx, field)) {
    assignCached(env, field, ids, cached);
    return;
  }
  if (before !== MISS && before !== undefined && (before === cached || field.isEqual(before, cached))) return;
  tx.execution?.written.add(field);
  const firing = startFiring(tx, field, ids);
  // A column with marks is listed as having them.
  if (slot >= 0 && column.dirtySize > 0) column.putDirty(slot, cached);
  else tx.cache.set(record, field, cached, { dirty: true });
  tx.origins?.note(field, ids, { what: 'assigned', key: originKey(env, field) });
  tellChange('write', field, 1);
  const tree = tx.registry.triggersOf(field);
  if (!isEmpty(tree)) fire(tx, firing, tree, ids);
  followOrigins(tx, field, ids);
}
