import type { Id } from '@ormolu/kernel';
import type { Transaction } from './transaction';

/** Model → id → field name → value in the cache's form. */
export type PendingWrites = ReadonlyMap<string, ReadonlyMap<Id, ReadonlyMap<string, unknown>>>;

/** What waits to be written: a view of the cache's dirty values, made anew with each call. */
export function pendingWrites({ cache, registry }: Transaction): PendingWrites {
  const view = new Map<string, Map<Id, Map<string, unknown>>>();
  for (const { model, name } of [...cache.getDirtyFields()]) {
    const byId = view.get(model) ?? new Map<Id, Map<string, unknown>>();
    for (const [, id, value] of cache.dirtyEntries(registry.field(model, name))) {
      byId.set(id, (byId.get(id) ?? new Map<string, unknown>()).set(name, value));
    }
    if (byId.size > 0) view.set(model, byId);
  }
  return view;
}
