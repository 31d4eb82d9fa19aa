import { condition, describeIds, isStoredId, MisuseError, type Id, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { fetchColumns } from '../reading/fetch';
import { membersOf } from '../reading/fetch-pairs';
import { followOrigins } from '../drafts/follow-origins';
import { leaveDrafts } from '../drafts/leave-drafts';
import { ComputeError } from '../errors';
import { groupBy } from '../group-by';
import { moveBetweenLists } from '../lists/inverse-lists';
import { fire, isEmpty, startFiring } from '../triggers/modified';
import { listsOver, seenFrom, sideOf, sidesOf } from '../lists/relation-tables';
import type { RecordSet } from '../records/recordset';
import { resolveTriggers } from '../triggers/resolve-triggers';
import { surprisesIn } from './surprises';
import type { Transaction } from '../transaction';
import { emptyUnwatched, unwatchedReferences, type Unwatched } from './unwatched-references';
import { emptyWritten } from './written-references';
import { assertAllowed } from '../transaction-state';
import { cachedReference, recordsOf } from '../values';

/** What goes with some records, as the foreign keys say. */
export interface Consequences {
  /** Model → ids of the rows deleted, those asked for included. */
  readonly deleted: Map<string, Set<StoredId>>;
  /** The many2ones that become null, with the records that lose their value. */
  readonly emptied: Map<Field, Set<StoredId>>;
  /** What refers to the rows deleted without a foreign key. */
  readonly unwatched: readonly Unwatched[];
}

/** Moves records away from what is about to go. @returns whether it moved any */
export type Spare = (going: Consequences['deleted']) => Promise<boolean>;

/**
 * Deletes records and what cascades from them, and leaves no trace of them in memory.
 *
 * What is pending is flushed first, because the foreign keys judge the stored rows. Those who depended on the records are marked.
 * @param spare - what is to be moved away from what goes, when it is known what that is; nothing when left out
 * @throws {ConstraintError} when other records refer to them and forbid it
 * @throws {ConcurrentModificationError} STORAGE_VERSION in an optimistic transaction; what cascades is not asked for its version
 * @remarks One DELETE, beside the flush; one SELECT for each many2one by which deletion spreads, and for each that no foreign key
 * watches; one UPDATE for each many2one that is emptied of records which this transaction has written and which go as well.
 */
export async function unlink(set: RecordSet, spare?: Spare): Promise<void> {
  const { env } = set;
  const tx = env.transaction;
  assertAllowed(tx.state, 'write');
  tx.exclusive.assertMayCall('unlink');
  const current = set.ids.map((id) => tx.drafts.current(id));
  const drafts = current.filter((id) => !isStoredId(id));
  if (drafts.length > 0) {
    throw new MisuseError('TX_DRAFT_UNSAVED', `${set.model}(${describeIds(drafts)}) cannot be deleted: drafts are not in the database. Let go of them; a draft that is never saved leaves nothing.`, {
      details: { model: set.model, ids: drafts },
    });
  }
  const ids = current.filter(isStoredId);
  if (ids.length === 0) return;
  await flushAllBut(tx, set.model, ids);
  let consequences = await spread(tx, set.model, ids);
  if (await spare?.(consequences.deleted)) {
    await tx.flush();
    consequences = await spread(tx, set.model, ids);
  }
  await markThoseWhoDepended(tx, consequences);
  await emptyWritten(tx, consequences);
  await tx.below.delete(set.model, ids, { surprises: (touched) => surprisesIn(tx, consequences, touched) });
  await emptyUnwatched(tx, consequences.unwatched);
  forget(tx, consequences);
}

/** Flushes all but what is to be computed of records that are to go: they need no values any more, and a compute that fails for them must not keep them. */
async function flushAllBut(tx: Transaction, model: string, ids: readonly StoredId[]): Promise<void> {
  const { toCompute } = tx;
  const taken = [...tx.registry.model(model).fields.values()].flatMap((field) =>
    toCompute.among(field, ids).map((id) => ({ field, id, since: toCompute.possibleSince(field, id) ?? ('certain' as const), time: toCompute.markedAt(field, id) })));
  for (const field of new Set(taken.map(({ field: of }) => of))) toCompute.unmark(field, ids);
  try {
    await tx.flush();
  } catch (error) {
    // They stay, and so does what waits. What has changed meanwhile is remembered as long as a value that failed waits to be computed.
    for (const { field, id, since, time } of taken) toCompute.mark(field, [id], error instanceof ComputeError ? since : 'certain', time);
    // Nobody was to wait for them, and who depends on them may have been computed, or taken for what he was.
    for (const [field, marks] of groupBy(taken, ({ field: of }) => of)) {
      const waiting = marks.map(({ id }) => id);
      fire(tx, { ...startFiring(tx, field, waiting), isUnseen: true }, tx.registry.triggersOf(field), waiting);
    }
    throw error;
  }
}

/** Follows the foreign keys from the records to all that the database will delete or empty with them. */
async function spread(tx: Transaction, model: string, ids: readonly StoredId[]): Promise<Consequences> {
  const deleted = new Map<string, Set<StoredId>>([[model, new Set(ids)]]);
  const emptied = new Map<Field, Set<StoredId>>();
  const work: { model: string; ids: readonly StoredId[] }[] = [{ model, ids }];
  for (let step = work.pop(); step; step = work.pop()) {
    for (const field of referencesTo(tx, step.model)) {
      const rule = field.relation?.onDelete ?? 'set null';
      if (rule === 'restrict') continue;
      const answer = await tx.below.query({
        model: field.model, filter: condition([field.name], 'in', step.ids), fields: [field.name],
      });
      const holders = rule === 'cascade' ? gather(deleted, field.model) : gather(emptied, field);
      const fresh = answer.ids.filter((id) => !holders.has(id));
      for (const id of fresh) holders.add(id);
      if (rule === 'cascade' && fresh.length > 0) work.push({ model: field.model, ids: fresh });
    }
  }
  return { deleted, emptied, unwatched: await unwatchedReferences(tx, deleted) };
}

function referencesTo(tx: Transaction, model: string): readonly Field[] {
  const all = [...tx.registry.models.values()].flatMap((other) => [...other.fields.values()]);
  return all.filter((field) => field.isStored && !field.keyedBy && field.relation?.kind === 'many2one' && field.relation.comodel === model);
}

/** Before the rows go: their relations still tell who depends on them. */
async function markThoseWhoDepended(tx: Transaction, { deleted, emptied, unwatched }: Consequences): Promise<void> {
  for (const [model, ids] of deleted) {
    const fields = [...tx.registry.model(model).fields.values()];
    const owners = fields.filter((field) => field.relation?.kind === 'many2one' && tx.registry.inversesOf(field).length > 0);
    await fetchColumns(tx, owners, [...ids]);
    for (const field of fields) {
      const tree = tx.registry.triggersOf(field);
      if (tree.branches.size > 0) fire(tx, startFiring(tx, field, [...ids]), { targets: [], branches: tree.branches }, ids);
    }
  }
  await markThroughPairs(tx, deleted);
  for (const [field, ids] of emptied) fire(tx, startFiring(tx, field, [...ids]), tx.registry.triggersOf(field), ids);
  for (const { field, holders } of unwatched) fire(tx, startFiring(tx, field, [...holders.keys()]), tx.registry.triggersOf(field), new Set(holders.keys()));
  await resolveTriggers(tx);
}

/** Those who depended on a list that held a deleted record. */
async function markThroughPairs(tx: Transaction, deleted: Consequences['deleted']): Promise<void> {
  for (const [model, ids] of deleted) {
    for (const side of sidesOf(tx.registry, model)) {
      const trees = listsOver(tx.registry, side.table).filter((list) => sideOf(list)?.own === side.other && !isEmpty(tx.registry.triggersOf(list)));
      if (trees.length === 0) continue;
      const holders = await membersOf(tx, side, [...ids]);
      for (const list of trees) fire(tx, startFiring(tx, list, [...holders]), tx.registry.triggersOf(list), holders);
    }
  }
}

/** The rows of relation tables go with their records: the lists that are in memory follow, and nothing waits for them. */
function forgetPairs(tx: Transaction, model: string, gone: ReadonlySet<Id>): void {
  for (const side of sidesOf(tx.registry, model)) {
    const pending = [...tx.pairs.of(side.table)].map(([pair]) => pair);
    tx.pairs.drop(side.table, pending.filter((pair) => gone.has(seenFrom(side, pair).id)));
    for (const list of listsOver(tx.registry, side.table)) {
      if (sideOf(list)?.own !== side.other) continue;
      for (const [, id, value] of [...tx.cache.entries(list)]) {
        // A list is cached as an array of ids and as nothing else.
        const members = value as readonly Id[];
        if (members.some((member) => gone.has(member))) tx.cache.set(recordsOf(tx.rootEnv, list, [id]), list, Object.freeze(members.filter((member) => !gone.has(member))));
      }
    }
  }
}

/** After the rows have gone: no trace of them in cache, lists or queues. */
function forget(tx: Transaction, { deleted, emptied }: Consequences): void {
  const env = tx.rootEnv;
  for (const [field, ids] of emptied) {
    const staying = [...ids].filter((id) => !deleted.get(field.model)?.has(id));
    const moves = staying.map((id) => ({ id, from: cachedReference(env, field, id), to: null }));
    for (const inverse of tx.registry.inversesOf(field)) moveBetweenLists(tx, inverse, moves);
    tx.cache.update(recordsOf(env, field, staying), field, staying.map(() => null));
    tx.origins?.note(field, staying, { what: 'followed' });
    followOrigins(tx, field, staying);
    tx.below.noteChanged(field.model, staying);
  }
  for (const [model, gone] of deleted) {
    const ids: readonly Id[] = [...gone];
    for (const field of tx.registry.model(model).fields.values()) {
      if (field.relation?.kind === 'many2one') {
        const moves = ids.map((id) => ({ id, from: cachedReference(env, field, id), to: null }));
        for (const inverse of tx.registry.inversesOf(field)) moveBetweenLists(tx, inverse, moves);
      }
      tx.toCompute.unmark(field, ids);
    }
    forgetPairs(tx, model, gone);
    leaveDrafts(tx, model, gone);
    tx.cache.forget(model, ids);
    tx.absent.add(model, ids);
    tx.below.noteChanged(model, [...gone]);
  }
}

function gather<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  let set = map.get(key);
  if (!set) map.set(key, (set = new Set<V>()));
  return set;
}
