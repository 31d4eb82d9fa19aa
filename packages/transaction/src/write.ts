import { applyBatch } from './apply-batch';
import { gather } from './gather';
import type { Values } from './list-commands';
import type { RecordSet } from './recordset';
import { assertAllowed } from './transaction-state';

/**
 * Sets the same values on all records: in memory, in bulk; the triggers it fires are resolved before it returns. All values are in before
 * any inverse runs, and what inverses read is fetched for them. What commands for lists create or delete is sent at once.
 *
 * @throws {UnknownFieldError} FIELD_UNKNOWN, {WriteRefusedError} TX_WRITE_REFUSED, TX_REQUIRED or TX_COMMAND_INVALID, {FieldValueError}
 * FIELD_VALUE_INVALID; then nothing was written
 * @remarks No statement, beside those that find dependents not in memory, what inverses read, and what lists take.
 */
export async function write(records: RecordSet, values: Values): Promise<void> {
  const { env } = records;
  assertAllowed(env.transaction.state, 'write');
  const model = env.registry.model(records.model);
  const { batch } = await gather(env, (work) => {
    work.write(model, records.ids, values);
  });
  await applyBatch(batch);
}
