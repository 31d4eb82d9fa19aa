import { isStoredId, type NewId } from '@ormolu/kernel';
import type { Model } from '@ormolu/registry';
import { checkAccess } from '../environment/access';
import { applyBatch } from './apply-batch';
import { MissingRecordError } from '../errors';
import { gather } from './gather';
import { inTurn } from './in-turn';
import type { Values } from '../lists/list-commands';
import { isList } from '../values';
import { putDraft } from '../drafts/new-draft';
import type { RecordSet } from '../records/recordset';
import { run } from '../running/run';
import { assertAllowed } from '../transaction-state';

/**
 * Sets the same values on all records: in memory, in bulk; the triggers it fires are resolved before it returns. All values are in before
 * any inverse runs, but for what commands make of computed lists: that comes behind the other values, each with its inverse. What inverses read is fetched
 * for them. What commands for lists create or delete is sent at once.
 *
 * @throws {UnknownFieldError} FIELD_UNKNOWN, {WriteRefusedError} TX_WRITE_REFUSED, TX_REQUIRED or TX_COMMAND_INVALID, {FieldValueError}
 * FIELD_VALUE_INVALID, {TransactionStateError} TX_OVERLAP while another flow's savepoint, flush or commit runs; then nothing was written
 * @remarks No statement, beside those that find dependents not in memory, what inverses read, and what lists take.
 */
export async function write(records: RecordSet, values: Values): Promise<void> {
  const { env } = records;
  assertAllowed(env.transaction.state, 'write');
  env.transaction.exclusive.assertMayCall('write');
  const model = env.registry.model(records.model);
  await checkAccess(env, Object.keys(values).flatMap((name) => model.fields.get(name) ?? []), 'write');
  const ids = records.ids.map((id) => env.transaction.drafts.current(id));
  const gone = ids.filter((id) => isStoredId(id) && env.transaction.absent.has(model.name, id));
  if (gone.length > 0) throw new MissingRecordError(model.name, gone, `${Object.keys(values).join(', ')} was written`);
  const drafts = ids.filter((id): id is NewId => !isStoredId(id));
  if (drafts.length > 0) await run(env.transaction, () => {
    for (const id of drafts) putDraft(env, { model, id }, values);
  });
  if (drafts.length > 0 && drafts.length === ids.length) return;
  const apply = async (): Promise<void> => {
    const { batch } = await gather(env, (work) => {
      work.write(model, ids.filter(isStoredId), values);
    });
    await checkAccess(env, batch.named, 'write');
    await applyBatch(batch);
  };
  // What is said of lists is followed from what they hold.
  const namesLists = Object.keys(values).some((name) => isListNamed(model, name));
  await (namesLists ? inTurn(env.transaction, 'write', apply) : apply());
}

function isListNamed({ fields }: Model, name: string): boolean {
  const field = fields.get(name);
  return field !== undefined && isList(field);
}
