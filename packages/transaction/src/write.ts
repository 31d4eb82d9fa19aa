import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { assignCached } from './assign';
import { writable } from './convert';
import type { Values } from './create';
import type { RecordSet } from './recordset';
import { resolveTriggers } from './resolve-triggers';
import { assertAllowed } from './transaction-state';

/**
 * Sets the same values on all records: in memory, in bulk; the triggers it fires are resolved before it returns.
 *
 * @throws {UnknownFieldError} FIELD_UNKNOWN, {WriteRefusedError} TX_WRITE_REFUSED or TX_REQUIRED, {FieldValueError}
 * FIELD_VALUE_INVALID; then nothing was written
 * @remarks No statement, beside those that find dependents not in memory.
 */
export async function write(records: RecordSet, values: Values): Promise<void> {
  const { env } = records;
  const tx = env.transaction;
  assertAllowed(tx.state, 'write');
  const checked = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]): [Field, unknown] => {
      const field = tx.registry.field(records.model, name);
      return [field, writable(field, value)];
    });
  const checkpoint = tx.undo.checkpoint();
  try {
    const ids: readonly Id[] = records.ids;
    for (const [field, cached] of checked) assignCached(env, field, ids, cached);
    tx.undo.keep(checkpoint);
  } catch (error) {
    tx.undo.undo(checkpoint);
    throw error;
  }
  if (tx.triggers.size > 0) await resolveTriggers(tx);
}
