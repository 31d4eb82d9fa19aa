import { isStoredId, type Id, type StoredId, type Tag } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { Transaction } from './transaction';

/** Forgets everything in memory, what is pending included. */
export function forgetAll(tx: Transaction): void {
  tx.cache.clear();
  tx.toCompute.clear();
  tx.triggers.clear();
  tx.unseen.clear();
  tx.pairs.clear();
  tx.pairRows.clear();
  // A transaction that is over says so itself.
  if (tx.state !== 'closed') tx.drafts.clear();
  tx.absent.clear();
  tx.fallbacks.clear();
  tx.versions?.clear();
  tx.origins?.clear();
}

/** Forgets what is known of stored records; what is pending, and drafts, stay. */
export function forgetStored(tx: Transaction): void {
  for (const field of cachedFields(tx)) forgetField(tx, field);
  tx.companies.clear();
  tx.absent.clear();
}

/**
 * Forgets what other programs' triggers and cascades have changed along with a statement: the values themselves, and lists and computed values
 * that are not stored, which may follow from them.
 */
export function forgetTouched(tx: Transaction, touched: readonly Tag[]): void {
  const models = new Set(touched.map(({ model }) => model));
  for (const field of cachedFields(tx)) {
    if (!field.isStored) {
      const { relation } = field;
      if (!relation || relation.kind === 'many2one' || models.has(relation.comodel) || models.has(relation.relationModel ?? '') || models.has(field.model)) forgetField(tx, field);
      continue;
    }
    forgetColumn(tx, field, touched);
  }
  tx.companies.touched(touched);
  tx.absent.clear();
}

/** The same of columns alone: of records that were just made, memory knows the lists better than the database. */
export function forgetTouchedColumns(tx: Transaction, touched: readonly Tag[]): void {
  for (const field of cachedFields(tx)) if (field.isStored) forgetColumn(tx, field, touched);
  tx.companies.touched(touched);
}

function forgetColumn(tx: Transaction, field: Field, touched: readonly Tag[]): void {
  for (const { model, id, fields } of touched) {
    if (model === field.model && (fields?.includes(field.name) ?? true)) forgetField(tx, field, id);
  }
}

function* cachedFields(tx: Transaction): Generator<Field> {
  for (const model of tx.registry.models.values()) for (const field of model.fields.values()) if (tx.cache.containsField(field)) yield field;
}

/** @param only - one record, as the log writes its id: as a text */
function forgetField(tx: Transaction, field: Field, only?: StoredId): void {
  const ids = new Set<Id>();
  for (const [, id] of tx.cache.entries(field)) if (isStoredId(id) && (only === undefined || String(id) === String(only))) ids.add(id);
  tx.cache.invalidate([[field, [...ids]]]);
}
