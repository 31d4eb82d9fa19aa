import { SameValue, type Id, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { Transaction } from '../transaction';
import { cachedReference } from '../values';
import type { Consequences } from './consequences';

/**
 * Empties references before the rows go that they lead to, where the holder was written by this transaction, and goes as well or loses several: when PostgreSQL
 * empties one reference of such a row, it judges all of them, also if it is about to delete the row or to empty the others. Memory and other rows have no need of it.
 *
 * One that forbids the deletion is judged as early, although its holder is about to go.
 *
 * @remarks One UPDATE for each such many2one.
 */
export async function emptyWritten(tx: Transaction, { deleted, emptied }: Pick<Consequences, 'deleted' | 'emptied'>): Promise<void> {
  const losses = new Map<string, Map<StoredId, number>>();
  for (const [{ model }, ids] of emptied) {
    const ofModel = losses.get(model) ?? new Map<StoredId, number>();
    losses.set(model, ofModel);
    for (const id of ids) ofModel.set(id, (ofModel.get(id) ?? 0) + 1);
  }
  for (const [{ model, name }, ids] of emptied) {
    const written = tx.below.changed.get(model);
    if (!written) continue;
    const judged = [...ids].filter((id) => written.has(id) && (deleted.get(model)?.has(id) === true || (losses.get(model)?.get(id) ?? 0) > 1));
    if (judged.length > 0) await tx.below.update({ model, ids: judged, fields: [name], columns: [new SameValue(null)] });
  }
  for (const [model, ids] of deleted) {
    const written = tx.below.changed.get(model);
    if (!written) continue;
    for (const field of tx.registry.model(model).fields.values()) {
      const gone: ReadonlySet<Id> | undefined = field.relation?.kind === 'many2one' && field.relation.onDelete === 'restrict' && !field.isRequired && field.isStored && !field.keyedBy ? deleted.get(field.relation.comodel) : undefined;
      if (!gone) continue;
      const judged = [...ids].filter((id) => written.has(id) && refersToAny(tx, field, id, gone));
      if (judged.length > 0) await tx.below.update({ model, ids: judged, fields: [field.name], columns: [new SameValue(null)] });
    }
  }
}

/** Whether a record may hold one of some others: memory need not know. */
function refersToAny(tx: Transaction, field: Field, id: StoredId, gone: ReadonlySet<Id>): boolean {
  const now = cachedReference(tx.rootEnv, field, id);
  return now === undefined || (now !== null && gone.has(now));
}
