import type { Field } from '@ormolu/registry';
import { assignCached } from './assign';
import { putWithInverses } from './inverse';
import { writable } from './convert';
import type { Values } from './create';
import { fetchPairs } from './fetch-pairs';
import { flushPairs } from './flush-pairs';
import type { RecordSet } from './recordset';
import { resolveTriggers } from './resolve-triggers';
import { run } from './run';
import { assertAllowed } from './transaction-state';

/**
 * Sets the same values on all records: in memory, in bulk; the triggers it fires are resolved before it returns. All values are in before
 * any inverse runs, and what inverses read is fetched for them.
 *
 * @throws {UnknownFieldError} FIELD_UNKNOWN, {WriteRefusedError} TX_WRITE_REFUSED or TX_REQUIRED, {FieldValueError}
 * FIELD_VALUE_INVALID; then nothing was written
 * @remarks No statement, beside those that find dependents not in memory and what inverses read.
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
  for (const [field] of checked) if (field.relation?.kind === 'many2many') await fetchPairs(tx, field, records.ids);
  const { ids } = records;
  const written = checked.map(([field]) => ({ field, records }));
  const put = (): void => {
    putWithInverses(tx, written, () => {
      for (const [field, cached] of checked) assignCached(env, field, ids, cached);
    });
  };
  // What inverses read is fetched; without any, nothing needs to be.
  if (written.some(({ field }) => field.inverse)) await run(tx, put);
  else put();
  if (tx.triggers.size > 0) await resolveTriggers(tx);
  if (checked.some(([field]) => field.relation?.kind === 'many2many')) await flushPairs(tx);
}
