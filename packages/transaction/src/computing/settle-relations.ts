import { isStoredId, type Id } from '@ormolu/kernel';
import type { Field, Registry } from '@ormolu/registry';
import { ComputeError, TriggerPendingError } from '../errors';
import { computeAll } from './recompute';
import type { Transaction } from '../transaction';
import { reachOf } from '../triggers/reach';

/**
 * Computes pending relations that a field waits for: a list on their other side, and what depends on one, shows what they lead to.
 *
 * Other computed values mark their dependents when they are marked themselves. Whom a relation will concern is not known before it is computed.
 * @throws {ComputeError} TX_COMPUTE_FAILED when one fails: then nobody can tell
 */
export function settleRelations(tx: Transaction, field: Field): void {
  for (const relation of tx.toCompute.relations()) {
    // What it is computed from must not wait for it.
    if (relation === field || tx.computes.frames().some(({ fields }) => fields.has(relation)) || !isConcerned(tx, relation, field)) continue;
    const failures = computeAll(tx.rootEnv, relation, tx.toCompute.get(relation));
    if (failures.length > 0) throw new ComputeError(failures);
  }
}

const computedRelations = new WeakMap<Registry, readonly Field[]>();

function computedRelationsOf(registry: Registry): readonly Field[] {
  let relations = computedRelations.get(registry);
  if (!relations) {
    relations = [...registry.models.values()].flatMap(({ fields }) => [...fields.values()].filter(({ relation, compute, isStored }) => relation && compute && isStored));
    computedRelations.set(registry, relations);
  }
  return relations;
}

/**
 * Makes sure that no pending trigger makes a relation stale of which a field shows the other side: whom that relation will concern nobody can tell from the
 * reading record.
 *
 * @throws {TriggerPendingError} TX_TRIGGER_PENDING outside `env.run`, and inside it where no field leads back to the dependents of what it has written itself;
 * elsewhere it suspends for that field
 */
export function settleBehindRelations(tx: Transaction, field: Field, id: Id): void {
  for (const relation of computedRelationsOf(tx.registry)) {
    if (relation === field || tx.computes.frames().some(({ fields }) => fields.has(relation)) || !isConcerned(tx, relation, field)) continue;
    for (const { firing, tree, key, side, ids } of tx.triggers) {
      if (!reachOf(tx, tree).concerned.has(relation)) continue;
      const [inverse] = tx.registry.inversesOf(key);
      if (!tx.execution || !inverse) throw new TriggerPendingError({ model: field.model, field: field.name, id }, firing.cause, { isOwn: tx.execution !== undefined });
      // One that is due to be computed is fetched as it was.
      tx.execution.suspend([{ field: inverse, ids: [...ids].filter(isStoredId), isBefore: side === 'stored' && inverse.compute !== undefined }]);
    }
  }
}

/** Whether a field shows what a relation leads to: a list on its other side, or what depends on one. */
export function isConcerned(tx: Transaction, relation: Field, field: Field): boolean {
  return tx.registry.inversesOf(relation).includes(field) || reachOf(tx, tx.registry.triggersOf(relation)).concerned.has(field);
}
