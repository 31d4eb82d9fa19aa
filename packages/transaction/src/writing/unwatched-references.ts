import { condition, type Id, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { followOrigins } from '../drafts/follow-origins';
import { placeOfKey, recordsAt } from '../environment/keyed-fields';
import { groupBy } from '../group-by';
import { placesIn } from '../reading/put-fetched';
import type { Transaction } from '../transaction';
import { recordsOf } from '../values';

/** A field that refers to records about to be deleted without a foreign key, with the records that hold such a value: of one with a value per company, where. */
export interface Unwatched {
  readonly field: Field;
  /** Of a `reference` no places. */
  readonly holders: ReadonlyMap<StoredId, readonly string[]>;
}

/**
 * Who refers to some records from where no foreign key watches: many2ones with a value for each company, and references. Those that go themselves are left out, and
 * references that are required.
 *
 * @remarks One SELECT for each such field that may lead to a model deleted from.
 */
export async function unwatchedReferences(tx: Transaction, deleted: ReadonlyMap<string, ReadonlySet<StoredId>>): Promise<readonly Unwatched[]> {
  const found: Unwatched[] = [];
  for (const { fields } of tx.registry.models.values()) {
    for (const field of fields.values()) {
      if (!field.isStored) continue;
      const holders = field.keyedBy && field.relation ? await holdersByPlace(tx, field, deleted) : field.kind === 'reference' && !field.isRequired ? await holdersOf(tx, field, deleted) : new Map<StoredId, readonly string[]>();
      for (const id of deleted.get(field.model) ?? []) holders.delete(id);
      if (holders.size > 0) found.push({ field, holders });
    }
  }
  return found;
}

async function holdersByPlace(tx: Transaction, field: Field, deleted: ReadonlyMap<string, ReadonlySet<StoredId>>): Promise<Map<StoredId, readonly string[]>> {
  const gone = deleted.get(field.relation?.comodel ?? '');
  if (!gone || gone.size === 0) return new Map(); // a cascade may have been looked for, and none found
  const { ids, columns } = await tx.below.query({ model: field.model, filter: condition([field.name], 'in', [...gone]), fields: [field.name], keys: { company: 'any' } });
  return new Map(ids.map((id, row) => [id, placesIn(columns[0]?.[row]).flatMap(([place, raw]) => (gone.has(field.fromColumn(raw) as StoredId) ? [place] : []))])); // a many2one's form
}

async function holdersOf(tx: Transaction, field: Field, deleted: ReadonlyMap<string, ReadonlySet<StoredId>>): Promise<Map<StoredId, readonly string[]>> {
  const texts = (field.options.models ?? []).flatMap((model) => Array.from(deleted.get(model) ?? [], (id) => `${model},${String(id)}`));
  if (texts.length === 0) return new Map();
  const { ids } = await tx.below.query({ model: field.model, filter: condition([field.name], 'in', texts), fields: [] });
  return new Map(ids.map((id) => [id, []]));
}

/**
 * After the records have gone: empties what referred to them, in the database and in memory. What somebody has assigned meanwhile waits to be written, and stays.
 *
 * @remarks One UPDATE for each field.
 */
export async function emptyUnwatched(tx: Transaction, unwatched: readonly Unwatched[]): Promise<void> {
  for (const { field, holders } of unwatched) {
    const ids = [...holders.keys()];
    const cells = ids.map((id) => (field.keyedBy ? Object.fromEntries((holders.get(id) ?? []).map((place) => [place, null])) : null));
    await tx.below.update({ model: field.model, ids, fields: [field.name], columns: [cells] });
    const assigned = groupBy(tx.cache.dirtyEntries(field), ([key]) => (field.keyedBy ? placeOfKey(key) : null));
    const byPlace = groupBy([...holders].flatMap(([id, places]) => (field.keyedBy ? places : [null]).map((place) => ({ id, place }))), ({ place }) => place);
    for (const [place, own] of byPlace) {
      const newer = new Set((assigned.get(place) ?? []).map(([, id]) => id));
      const left = own.flatMap(({ id }): Id[] => (newer.has(id) ? [] : [id]));
      tx.cache.update(field.keyedBy ? recordsAt(field, place, left) : recordsOf(tx.rootEnv, field, left), field, left.map(() => null));
    }
    tx.origins?.note(field, ids, { what: 'followed' });
    followOrigins(tx, field, ids);
  }
}
