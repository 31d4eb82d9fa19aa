import type { Id } from '@ormolu/kernel';
import { followOrigins } from '../drafts/follow-origins';
import { leaveDrafts } from '../drafts/leave-drafts';
import { groupBy } from '../group-by';
import { moveBetweenLists } from '../lists/inverse-lists';
import { listsOver, seenFrom, sideOf, sidesOf } from '../lists/relation-tables';
import type { Transaction } from '../transaction';
import { fireModified } from '../triggers/modified';
import { cachedReference, recordsOf } from '../values';
import { pendingReferences, type Consequences } from './consequences';

/** After the rows have gone: no trace of them in cache, lists or queues. */
export function forgetDeleted(tx: Transaction, { deleted, emptied }: Consequences): void {
  const env = tx.rootEnv;
  computeAgain(tx, deleted);
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

/** Who was computed to refer to them while they went: what others assign is refused then. */
function computeAgain(tx: Transaction, deleted: Consequences['deleted']): void {
  const wrong = [...pendingReferences(tx, deleted)].filter(({ field, id, leads }) => leads && field.compute && deleted.get(field.model)?.has(id) !== true);
  for (const [field, own] of groupBy(wrong, ({ field: of }) => of)) {
    const ids = own.map(({ id }) => id);
    tx.cache.clearDirty(recordsOf(tx.rootEnv, field, ids), field);
    tx.cache.invalidate([[field, ids]]);
    tx.toCompute.mark(field, ids, 'certain');
    fireModified(tx, field, ids);
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
