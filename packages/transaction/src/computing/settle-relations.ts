import type { Field } from '@ormolu/registry';
import { ComputeError } from '../errors';
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

function isConcerned(tx: Transaction, relation: Field, field: Field): boolean {
  return tx.registry.inversesOf(relation).includes(field) || reachOf(tx, tx.registry.triggersOf(relation)).concerned.has(field);
}
