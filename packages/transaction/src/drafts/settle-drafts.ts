import { isStoredId, NewId, type Id, type StoredId } from '@ormolu/kernel';
import type { Field, Model } from '@ormolu/registry';
import { recordsUnder } from '../environment/keyed-fields';
import { KeyedValues } from '../environment/keyed-values';
import { moveBetweenLists } from '../lists/inverse-lists';
import type { Transaction } from '../transaction';

/** Drafts, and the records that they have become. */
export type SavedDrafts = ReadonlyMap<NewId, { readonly model: Model; readonly id: StoredId }>;

/**
 * Puts the ids of the database wherever in memory temporary ones stand: in many2ones and lists, of stored records and other drafts,
 * cached, pending and kept.
 *
 * @remarks Looks through the cached relations that lead to the models saved, and through the drafts.
 */
export function settleDrafts(tx: Transaction, saved: SavedDrafts): void {
  const models = new Set([...saved.values()].map(({ model }) => model.name));
  for (const [id, { model, id: stored }] of saved) {
    tx.cache.forget(model.name, [id]);
    tx.drafts.saveAs(model.name, id, stored);
  }
  for (const model of tx.registry.models.values()) {
    for (const field of model.fields.values()) {
      if (!field.relation || !models.has(field.relation.comodel)) continue;
      settleCached(tx, field, saved);
      for (const draft of tx.drafts.of(model.name)) {
        const value = tx.drafts.given(draft).get(field);
        if (value !== undefined && isConcerned(value, saved)) tx.drafts.keep(field, draft, settled(value, saved));
      }
    }
  }
}

function settleCached(tx: Transaction, field: Field, saved: SavedDrafts): void {
  const concerned = [...tx.cache.entries(field)].filter(([, , value]) => isConcerned(value, saved));
  for (const [key, id, value] of concerned) {
    const now = settled(value, saved);
    // What waits to be written goes on waiting.
    tx.cache.set(recordsUnder(field, key, [id]), field, now);
    if (field.relation?.kind !== 'many2one' || !isStoredId(id)) continue;
    for (const inverse of tx.registry.inversesOf(field)) moveBetweenLists(tx, inverse, [{ id, from: null, to: now as Id }]); // a many2one holds an id
  }
}

function isConcerned(value: unknown, saved: SavedDrafts): boolean {
  if (value instanceof KeyedValues) return value.values().some((one) => isConcerned(one, saved));
  if (Array.isArray(value)) return value.some((one) => one instanceof NewId && saved.has(one));
  return value instanceof NewId && saved.has(value);
}

function settled(value: unknown, saved: SavedDrafts): unknown {
  if (value instanceof KeyedValues) return value.map((one) => settled(one, saved));
  if (Array.isArray(value)) return Object.freeze([...new Set(value.map((one) => settled(one, saved)))]);
  return value instanceof NewId ? (saved.get(value)?.id ?? value) : value;
}
