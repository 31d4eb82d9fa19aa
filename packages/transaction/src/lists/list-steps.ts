import { isStoredId, NewId, type Id, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { changeLists, knownLists, listChange } from './change-lists';
import { assignCached } from '../writing/assign-cached';
import { writable } from '../records/convert';
import type { Environment } from '../environment/environment';
import { fetchColumns, fetchList, inverseOf } from '../reading/fetch';
import { groupBy } from '../group-by';
import type { InsertedIds } from '../writing/insert-rows';
import type { Transaction } from '../transaction';
import { cachedReference } from '../values';
import type { ListStep } from '../writing/write-batch';

/** Stands for the owner of a record that is to be deleted; an id can be any text. */
const DELETED: unique symbol = Symbol('deleted');

type Owner = Id | null | typeof DELETED;

/** What becomes of the members of one2many lists: many2one → member → its owner. */
type Owners = ReadonlyMap<Field, ReadonlyMap<Id, Owner>>;

/** What list commands come to, when it is known what the lists hold. */
export interface ListChanges {
  readonly owners: Owners;
  /** Whom members had as their owner who are to lose it: who has another one when the changes are put in has left already. */
  readonly before: ReadonlyMap<Field, ReadonlyMap<Id, Id | null | undefined>>;
  /** Many2many → owner → what comes into its list and what leaves it. What others change meanwhile stays. */
  readonly lists: ReadonlyMap<Field, ReadonlyMap<Id, Turnover>>;
}

interface Turnover {
  readonly added: readonly Id[];
  readonly removed: readonly Id[];
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

/**
 * Works the commands off in their order, in mind only.
 *
 * @throws {WriteRefusedError} TX_REQUIRED when a record would lose an owner that it must have
 */
export function followSteps(env: Environment, steps: readonly ListStep[]): ListChanges {
  const owners = new Map<Field, Map<Id, Owner>>();
  const lists = new Map<Field, Map<Id, Set<Id>>>();
  for (const step of steps) {
    if (step.field.relation?.kind === 'many2many') followPairs(env, step, { lists, owners });
    else followOwners(env, step, owners);
  }
  return { owners, before: new Map(Array.from(owners, ([inverse, members]) => [inverse, ownersNow(env, inverse, members)])), lists: new Map(Array.from(lists, ([field, byOwner]) => [field, turnovers(env, field, byOwner)])) };
}

function ownersNow(env: Environment, inverse: Field, members: ReadonlyMap<Id, Owner>): ReadonlyMap<Id, Id | null | undefined> {
  if (inverse.relation?.kind === 'many2many') return new Map();
  return new Map([...members].flatMap(([id, to]) => (to === null ? [[id, cachedReference(env, inverse, id)] as const] : [])));
}

function turnovers(env: Environment, field: Field, byOwner: ReadonlyMap<Id, ReadonlySet<Id>>): ReadonlyMap<Id, Turnover> {
  return new Map(Array.from(byOwner, ([owner, members]) => {
    const before = isStoredId(owner) ? (knownLists(env, field, [owner]).get(owner) ?? []) : [];
    const held = new Set(before);
    return [owner, { added: [...members].filter((id) => !held.has(id)), removed: before.filter((id) => !members.has(id)) }];
  }));
}

function followOwners(env: Environment, { field, owner, kind, ids }: ListStep, owners: Map<Field, Map<Id, Owner>>): void {
  const inverse = inverseOf(env.transaction, field);
  let ofField = owners.get(inverse);
  if (!ofField) owners.set(inverse, (ofField = new Map<Id, Owner>()));
  const known = ofField;
  const leave = (id: Id): void => {
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
    else if ((known.has(id) ? known.get(id) : cachedReference(env, inverse, id)) === owner) leave(id);
  }
}

function followPairs(env: Environment, { field, owner, kind, ids }: ListStep, { lists, owners }: { lists: Map<Field, Map<Id, Set<Id>>>; owners: Map<Field, Map<Id, Owner>> }): void {
  let ofField = lists.get(field);
  if (!ofField) lists.set(field, (ofField = new Map<Id, Set<Id>>()));
  let list = ofField.get(owner);
  if (!list) ofField.set(owner, (list = new Set(isStoredId(owner) ? knownLists(env, field, [owner]).get(owner) : [])));
  if (kind === 'set') list.clear();
  for (const id of ids) {
    if (kind === 'link' || kind === 'set') list.add(id);
    else list.delete(id);
    if (kind === 'delete') owners.set(field, (owners.get(field) ?? new Map<Id, Owner>()).set(id, DELETED));
  }
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

/** Puts the owners of members in, new records by the ids they have got. In memory only. @param before - whom they had, of those that lose it */
export function putOwners(env: Environment, owners: Owners, inserted: InsertedIds, before?: ListChanges['before']): void {
  const now = (id: Id): Id => inserted.get(id) ?? id;
  for (const [inverse, members] of owners) {
    if (inverse.relation?.kind === 'many2many') continue;
    for (const [owner, own] of groupBy(members, ([, to]) => to)) {
      const there = owner === null ? own.filter(([id]) => cachedReference(env, inverse, id) === before?.get(inverse)?.get(id)) : own;
      if (owner !== DELETED) assignCached(env, inverse, there.map(([id]) => now(id)), owner === null ? null : now(owner));
    }
  }
}

/** Puts the changes in, new records by the ids they have got. In memory only. */
export function putLists(env: Environment, { owners, before, lists }: ListChanges, inserted: InsertedIds): void {
  const now = (id: Id): Id => inserted.get(id) ?? id;
  putOwners(env, owners, inserted, before);
  for (const [field, byOwner] of lists) {
    const ids = [...byOwner.keys()].map(now);
    const known = knownLists(env, field, ids);
    changeLists(env.transaction, field, [...byOwner].flatMap(([owner, { added, removed }]) => {
      const held = known.get(now(owner)) ?? [];
      const leaving = new Set(removed.map(now));
      return listChange(held, [...held.filter((id) => !leaving.has(id)), ...added.map(now)], now(owner)) ?? [];
    }));
  }
}

/** The records that commands delete, by model. */
export function deletedBy({ owners }: ListChanges): ReadonlyMap<string, readonly StoredId[]> {
  const deleted = new Map<string, Set<StoredId>>();
  for (const [field, members] of owners) {
    const model = field.relation?.kind === 'many2many' ? field.relation.comodel : field.model;
    for (const [id, to] of members) if (to === DELETED && isStoredId(id)) deleted.set(model, (deleted.get(model) ?? new Set<StoredId>()).add(id));
  }
  return new Map([...deleted].map(([model, ids]) => [model, [...ids]]));
}
