import { isStoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { assignCached } from './assign-cached';
import { assignPlain, isPlain } from './assign-plain';
import { assignComputed } from '../computing/assign-computed';
import { toCache, writable } from '../records/convert';
import { hasInverse, putWithInverses } from '../lists/inverse';
import { putDraftValue } from '../drafts/new-draft';
import { onlyIdOf } from '../records/members';
import type { RecordSet } from '../records/recordset';
import { assertAllowed } from '../transaction-state';

/**
 * Assigns a field of one record: memory only. Marks what depends on it and runs its inverse; the flush writes it.
 *
 * @throws {NotSingletonError} TX_NOT_SINGLETON
 * @throws {WriteRefusedError} TX_WRITE_REFUSED for a field that cannot be written, TX_REQUIRED for null in a required one
 * @throws {FieldValueError} FIELD_VALUE_INVALID for a value of the wrong type
 * @throws {TransactionStateError} TX_OVERLAP while a savepoint, flush or commit of another flow runs, which could take the value back
 * @throws {NotLoadedError} TX_NOT_LOADED when its inverse reads what is not in memory, outside `env.run`; then nothing has changed
 */
export function assign(record: RecordSet, field: Field, value: unknown): void {
  const id = onlyIdOf(record, field.name);
  const { env } = record;
  if (env.transaction.computes.has(field, id)) {
    assignComputed(env, field, id, toCache(field, value));
    return;
  }
  const tx = env.transaction;
  assertAllowed(tx.state, 'write');
  if (tx.execution && !tx.computes.isRunning && !tx.inverses.isRunning) tx.execution.trail.assigned(field, id);
  tx.exclusive.assertMayCall('assignment');
  if (!isStoredId(id)) {
    const now = tx.drafts.current(id);
    if (isStoredId(now)) assign(record.browse(now), field, value);
    else putDraftValue(env, field, now, value);
    return;
  }
  const cached = writable(field, value);
  if (isPlain(field)) {
    assignPlain(record, field, { id, cached });
    return;
  }
  const put = (): void => {
    assignCached(env, field, [id], cached);
  };
  if (hasInverse(tx, field, id)) putWithInverses(tx, [{ field, records: record }], put);
  else put();
}
