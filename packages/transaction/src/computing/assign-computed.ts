import { isStoredId, type Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { changeReference } from '../writing/assign-cached';
import { keepsItsOwn } from '../drafts/read-through';
import { followOrigins } from '../drafts/follow-origins';
import type { Environment } from '../environment/environment';
import { fire, startFiring } from '../triggers/modified';
import { originKey } from '../reading/origins';
import type { Transaction } from '../transaction';
import { isAskedFor } from '../triggers/unseen';
import { recordsOf } from '../values';

/**
 * Takes a value from a compute: one that is not stored, or of a draft, is simply known now; a stored one is written if it differs from before.
 *
 * A recomputed value marks nothing further, because its dependents were marked with it when the cause changed; those who
 * wait to hear whether it changed are told. A relation does: who depends through it, before and after, is not known earlier.
 * @param cached - in the cache's form
 */
export function assignComputed(env: Environment, field: Field, id: Id, cached: unknown): void {
  const tx = env.transaction;
  const record = recordsOf(env, field, [id]);
  tx.computes.noteAssigned(field, id);
  // Fields computed together: the one that was written by hand since, and is not pending, keeps that value.
  if ((field.isEditable || field.inverse) && !tx.toCompute.has(field, id) && env.peek(field, id) !== undefined) return;
  if (!isStoredId(id) && keepsItsOwn(tx, field, id)) return;
  tx.origins?.note(field, [id], { what: 'computed', key: originKey(env, field) });
  if (!field.isStored || !isStoredId(id)) {
    tx.cache.set(record, field, cached);
    return;
  }
  const before = env.peek(field, id);
  const time = tx.toCompute.markedAt(field, id);
  tx.toCompute.unmark(field, [id]);
  if (before !== undefined && field.isEqual(before, cached)) return;
  const isUnseen = before === undefined && isAskedFor(tx, field) && !tx.unseen.isFirst(field, id, cached);
  const firing = field.relation && { ...startFiring(tx, field, [id]), isUnseen };
  if (firing) changeReference(tx, field, [id], { cached, firing });
  tx.cache.set(record, field, cached, { dirty: true });
  if (firing) fire(tx, firing, tx.registry.triggersOf(field), [id]);
  noteComputed(tx, field, id, { time, ...(before === undefined ? { unseen: { value: cached } } : {}) });
  if (field.isEditable) followOrigins(tx, field, [id]);
}

/**
 * A recomputed value came out different, or took the place of one that was not in memory: with the cause that marked it, so that what was written by hand since
 * stays. Whom a relation concerns is marked now.
 */
export function noteComputed(tx: Transaction, field: Field, id: Id, { time: marked, unseen }: { readonly time: number | undefined; readonly unseen?: { readonly value: unknown } }): void {
  // Whichever moment it is noted at: who runs beside it must hear that something has changed.
  const now = tx.triggers.nextSequence();
  const time = field.relation || marked === undefined ? now : marked;
  if (unseen && isAskedFor(tx, field) && !tx.unseen.isFirst(field, id, unseen.value)) tx.unseen.note(field, [id], { time, value: unseen.value });
  else tx.toCompute.noteChanged(field, id, time);
}
