import { isStoredId, NewId, type Id } from '@ormolu/kernel';
import type { Field, Model } from '@ormolu/registry';
import { isUnique } from './pending-columns';
import type { Transaction } from '../transaction';
import type { NewRow } from '../writing/batch-parts';
import { fieldsOf } from '../writing/fields-of';

const uniqueOf = fieldsOf(isUnique);

/**
 * Before rows are inserted: writes what is pending of the unique fields they have values for, because a value that they take may be one that another record has
 * been made to give up.
 *
 * @throws {ConstraintError} when the database refuses what was pending
 * @throws {ComputeError} TX_COMPUTE_FAILED when such a value could not be computed
 * @remarks No statement when nothing of these fields is pending.
 */
export async function freeUniqueValues(tx: Transaction, model: Model, rows: readonly NewRow[]): Promise<void> {
  const unique = uniqueOf(model);
  if (unique.length === 0) return;
  const taken = unique.filter((field) => rows.some(({ values }) => (values.get(field) ?? null) !== null));
  if (taken.length === 0) return;
  await tx.flushFor(new Set(taken), () => taken.map((field) => (field.compute ? [field] : [field, pendingIds(tx, field)])));
}

/** What refers to a draft cannot be written yet, and gives nothing up before it is. */
function pendingIds(tx: Transaction, field: Field): readonly Id[] {
  return [...tx.cache.dirtyEntries(field)].flatMap(([, id, value]) => (isStoredId(id) && !(value instanceof NewId) ? [id] : []));
}
