import { isStoredId, type Id } from '@ormolu/kernel';
import type { Transaction } from './transaction';

/** Forgets everything in memory, what is pending included. */
export function forgetAll(tx: Transaction): void {
  tx.cache.clear();
  tx.toCompute.clear();
  tx.triggers.clear();
  tx.pairs.clear();
  tx.pairRows.clear();
  tx.drafts.clear();
  tx.absent.clear();
  tx.fallbacks.clear();
  tx.versions?.clear();
  tx.origins?.clear();
}

/** Forgets what is known of stored records; what is pending, and drafts, stay. */
export function forgetStored(tx: Transaction): void {
  for (const model of tx.registry.models.values()) {
    for (const field of model.fields.values()) {
      if (!tx.cache.containsField(field)) continue;
      const ids = new Set<Id>();
      for (const [, id] of tx.cache.entries(field)) if (isStoredId(id)) ids.add(id);
      tx.cache.invalidate([[field, [...ids]]]);
    }
  }
  tx.absent.clear();
  tx.versions?.clear();
}
