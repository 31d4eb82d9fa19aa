import type { Id } from '@ormolu/kernel';
import { placeOfKey } from '../environment/keyed-fields';
import type { Transaction } from '../transaction';

/** Model → id → field name → value in the cache's form; of a field with a value per company or language an object of them by key. */
export type PendingWrites = ReadonlyMap<string, ReadonlyMap<Id, ReadonlyMap<string, unknown>>>;

/** What waits to be written: a view of the cache's dirty values, made anew with each call. */
export function pendingWrites({ cache, registry }: Transaction): PendingWrites {
  const view = new Map<string, Map<Id, Map<string, unknown>>>();
  for (const { model, name } of [...cache.getDirtyFields()]) {
    const byId = view.get(model) ?? new Map<Id, Map<string, unknown>>();
    const field = registry.field(model, name);
    for (const [key, id, value] of cache.dirtyEntries(field)) {
      const row = byId.get(id) ?? new Map<string, unknown>();
      byId.set(id, row.set(name, field.keyedBy ? { ...(row.get(name) as object | undefined), [String(placeOfKey(key))]: value } : value));
    }
    if (byId.size > 0) view.set(model, byId);
  }
  return view;
}
