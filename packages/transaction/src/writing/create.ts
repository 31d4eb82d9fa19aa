import type { Id } from '@ormolu/kernel';
import { checkAccess } from '../environment/access';
import { applyBatch } from './apply-batch';
import { gather } from './gather';
import type { Values } from '../lists/list-commands';
import type { RecordSet } from '../records/recordset';
import { inTurn } from './in-turn';

/**
 * Inserts new records, with those that their lists and delegations make, and marks what depends on them.
 *
 * @throws {UnknownFieldError} FIELD_UNKNOWN
 * @throws {WriteRefusedError} TX_REQUIRED when a required field has neither value nor default, TX_COMMAND_INVALID
 * @throws {ConstraintError} when the database refuses a row; then nothing was created
 * @remarks One INSERT a model, whatever the number of records; with values for inverses also a savepoint, and what the inverses read.
 */
export async function create(set: RecordSet, values: readonly Values[]): Promise<RecordSet> {
  const { env } = set;
  return inTurn(env.transaction, 'create', async () => {
    const model = env.registry.model(set.model);
    if (values.length === 0) return set.browse([]);
    const { batch, made } = await gather(env, (work) => values.map((one) => work.create(model, one).id));
    await checkAccess(env, batch.named, 'write');
    const inserted = await applyBatch(batch);
    return env.recordsOf(model, made.map((id): Id => inserted.get(id) ?? id));
  });
}
