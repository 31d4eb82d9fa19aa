import { condition, describeIds, isStoredId, MisuseError, type Id, type StoredId } from '@ormolu/kernel';
import type { Field, TriggerTree } from '@ormolu/registry';
import { fetchColumns } from '../reading/fetch';
import { membersOf } from '../reading/fetch-pairs';
import { followOrigins } from '../drafts/follow-origins';
import { leaveDrafts } from '../drafts/leave-drafts';
import { ComputeError } from '../errors';
import { groupBy } from '../group-by';
import { moveBetweenLists } from '../lists/inverse-lists';
import { fire, fireAgain, isEmpty, startFiring } from '../triggers/modified';
import type { Met } from '../triggers/pending-triggers';
import { listsOver, seenFrom, sideOf, sidesOf, type PairSide } from '../lists/relation-tables';
import type { RecordSet } from '../records/recordset';
import { resolveTriggers } from '../triggers/resolve-triggers';
import { surprisesIn } from './surprises';
import type { Transaction } from '../transaction';
import { emptyUnwatched, unwatchedReferences, type Unwatched } from './unwatched-references';
import { inTurn } from './in-turn';
import { emptyWritten } from './written-references';
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

/** What a write says to the deletion that is a part of it. */
export interface PartOfWrite {
  /** What is to be moved away from what goes, when it is known what that is. */
  readonly spare?: Spare;
  /** The computed values that it has given, which stay. */
  readonly kept?: ReadonlyMap<Field, ReadonlySet<Id>>;
  /** Who does not go after all, because others have moved him meanwhile. */
  readonly moved?: () => ReadonlySet<Id>;
}

/**
 * Deletes records and what cascades from them, and leaves no trace of them in memory.
 *
 * What is pending is flushed first, because the foreign keys judge the stored rows. Those who depended on the records are marked.
 * @throws {ConstraintError} when other records refer to them and forbid it
 * @throws {ConcurrentModificationError} STORAGE_VERSION in an optimistic transaction; what cascades is not asked for its version
 * @remarks One DELETE, beside the flush; one SELECT for each many2one by which deletion spreads, and for each that no foreign key
 * watches; one UPDATE for each many2one that is emptied of records which this transaction has written and which go as well.
 */
export async function unlink(set: RecordSet, part: PartOfWrite = {}): Promise<void> {
  const tx = set.env.transaction;
  return inTurn(tx, 'unlink', () => unlinkInTurn(set, part));
}

async function unlinkInTurn(set: RecordSet, part: PartOfWrite): Promise<void> {
  const tx = set.env.transaction;
  const current = set.ids.map((id) => tx.drafts.current(id));
  const drafts = current.filter((id) => !isStoredId(id));
  if (drafts.length > 0) {
    throw new MisuseError('TX_DRAFT_UNSAVED', `${set.model}(${describeIds(drafts)}) cannot be deleted: drafts are not in the database. Let go of them; a draft that is never saved leaves nothing.`, {
      details: { model: set.model, ids: drafts },
    });
  }
  const ids = current.filter(isStoredId);
  if (ids.length === 0) return;
  const putBack = takeOff(tx, set.model, ids);
  try {
    await tx.flushAhead();
    const going = await consequencesOf(tx, set.model, ids, part);
    if (going) await remove(tx, going, part);
  } catch (error) {
    putBack(error);
    throw error;
  }
}

/** What is deleted in the end. */
interface Going {
  readonly model: string;
  readonly ids: readonly StoredId[];
  readonly consequences: Consequences;
}

/** Looks what goes with some records until nobody has changed that while it looked. @returns undefined when nobody is left to go */
async function consequencesOf(tx: Transaction, model: string, asked: readonly StoredId[], { spare, moved }: PartOfWrite): Promise<Going | undefined> {
  let ids = asked;
  let isSpared = spare === undefined;
  for (;;) {
    const consequences = await spread(tx, model, ids);
    if (!isSpared && await spare?.(consequences.deleted)) await tx.flushAhead();
    else {
      const staying = moved?.();
      const left = staying && staying.size > 0 ? ids.filter((id) => !staying.has(id)) : ids;
      if (left.length === 0) return undefined;
      if (left.length === ids.length && !isMovedAway(tx, consequences)) return { model, ids, consequences };
      ids = left;
      // The foreign keys judge the stored rows: whom others have moved meanwhile is to be moved there as well.
      await tx.flushAhead();
    }
    isSpared = true;
  }
}

async function remove(tx: Transaction, { model, ids, consequences }: Going, { kept }: PartOfWrite): Promise<void> {
  tx.absent.expect(consequences.deleted);
  try {
    const met: Met[] = [];
    await markThoseWhoDepended(tx, consequences, { met, kept });
    const moment = tx.triggers.sequence;
    await emptyWritten(tx, consequences);
    await tx.below.delete(model, ids, { surprises: (touched) => surprisesIn(tx, consequences, touched) });
    await emptyUnwatched(tx, consequences.unwatched);
    // Whoever was computed while the statement was on its way was computed with what has gone.
    fireAgain(tx, met);
    if (tx.triggers.sequence !== moment) fireForThem(tx, consequences, holdersInMemory(tx, consequences.deleted), { kept });
    forget(tx, consequences);
  } finally {
    tx.absent.expect(new Map());
  }
}

/** Whether a record that would go, or lose its value, with others refers to another one by now, or another to one that goes: in memory only. */
function isMovedAway(tx: Transaction, { deleted, emptied }: Consequences): boolean {
  for (const [model, gone] of deleted) {
    const isGone: ReadonlySet<Id> = gone;
    for (const field of referencesTo(tx, model)) {
      const concerned: ReadonlySet<Id> = new Set<Id>([...(deleted.get(field.model) ?? []), ...(emptied.get(field) ?? [])]);
      for (const [, id, value] of tx.cache.dirtyEntries(field)) {
        const now = value as Id | null; // a many2one's canonical form
        if (isStoredId(id) && (now === null || isStoredId(now)) && concerned.has(id) !== (now !== null && isGone.has(now))) return true;
      }
    }
  }
  return false;
}

/**
 * What is to be computed of records that are to go need not be: they need no values any more, and a compute that fails for them must not keep them.
 *
 * @returns puts it back: they stay
 */
function takeOff(tx: Transaction, model: string, ids: readonly StoredId[]): (error: unknown) => void {
  const { toCompute } = tx;
  const taken = [...tx.registry.model(model).fields.values()].flatMap((field) =>
    toCompute.among(field, ids).map((id) => ({ field, id, since: toCompute.possibleSince(field, id) ?? ('certain' as const), time: toCompute.markedAt(field, id) })));
  for (const field of new Set(taken.map(({ field: of }) => of))) toCompute.unmark(field, ids);
  return (error) => {
    // What has changed meanwhile is remembered as long as a value that failed waits to be computed.
    for (const { field, id, since, time } of taken) toCompute.mark(field, [id], error instanceof ComputeError ? since : 'certain', time);
    // Nobody was to wait for them, and who depends on them may have been computed, or taken for what he was.
    for (const [field, marks] of groupBy(taken, ({ field: of }) => of)) {
      const waiting = marks.map(({ id }) => id);
      fire(tx, { ...startFiring(tx, field, waiting), isUnseen: true }, tx.registry.triggersOf(field), waiting);
    }
  };
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

/** Where those are noted who are told, and who is not to be told. */
interface HowToTell {
  readonly met?: Met[];
  readonly kept: PartOfWrite['kept'] | undefined;
}

/** Before the rows go: their relations still tell who depends on them. */
async function markThoseWhoDepended(tx: Transaction, consequences: Consequences, how: HowToTell): Promise<void> {
  for (const [model, ids] of consequences.deleted) {
    const fields = [...tx.registry.model(model).fields.values()];
    const owners = fields.filter((field) => field.relation?.kind === 'many2one' && tx.registry.inversesOf(field).length > 0);
    await fetchColumns(tx, owners, [...ids]);
  }
  const holders = new Map<Field, ReadonlySet<Id>>();
  const asked = groupBy(listsThatLose(tx, consequences.deleted).filter(({ list }) => !isEmpty(tx.registry.triggersOf(list))), ({ side }) => side);
  for (const [side, lists] of asked) {
    const found = await membersOf(tx, side, [...(lists[0]?.gone ?? [])]);
    for (const { list } of lists) holders.set(list, found);
  }
  fireForThem(tx, consequences, holders, how);
  await resolveTriggers(tx);
}

/** Marks those who depend on the records, as far as memory tells. @param holders - of the lists in relation tables that hold any */
function fireForThem(tx: Transaction, { deleted, emptied, unwatched }: Consequences, holders: ReadonlyMap<Field, ReadonlySet<Id>>, { met, kept }: HowToTell): void {
  const fireFor = (field: Field, ids: ReadonlySet<Id>, tree: TriggerTree): void => {
    if (ids.size === 0 || isEmpty(tree)) return;
    const firing = startFiring(tx, field, [...ids]);
    fire(tx, { ...firing, ...(met && { met }), ...(kept && { shield: both(firing.shield, kept) }) }, tree, ids);
  };
  for (const [model, ids] of deleted) {
    for (const field of tx.registry.model(model).fields.values()) fireFor(field, ids, { targets: [], branches: tx.registry.triggersOf(field).branches });
  }
  for (const [field, ids] of [...holders, ...emptied]) fireFor(field, ids, tx.registry.triggersOf(field));
  for (const { field, holders: own } of unwatched) fireFor(field, new Set(own.keys()), tx.registry.triggersOf(field));
}

function both(some: ReadonlyMap<Field, ReadonlySet<Id>>, others: ReadonlyMap<Field, ReadonlySet<Id>>): ReadonlyMap<Field, ReadonlySet<Id>> {
  return new Map([...some, ...Array.from(others, ([field, ids]) => [field, new Set([...(some.get(field) ?? []), ...ids])] as const)]);
}

/** The lists in relation tables whose members are deleted, each with the side of its table on which these stand. */
function listsThatLose(tx: Transaction, deleted: Consequences['deleted']): readonly { readonly list: Field; readonly side: PairSide; readonly gone: ReadonlySet<StoredId> }[] {
  return [...deleted].flatMap(([model, gone]) => sidesOf(tx.registry, model).flatMap((side) =>
    listsOver(tx.registry, side.table).filter((list) => sideOf(list)?.own === side.other).map((list) => ({ list, side, gone }))));
}

/** Of such lists, those in memory that hold any. */
function holdersInMemory(tx: Transaction, deleted: Consequences['deleted']): ReadonlyMap<Field, ReadonlySet<Id>> {
  return new Map(listsThatLose(tx, deleted).map(({ list, gone }) => {
    const isGone: ReadonlySet<Id> = gone;
    return [list, new Set([...tx.cache.entries(list)].flatMap(([, id, value]) => ((value as readonly Id[]).some((member) => isGone.has(member)) ? [id] : [])))]; // a list is cached as an array of ids
  }));
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
    const gone: ReadonlySet<Id> | undefined = deleted.get(field.relation?.comodel ?? '');
    // Who was given another meanwhile has it.
    const staying = [...ids].filter((id) => {
      const now = cachedReference(env, field, id);
      return !deleted.get(field.model)?.has(id) && (now === undefined || now === null || gone?.has(now) === true);
    });
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
