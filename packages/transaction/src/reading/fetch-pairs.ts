import { condition, isStoredId, type Id, type OrderTerm, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { insertFetched } from './insert-fetched';
import { listsOver, pairOf, seenFrom, sideOf, type PairSide } from '../lists/relation-tables';
import type { Transaction } from '../transaction';
import { cachedList, recordsOf } from '../values';

/**
 * Reads many2many lists from the next rung, corrected by what is pending before anyone sees them.
 *
 * @remarks One round trip at most.
 */
export async function fetchPairs(tx: Transaction, field: Field, ids: readonly Id[]): Promise<void> {
  const side = sideOf(field);
  if (!side) return;
  const missing = [...tx.cache.getMissingIds(recordsOf(tx.rootEnv, field, ids.filter(isStoredId)), field)].filter(isStoredId).filter((id) => !tx.absent.has(field.model, id));
  if (missing.length === 0) return;
  const { lists, isCorrected, from } = await readPairs(tx, side, missing);
  // A list that a pending change has corrected is not what storage says: it must not outlive that change.
  const undoable = tx.below.fetchesAreUndoable || isCorrected;
  insertFetched(tx, recordsOf(tx.rootEnv, field, missing), field, { values: missing.map((id) => Object.freeze([...(lists.get(id) ?? [])])), undoable, from });
}

/** The members of some records' lists on one side of a relation table, as they are now, in the order of the members' model. */
export async function readPairs(tx: Transaction, side: PairSide, ids: readonly StoredId[]): Promise<{ readonly lists: ReadonlyMap<Id, ReadonlySet<Id>>; readonly isCorrected: boolean; readonly from: readonly StoredId[] }> {
  const lists = new Map<Id, Set<Id>>(ids.map((id) => [id, new Set<Id>()]));
  const answer = await tx.below.query({ model: side.table, filter: condition([side.own], 'in', ids), order: orderOf(tx, side), fields: [side.own, side.other] });
  const [owners = [], members = []] = answer.columns;
  for (const [place, row] of answer.ids.entries()) {
    // The columns of a relation table hold ids and nothing else.
    const id = owners[place] as StoredId;
    const member = members[place] as StoredId;
    tx.pairRows.know(side.table, pairOf(side, id, member), row);
    lists.get(id)?.add(member);
  }
  let isCorrected = false;
  for (const [pair, change] of tx.pairs.of(side.table)) {
    const { id, member } = seenFrom(side, pair);
    const list = lists.get(id);
    if (!list) continue;
    isCorrected = true;
    if (change === 'added') list.add(member);
    else list.delete(member);
  }
  return { lists, isCorrected, from: answer.ids };
}

/** All that the lists of some records hold: from memory where a list on that side is there, from the next rung otherwise. */
export async function membersOf(tx: Transaction, side: PairSide, ids: readonly StoredId[]): Promise<ReadonlySet<Id>> {
  const lists = listsOver(tx.registry, side.table).filter((list) => sideOf(list)?.own === side.own);
  const members = new Set<Id>();
  const unknown = ids.filter((id) => {
    const known = lists.flatMap((list) => cachedList(tx.rootEnv, list, id) ?? []);
    for (const member of known) members.add(member);
    return !lists.some((list) => cachedList(tx.rootEnv, list, id) !== undefined);
  });
  if (unknown.length === 0) return members;
  for (const list of (await readPairs(tx, side, unknown)).lists.values()) for (const member of list) members.add(member);
  return members;
}

/** The order of the members' model, from the relation table on. */
function orderOf(tx: Transaction, { table, other }: PairSide): readonly OrderTerm[] {
  const member = tx.registry.schema.column(table, other).references?.model ?? '';
  return tx.registry.model(member).order.map(({ path, direction }) => ({ path: path.length === 1 && path[0] === 'id' ? [other] : [other, ...path], direction }));
}
