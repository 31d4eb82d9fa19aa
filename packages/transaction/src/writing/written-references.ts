import { SameValue, type StoredId } from '@ormolu/kernel';
import type { Transaction } from '../transaction';
import type { Consequences } from './unlink';

/**
 * Empties references before the rows go that they lead to, where the holder was written by this transaction, and goes as well or loses several: when PostgreSQL
 * empties one reference of such a row, it judges all of them, also if it is about to delete the row or to empty the others. Memory and other rows have no need of it.
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
}
