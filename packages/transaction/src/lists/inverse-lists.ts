import { isStoredId, type Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { putCached } from '../drafts/draft-values';
import { followOrigins } from '../drafts/follow-origins';
import type { Transaction } from '../transaction';
import { cachedList } from '../values';

/** A record that changes its place: from one owner's list to another's. */
export interface Move {
  readonly id: Id;
  /** The old owner; null: none; undefined: not in memory. */
  readonly from: Id | null | undefined;
  readonly to: Id | null;
}

/**
 * Lets cached one2many lists follow writes on the other side. Lists that are not cached stay so.
 *
 * @param list - the one2many
 * @remarks Each list is rewritten once, however many records move. A record whose old owner is unknown leaves every cached list.
 */
export function moveBetweenLists(tx: Transaction, list: Field, moves: readonly Move[]): void {
  const leaving = new Map<Id, Set<Id>>();
  const joining = new Map<Id, Id[]>();
  const lost = new Set<Id>();
  for (const { id, from, to } of moves) {
    if (from === to) continue;
    if (from === undefined) lost.add(id);
    else if (from !== null) gather(leaving, from, () => new Set<Id>()).add(id);
    // What is in the database knows nothing of drafts.
    if (to !== null && (isStoredId(id) || !isStoredId(to))) gather(joining, to, () => []).push(id);
  }
  if (lost.size > 0) {
    for (const [, owner, ids] of tx.cache.entries(list)) {
      // A list is cached as an array of ids and as nothing else.
      for (const id of ids as readonly Id[]) if (lost.has(id)) gather(leaving, owner, () => new Set<Id>()).add(id);
    }
  }
  for (const owner of new Set([...leaving.keys(), ...joining.keys()])) {
    const before = cachedList(tx.rootEnv, list, owner);
    if (!before) continue;
    const gone = leaving.get(owner);
    const kept = gone ? before.filter((id) => !gone.has(id)) : before;
    const known = new Set(kept);
    const after = [...kept, ...(joining.get(owner) ?? []).filter((id) => !known.has(id))];
    putCached(tx.rootEnv, list, [owner], [Object.freeze(after)]);
    tx.origins?.note(list, [owner], { what: 'followed' });
  }
  if (tx.drafts.isEmpty) return;
  // Whose list held one whose old owner is unknown, nobody knows: drafts look again.
  const origins = tx.drafts.of(list.model).flatMap(({ origin }) => origin ?? []);
  followOrigins(tx, list, lost.size > 0 ? origins : [...leaving.keys(), ...joining.keys()]);
}

function gather<V>(map: Map<Id, V>, key: Id, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
