import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { Environment } from '../environment/environment';
import { insertFetched } from './insert-fetched';
import { keyOfPlace, placeOf, recordsAt, sourceLanguage } from '../environment/keyed-fields';
import { recordsOf } from '../values';

/**
 * Puts what a column gave into the cache, where nothing is: never over a pending value.
 *
 * @param env - who asked; of a field with a value per company or language his value is known afterwards, and all the column has
 */
export function putFetched(env: Environment, field: Field, ids: readonly Id[], raw: readonly unknown[]): void {
  const tx = env.transaction;
  const options = { undoable: tx.below.fetchesAreUndoable, from: ids };
  if (!field.keyedBy) {
    insertFetched(tx, recordsOf(env, field, ids), field, { values: raw.map((value) => field.fromColumn(value)), ...options });
    return;
  }
  const own = placeOf(env, field.keyedBy);
  const found = new Map<string, { readonly ids: Id[]; readonly values: unknown[] }>();
  const lacking = new Set(ids);
  for (const [row, id] of ids.entries()) {
    for (const [place, value] of placesIn(raw[row])) {
      let there = found.get(place);
      if (!there) found.set(place, (there = { ids: [], values: [] }));
      there.ids.push(id);
      there.values.push(field.fromColumn(value));
      if (place === own) lacking.delete(id);
    }
  }
  for (const [place, there] of found) {
    if (field.keyedBy === 'lang') tx.fallbacks.end(field, place, there.ids);
    insertFetched(tx, recordsAt(field, place, there.ids), field, { values: there.values, ...options });
  }
  const unknown = tx.cache.getMissingIds(recordsAt(field, own, [...lacking]), field);
  if (unknown.length === 0) return;
  const source = sourceLanguage(tx);
  const follows = field.keyedBy === 'lang' && own !== null && own !== source;
  if (field.keyedBy === 'lang') {
    // Where there is no source either, there is no value.
    const sourceless = tx.cache.getMissingIds(recordsAt(field, source, unknown), field);
    insertFetched(tx, recordsAt(field, source, sourceless), field, { values: sourceless.map(() => null), ...options });
  }
  if (!follows) {
    if (field.keyedBy === 'company') insertFetched(tx, recordsAt(field, own, unknown), field, { values: unknown.map(() => null), ...options });
    return;
  }
  // The cache is asked, not the answer: the source may have a pending value.
  const column = tx.cache.column(field, keyOfPlace(source));
  const slots = tx.cache.slots(field.model);
  // What a savepoint takes back of the source it takes back of who follows it.
  const undoable = options.undoable || tx.cache.hasDirtyFields(recordsAt(field, source, unknown), [field]);
  insertFetched(tx, recordsAt(field, own, unknown), field, { values: unknown.map((id) => column.at(slots.slotOf(id))), ...options, undoable });
  tx.fallbacks.note(field, own, unknown);
}

/** The places of which a column has a value, and these. */
export function placesIn(raw: unknown): readonly (readonly [string, unknown])[] {
  return typeof raw === 'object' && raw !== null ? Object.entries(raw) : [];
}
