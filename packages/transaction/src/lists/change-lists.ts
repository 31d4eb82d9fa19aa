import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { putCached } from '../drafts/draft-values';
import { followOrigins } from '../drafts/follow-origins';
import type { Environment } from '../environment/environment';
import { NotLoadedError } from '../errors';
import { tellChange } from '../events';
import { fire, isEmpty, startFiring } from '../triggers/modified';
import { isStoredPair } from './pending-pairs';
import { listsOver, pairOf, sideOf, type PairSide } from './relation-tables';
import type { Transaction } from '../transaction';
import { cachedList } from '../values';

/** What changes in one record's list. */
export interface ListChange {
  readonly id: Id;
  readonly added: readonly Id[];
  readonly removed: readonly Id[];
}

/** What makes a cached list the wanted one; undefined when it is already. Orders alone make no difference: the database keeps none. */
export function listChange(before: readonly Id[], after: readonly Id[], id: Id): ListChange | undefined {
  const had = new Set(before);
  const has = new Set(after);
  const added = [...has].filter((member) => !had.has(member));
  const removed = before.filter((member) => !has.has(member));
  return added.length + removed.length === 0 ? undefined : { id, added, removed };
}

/**
 * The cached lists of records, which must be known before they can be changed.
 *
 * @throws {NotLoadedError} TX_NOT_LOADED outside `env.run`; inside it suspends
 */
export function knownLists(env: Environment, field: Field, ids: readonly Id[]): ReadonlyMap<Id, readonly Id[]> {
  const known = new Map<Id, readonly Id[]>();
  const missing: Id[] = [];
  for (const id of ids) {
    const list = cachedList(env, field, id);
    if (list) known.set(id, list);
    else missing.push(id);
  }
  const [first] = missing;
  if (first === undefined) return known;
  if (env.transaction.execution) return env.transaction.execution.suspend([{ field, ids: missing }]);
  throw new NotLoadedError(field.model, field.name, first);
}

/**
 * Changes many2many lists, in memory: the rows wait in the queue, the lists on both sides follow, and whoever depends on either
 * side is marked.
 *
 * @param changes - one per record; what is added is not in its list, what is removed is
 */
export function changeLists(tx: Transaction, field: Field, changes: readonly ListChange[]): void {
  const side = sideOf(field);
  if (!side || changes.length === 0) return;
  tx.pairs.note(side.table, changes.flatMap(({ id, removed }) => removed.map((member) => pairOf(side, id, member))).filter(isStoredPair), 'removed');
  tx.pairs.note(side.table, changes.flatMap(({ id, added }) => added.map((member) => pairOf(side, id, member))).filter(isStoredPair), 'added');
  const reverse = reversedChanges(changes);
  for (const list of listsOver(tx.registry, side.table)) {
    const concerned = isSameSide(sideOf(list), side) ? changes : reverse;
    const tree = tx.registry.triggersOf(list);
    tx.execution?.written.add(list);
    const firing = isEmpty(tree) ? undefined : startFiring(tx, list, concerned.map(({ id }) => id));
    followChanges(tx, list, concerned);
    tx.origins?.note(list, concerned.map(({ id }) => id).filter((id) => cachedList(tx.rootEnv, list, id)), { what: list === field ? 'assigned' : 'followed' });
    if (list === field) tellChange('write', field, concerned.length);
    if (firing) fire(tx, firing, tree, concerned.map(({ id }) => id));
    followOrigins(tx, list, concerned.map(({ id }) => id));
  }
}

function isSameSide(a: PairSide | undefined, b: PairSide): boolean {
  return a?.own === b.own && a.other === b.other;
}

/** The same changes, told of the members. */
function reversedChanges(changes: readonly ListChange[]): readonly ListChange[] {
  const reverse = new Map<Id, { id: Id; added: Id[]; removed: Id[] }>();
  const at = (id: Id): { added: Id[]; removed: Id[] } => {
    let change = reverse.get(id);
    if (!change) reverse.set(id, (change = { id, added: [], removed: [] }));
    return change;
  };
  for (const { id, added, removed } of changes) {
    for (const member of removed) at(member).removed.push(id);
    for (const member of added) at(member).added.push(id);
  }
  return [...reverse.values()];
}

/** Lets the cached lists of a field follow. Lists that are not cached stay so. */
function followChanges(tx: Transaction, list: Field, changes: readonly ListChange[]): void {
  const ids: Id[] = [];
  const values: (readonly Id[])[] = [];
  for (const { id, added, removed } of changes) {
    const before = cachedList(tx.rootEnv, list, id);
    if (!before) continue;
    const gone = new Set(removed);
    ids.push(id);
    values.push(Object.freeze([...before.filter((member) => !gone.has(member)), ...added]));
  }
  putCached(tx.rootEnv, list, ids, values);
}
