import { isStoredId, type Id, type NewId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { Environment } from '../environment/environment';
import type { Transaction } from '../transaction';

/** Whether a draft reads this computed field of its origin: one that may be written by hand, until something it is computed from differs. */
export function isReadThrough(tx: Transaction, field: Field, id: Id): id is NewId {
  if (isStoredId(id) || id.origin === undefined || !field.isStored || !field.isEditable) return false;
  return !tx.drafts.hasDiverged(field, id) && !tx.drafts.given(id).has(field);
}

/** Whether a draft has a value of a computed field that no compute is to give it: its own, given by hand, or its origin's. */
export function keepsItsOwn(tx: Transaction, field: Field, id: NewId): boolean {
  return tx.drafts.given(id).has(field) || isReadThrough(tx, field, id);
}

/** The value of the origin for such a draft. @returns undefined when it is not in memory, or waits to be computed */
export function readThrough(env: Environment, field: Field, { origin }: NewId): unknown {
  return origin === undefined || env.transaction.toCompute.has(field, origin) ? undefined : env.peek(field, origin);
}

/** Forgets what drafts have read of these records. @returns those drafts */
export function forgetReadThrough(tx: Transaction, field: Field, ids: Iterable<Id>): readonly NewId[] {
  const origins = new Set(ids);
  const following = tx.drafts.of(field.model).filter((id) => {
    if (id.origin === undefined || !origins.has(id.origin)) return false;
    return field.compute ? isReadThrough(tx, field, id) : field.keyedBy !== undefined || !tx.drafts.given(id).has(field);
  });
  if (following.length > 0) tx.cache.invalidate([[field, following]]);
  return following;
}

/** Whether a draft was given a relation itself, and does not read its origin's. Whoever stands for a member of a list was given its owner by that list. */
export function isOwn(tx: Transaction, relation: Field, id: NewId): boolean {
  if (id.origin === undefined) return true;
  return tx.drafts.given(id).has(relation) && !(tx.drafts.isStandIn(id) && relation.relation?.kind === 'many2one' && tx.registry.inversesOf(relation).length > 0);
}

/** Whether any relation of a draft is its own. */
export function hasOwnRelation(tx: Transaction, id: NewId): boolean {
  return id.origin === undefined || [...tx.drafts.given(id).keys()].some((field) => field.relation && isOwn(tx, field, id));
}
