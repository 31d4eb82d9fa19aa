import { describeIds, isStoredId, MisuseError, type Id, type StoredId } from '@ormolu/kernel';
import type { Field, Model } from '@ormolu/registry';
import { applyBatch } from './apply-batch';
import type { Environment } from '../environment/environment';
import { MissingRecordError } from '../errors';
import { inverseOf } from '../reading/fetch';
import { gather } from './gather';
import type { Values } from '../lists/list-commands';
import { load } from '../reading/load';
import type { RecordSet } from '../records/recordset';
import { assertAllowed } from '../transaction-state';
import { cachedList, cachedReference } from '../values';
import { isKeptList, type WriteBatch } from './write-batch';

/**
 * Makes a copy of each record: what its fields say is copied, many2many lists included, one2many lists only with `copy: true`; then their
 * records are copied, too. A record that it delegates to is copied with it.
 *
 * @param values - put over what is copied, the same for all
 * @returns the copies, in the order of the records
 * @throws {MisuseError} TX_DRAFT_UNSAVED for drafts
 * @throws {MissingRecordError} TX_RECORD_MISSING; then nothing was copied
 * @throws as `create` does
 * @remarks One INSERT a model, beside one statement for each level and list that is read.
 */
export async function copy(set: RecordSet, values: Values): Promise<RecordSet> {
  const { env } = set;
  const tx = env.transaction;
  assertAllowed(tx.state, 'write');
  tx.exclusive.assertMayCall('copy');
  const ids = set.ids.map((id) => tx.drafts.current(id));
  const drafts = ids.filter((id) => !isStoredId(id));
  if (drafts.length > 0) throw new MisuseError('TX_DRAFT_UNSAVED', `${set.model}(${describeIds(drafts)}) cannot be copied: drafts are not in the database. Save them first, or make another with new().`, { details: { model: set.model, ids: drafts } });
  const model = env.registry.model(set.model);
  await loadCopied(env, model, ids);
  const gone = ids.filter((id) => tx.absent.has(model.name, id));
  if (gone.length > 0) throw new MissingRecordError(model.name, gone, 'it was to be copied');
  const { batch, made } = await gather(env, (work) => {
    const copying = new Copying(env, work);
    return ids.filter(isStoredId).map((id) => copying.row(model, id, values));
  });
  const inserted = await applyBatch(batch);
  return env.recordsOf(model, made.map((id) => inserted.get(id) ?? id));
}

/** Reads all that copying reads, model by model. */
async function loadCopied(env: Environment, start: Model, ids: readonly Id[]): Promise<void> {
  const seen = new Map<Model, Set<Id>>();
  const work: { model: Model; ids: readonly Id[] }[] = [{ model: start, ids }];
  for (let next = work.pop(); next; next = work.pop()) {
    const { model } = next;
    const known = seen.get(model) ?? new Set<Id>();
    seen.set(model, known);
    const fresh = next.ids.filter((id) => !known.has(id));
    if (fresh.length === 0) continue;
    for (const id of fresh) known.add(id);
    const copied = [...model.fields.values()].filter(isCopied);
    await load(env, model.name, fresh, copied.map(({ name }) => name));
    for (const field of copied) {
      if (!goesWith(model, field)) continue;
      const related = fresh.flatMap((id) => (isKeptList(field) ? (cachedList(env, field, id) ?? []) : (cachedReference(env, field, id) ?? [])));
      work.push({ model: env.registry.model(field.relation?.comodel ?? ''), ids: related });
    }
  }
}

/** Whether a copy has this field's value; of what the database keeps by itself, or computes anew, it has its own. */
function isCopied(field: Field): boolean {
  return field.isCopied && !field.related && field.isPersistent && (!field.compute || field.isEditable);
}

/** Whether the records a field leads to are copied with their owner. */
function goesWith(model: Model, field: Field): boolean {
  return field.relation?.kind === 'one2many' || model.delegates.includes(field.name);
}

class Copying {
  readonly #env: Environment;
  readonly #batch: WriteBatch;

  constructor(env: Environment, batch: WriteBatch) {
    this.#env = env;
    this.#batch = batch;
  }

  /** @returns the temporary id of the copy */
  row(model: Model, id: StoredId, values: Values, preset: ReadonlyMap<Field, unknown> = new Map()): Id {
    const { own, delegated } = divided(model, values);
    const known = new Map(preset);
    const lists: [Field, readonly Id[]][] = [];
    for (const field of model.fields.values()) {
      if (known.has(field) || own[field.name] !== undefined || !isCopied(field)) continue;
      if (isKeptList(field)) lists.push([field, cachedList(this.#env, field, id) ?? []]);
      else known.set(field, this.#value(model, field, { id, delegated: delegated.get(field.name) ?? {} }));
    }
    const copied = this.#batch.create(model, own, known).id;
    for (const [field, members] of lists) this.#list(field, copied, members);
    return copied;
  }

  #value(model: Model, field: Field, { id, delegated }: { id: StoredId; delegated: Values }): unknown {
    const holder = model.delegates.includes(field.name) ? cachedReference(this.#env, field, id) : undefined;
    if (holder === undefined || holder === null || !isStoredId(holder)) return this.#env.peek(field, id) ?? null;
    return this.row(this.#env.registry.model(field.relation?.comodel ?? ''), holder, delegated);
  }

  #list(field: Field, owner: Id, members: readonly Id[]): void {
    if (field.relation?.kind !== 'one2many') {
      this.#batch.steps.push({ field, owner, kind: 'set', ids: members });
      return;
    }
    const inverse = inverseOf(this.#env.transaction, field);
    const comodel = this.#env.registry.model(inverse.model);
    for (const member of members) if (isStoredId(member)) this.row(comodel, member, {}, new Map([[inverse, owner]]));
  }
}

/** Values of the record itself, and those of the records that it delegates to. */
function divided(model: Model, values: Values): { readonly own: Values; readonly delegated: ReadonlyMap<string, Values> } {
  const own: Record<string, unknown> = {};
  const delegated = new Map<string, Record<string, unknown>>(model.delegates.map((name) => [name, {}]));
  for (const [name, value] of Object.entries(values)) {
    const [holder = '', shown = ''] = model.fields.get(name)?.related ?? [];
    const ofHolder = values[holder] === undefined ? delegated.get(holder) : undefined;
    if (ofHolder) ofHolder[shown] = value;
    else own[name] = value;
  }
  return { own, delegated };
}
