import { isStoredId, NewId, type Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { assignCached } from '../writing/assign-cached';
import { putCached } from './draft-values';
import { fire, startFiring } from '../triggers/modified';
import { KeyedValues } from '../environment/keyed-values';
import type { Transaction } from '../transaction';

/** Records have been deleted: what drafts hold of them leaves their lists, and their references to them are empty. */
export function leaveDrafts(tx: Transaction, model: string, gone: ReadonlySet<Id>): void {
  if (tx.drafts.isEmpty) return;
  const isGone = (id: Id): boolean => gone.has(id) || (id instanceof NewId && id.origin !== undefined && gone.has(id.origin));
  const texts = new Set(Array.from(gone, (id) => `${model},${String(id)}`)); // as references are kept
  for (const holder of tx.registry.models.values()) {
    const drafts = tx.drafts.of(holder.name);
    for (const field of drafts.length > 0 ? holder.fields.values() : []) {
      if (field.compute) continue;
      if (field.relation?.comodel === model) for (const id of drafts) leave(tx, field, id, isGone);
      else if (field.options.models?.includes(model)) for (const id of drafts) leaveReference(tx, field, id, texts);
    }
  }
  for (const id of tx.drafts.of(model)) if (id.origin !== undefined && gone.has(id.origin) && tx.drafts.isStandIn(id)) tx.drafts.drop(model, id);
}

/** What it reads of its origin's reference follows that by itself. */
function leaveReference(tx: Transaction, field: Field, id: NewId, gone: ReadonlySet<string>): void {
  const given = tx.drafts.given(id).get(field) ?? (id.origin === undefined ? tx.rootEnv.peek(field, id) : undefined);
  if (gone.has(String(given))) assignCached(tx.rootEnv, field, [id], null);
}

function leave(tx: Transaction, field: Field, id: NewId, isGone: (id: Id) => boolean): void {
  const given = tx.drafts.given(id).get(field);
  if (given instanceof KeyedValues) {
    putCached(tx.rootEnv, field, [id], [given.map((held) => (isGone(held as Id) ? null : held))]); // a many2one is kept as an id or null
    return;
  }
  const held = given ?? tx.rootEnv.peek(field, id);
  if (given === undefined && id.origin !== undefined) {
    // What it only reads of its origin changes there, and it follows: nothing of its own has changed.
    const read = (Array.isArray(held) ? held : [held]) as readonly (Id | null | undefined)[]; // a relation is kept as an id or a list of ids
    if (read.some((one) => one !== null && one !== undefined && isGone(one))) tx.cache.invalidate([[field, [id]]]);
    return;
  }
  if (!Array.isArray(held)) {
    // A many2one is kept as an id or null.
    if (held !== undefined && held !== null && isStoredId(held as Id) && isGone(held as Id)) assignCached(tx.rootEnv, field, [id], null);
    return;
  }
  const members = held as readonly Id[]; // and a list as an array of ids
  const left = members.filter((member) => !isGone(member));
  if (left.length === members.length) return;
  putCached(tx.rootEnv, field, [id], [Object.freeze(left)]);
  fire(tx, startFiring(tx, field, [id]), tx.registry.triggersOf(field), [id]);
}
