import { isStoredId, NewId, type Id, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { changeLists, knownLists, listChange } from './change-lists';
import { assignCached } from '../writing/assign-cached';
import { writable } from '../records/convert';
import type { Environment } from '../environment/environment';
import { fetchColumns, fetchList, inverseOf } from '../reading/fetch';
import { groupBy } from '../group-by';
import { sideOf } from './relation-tables';
import type { Behind } from '../writing/ids-behind';
import type { InsertedIds } from '../writing/insert-rows';
import type { Transaction } from '../transaction';
import { cachedList, cachedReference } from '../values';
import type { ListStep } from '../writing/batch-parts';

/** Stands for the owner of a record that is to be deleted; an id can be any text. */
const DELETED: unique symbol = Symbol('deleted');

type Owner = Id | null | typeof DELETED;

/** What becomes of the members of one2many lists: many2one → member → its owner. */
type Owners = ReadonlyMap<Field, ReadonlyMap<Id, Owner>>;

/** What list commands come to, when it is known what the lists hold. */
export interface ListChanges {
  readonly owners: Owners;
  /** Whom members have who are to leave a list, undefined where that does not matter: who has another owner when the changes are put in has left already. */
  readonly left: ReadonlyMap<Field, ReadonlyMap<Id, Id | null | undefined>>;
  /** Relation table → what was said of lists over it, in the order in which now the one and now the other side was spoken of. */
  readonly lists: ReadonlyMap<string, readonly SaidOfLists[]>;
}

/** Owner → what was said of its list. Of whom nothing was said stays as he is, whoever changes that meanwhile. */
interface SaidOfLists {
  readonly field: Field;
  readonly byOwner: Map<Id, SaidOfList>;
}

interface SaidOfList {
  /** Whether it is to hold nobody else. */
  readonly isWhole: boolean;
  /** Who is to be in it, and who is not. */
  readonly members: ReadonlyMap<Id, boolean>;
}

/**
 * Brings into memory what list commands change.
 *
 * @remarks One round trip for each field.
 */
export async function loadForSteps(tx: Transaction, steps: readonly ListStep[]): Promise<void> {
  for (const [field, own] of groupBy(steps, ({ field: of }) => of)) {
    const isPairs = field.relation?.kind === 'many2many';
    await fetchList(tx, field, own.filter(({ kind }) => isPairs || kind === 'set').map(({ owner }) => owner));
    // A record leaves the list of its owner, and of nobody else.
    if (!isPairs) await fetchColumns(tx, [inverseOf(tx, field)], own.filter(({ kind }) => kind === 'unlink').flatMap(({ ids }) => ids));
  }
}

/** Whether memory has what `loadForSteps` brings. */
export function areLoaded(tx: Transaction, steps: readonly ListStep[]): boolean {
  const env = tx.rootEnv;
  return steps.every(({ field, owner, kind, ids }) => {
    const isPairs = field.relation?.kind === 'many2many';
    if ((isPairs || kind === 'set') && isStoredId(owner) && cachedList(env, field, owner) === undefined && !tx.absent.has(field.model, owner)) return false;
    if (isPairs || kind !== 'unlink') return true;
    const inverse = inverseOf(tx, field);
    return ids.every((id) => !isStoredId(id) || cachedReference(env, inverse, id) !== undefined || tx.absent.has(inverse.model, id) || tx.toCompute.has(inverse, id));
  });
}

/** Whoever makes memory forget what lists hold as often as that while a write waits for them is not waited for any longer. */
const MOST_LOADS = 5;

/** Goes on when memory has what `loadForSteps` brings, in the very step in which it has: others may make it forget before and after. */
export async function whenLoaded<T>(tx: Transaction, steps: readonly ListStep[], goOn: () => T): Promise<T> {
  for (let tries = 0; tries < MOST_LOADS && !areLoaded(tx, steps); tries += 1) await loadForSteps(tx, steps);
  return goOn();
}

/** The steps that change lists of relation tables, which must be known when that is put in; new records by the ids they have got. */
export function pairSteps(steps: readonly ListStep[], inserted: InsertedIds): readonly ListStep[] {
  return steps.flatMap((step) => (step.field.relation?.kind === 'many2many' ? [{ ...step, owner: inserted.get(step.owner) ?? step.owner }] : []));
}

/**
 * Works the commands off in their order, in mind only.
 *
 * @throws {WriteRefusedError} TX_REQUIRED when a record would lose an owner that it must have
 */
export function followSteps(env: Environment, steps: readonly ListStep[]): ListChanges {
  const changes = { owners: new Map<Field, Map<Id, Owner>>(), left: new Map<Field, Map<Id, Id | null | undefined>>(), lists: new Map<string, SaidOfLists[]>() };
  for (const step of steps) {
    if (step.field.relation?.kind === 'many2many') followPairs(step, changes);
    else followOwners(env, step, changes);
  }
  return changes;
}

function followOwners(env: Environment, { field, owner, kind, ids }: ListStep, { owners, left }: { readonly owners: Map<Field, Map<Id, Owner>>; readonly left: Map<Field, Map<Id, Id | null | undefined>> }): void {
  const inverse = inverseOf(env.transaction, field);
  const known = owners.get(inverse) ?? new Map<Id, Owner>();
  owners.set(inverse, known);
  const leave = (id: Id): void => {
    const before = cachedReference(env, inverse, id);
    // Whom memory does not know was in the list, unless a command has put it there.
    left.set(inverse, (left.get(inverse) ?? new Map<Id, Id | null | undefined>()).set(id, before === undefined && !known.has(id) ? owner : before));
    // Those that would go with their owner go with the list.
    if (inverse.relation?.onDelete === 'cascade') known.set(id, DELETED);
    else known.set(id, writable(inverse, null) as null);
  };
  if (kind === 'set') {
    const kept = new Set(ids);
    const stored = isStoredId(owner) ? (knownLists(env, field, [owner]).get(owner) ?? []) : [];
    const before = [...stored.filter((id) => !known.has(id)), ...[...known].flatMap(([id, to]) => (to === owner ? [id] : []))];
    for (const id of before) if (!kept.has(id)) leave(id);
  }
  for (const id of ids) {
    if (kind === 'link' || kind === 'set') known.set(id, owner);
    else if (kind === 'delete') known.set(id, DELETED);
    else if ((known.has(id) ? known.get(id) : cachedReference(env, inverse, id)) === owner) {
      leave(id);
      continue;
    }
    if (kind !== 'unlink') left.get(inverse)?.delete(id);
  }
}

function followPairs({ field, owner, kind, ids }: ListStep, { lists, owners }: { readonly lists: Map<string, SaidOfLists[]>; readonly owners: Map<Field, Map<Id, Owner>> }): void {
  const ofField = lastOf(lists, field).byOwner;
  const before = ofField.get(owner);
  const members = new Map(kind === 'set' ? [] : before?.members);
  for (const id of ids) {
    members.set(id, kind === 'link' || kind === 'set');
    if (kind === 'delete') owners.set(field, (owners.get(field) ?? new Map<Id, Owner>()).set(id, DELETED));
  }
  ofField.set(owner, { isWhole: kind === 'set' || before?.isWhole === true, members });
}

/** What is said of a field's lists now: after what has been said of others over their table. */
function lastOf(lists: Map<string, SaidOfLists[]>, field: Field): SaidOfLists {
  const table = sideOf(field)?.table ?? field.toString();
  const said = lists.get(table) ?? [];
  lists.set(table, said);
  const last = said.at(-1);
  if (last?.field === field) return last;
  const next: SaidOfLists = { field, byOwner: new Map() };
  said.push(next);
  return next;
}

function hasLeft(env: Environment, inverse: Field, id: Id, before: Id | null | undefined): boolean {
  const now = cachedReference(env, inverse, id);
  return now !== undefined && before !== undefined && now !== before;
}

/**
 * Finds what commands move away from a record that is to go: where it would go as well, or hold that one back.
 *
 * @remarks One round trip for each many2one of a model to itself, or to another of those that go, unless memory knows the owners.
 */
export async function movedFrom(env: Environment, { owners }: ListChanges, going: ReadonlyMap<string, ReadonlySet<Id>>): Promise<Owners> {
  const moved = new Map<Field, ReadonlyMap<Id, Owner>>();
  for (const [inverse, members] of owners) {
    const { relation } = inverse;
    const gone = relation?.kind === 'many2one' && relation.onDelete !== 'set null' ? going.get(relation.comodel) : undefined;
    const linked = [...members].filter(([id, to]) => isStoredId(id) && to !== DELETED && to !== null);
    if (!gone || linked.length === 0) continue;
    await fetchColumns(env.transaction, [inverse], linked.map(([id]) => id));
    const leaving = linked.filter(([id, to]) => {
      const from = cachedReference(env, inverse, id);
      return from !== to && from !== null && from !== undefined && gone.has(from);
    });
    if (leaving.length > 0) moved.set(inverse, new Map(leaving));
  }
  return moved;
}

/** Whether commands do nothing but delete. */
export function onlyDelete({ owners, lists }: ListChanges): boolean {
  return lists.size === 0 && [...owners.values()].every((members) => [...members.values()].every((to) => to === DELETED));
}

/** Whether a record that is new is to be the owner of some. */
export function hasNewOwner(owners: Owners): boolean {
  return [...owners.values()].some((members) => [...members.values()].some((to) => to instanceof NewId));
}

/** Puts the owners of members in, new records by the ids they have got. In memory only. @param left - whom they leave, of those that are to have none */
export function putOwners(env: Environment, owners: Owners, inserted: InsertedIds, left?: ListChanges['left']): void {
  const now = (id: Id): Id => inserted.get(id) ?? id;
  for (const [inverse, members] of owners) {
    if (inverse.relation?.kind === 'many2many') continue;
    for (const [owner, own] of groupBy(members, ([, to]) => to)) {
      const there = owner === null ? own.filter(([id]) => !hasLeft(env, inverse, id, left?.get(inverse)?.get(id))) : own;
      if (owner !== DELETED) assignCached(env, inverse, there.map(([id]) => now(id)), owner === null ? null : now(owner));
    }
  }
}

/** Puts the changes in, new records by the ids they have got. In memory only. Whoever the same call has deleted has no list any more. */
export function putLists(env: Environment, { owners, left, lists }: ListChanges, { inserted, now }: Behind): void {
  putOwners(env, owners, inserted, left);
  for (const { field, byOwner } of [...lists.values()].flat()) {
    const said = [...byOwner].flatMap(([owner, list]) => now(field, [owner]).map((id) => ({ id, ...list })));
    const known = knownLists(env, field, said.map(({ id }) => id));
    changeLists(env.transaction, field, said.flatMap(({ id, isWhole, members }) => {
      const held = known.get(id) ?? [];
      const spoken = new Map(Array.from(members, ([member, isIn]) => [inserted.get(member) ?? member, isIn]));
      const others = isWhole ? [] : held.filter((member) => !spoken.has(member));
      return listChange(held, [...others, ...[...spoken].flatMap(([member, isIn]) => (isIn ? [member] : []))], id) ?? [];
    }));
  }
}

/** The records that commands delete as things are now, by model: who was to go with a list and has another owner by now has left it, and stays. */
export function deletedBy(env: Environment, { owners, left }: ListChanges): ReadonlyMap<string, ReadonlySet<StoredId>> {
  const deleted = new Map<string, Set<StoredId>>();
  for (const [field, members] of owners) {
    const model = field.relation?.kind === 'many2many' ? field.relation.comodel : field.model;
    const leaving = left.get(field);
    for (const [id, to] of members) {
      if (to !== DELETED || !isStoredId(id) || (hasLeft(env, field, id, leaving?.get(id)) && cachedReference(env, field, id) !== null)) continue;
      deleted.set(model, (deleted.get(model) ?? new Set<StoredId>()).add(id));
    }
  }
  return deleted;
}
