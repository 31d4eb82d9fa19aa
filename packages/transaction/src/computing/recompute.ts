import { isStoredId, type Id } from '@ormolu/kernel';
import type { Field, Registry } from '@ormolu/registry';
import { mayHaveChanged, pullCauses } from '../triggers/causes';
import { computeBatch } from './compute-batch';
import { computeInMemory } from './compute-in-memory';
import { cycleOf } from './cycles';
import type { Environment } from '../environment/environment';
import { ComputeError, NotLoadedError, type ComputeFailure } from '../errors';
import { isReadThrough } from '../drafts/read-through';
import type { Need } from '../running/run';
import { judge } from '../triggers/judge';
import { keepsHandWritten } from '../triggers/keeps-hand-written';
import { layersOf } from './layers';
import { withNewest } from '../reading/with-newest';
import type { Transaction } from '../transaction';

/**
 * Computes pending or missing values of a field for the reader of one record, at once and in one batch with its group.
 *
 * @param ids - the group's records that need it; a failure of another record is not the reader's concern
 * @throws {ComputeError} TX_COMPUTE_FAILED when the reader's record failed
 * @throws {NotLoadedError} TX_NOT_LOADED when a compute reads what is not in memory, outside `env.run`
 */
export function computeFor(env: Environment, field: Field, { id, ids }: { id: Id; ids: readonly Id[] }): void {
  const own = computeAll(env, field, ids).filter((failure) => failure.field === field.name && failure.model === field.model && failure.ids.includes(id));
  if (own.length > 0) throw new ComputeError(own);
}

/**
 * Computes a field for some records; of a stored one, for those that are marked. What it depends on comes first.
 *
 * Causes are pulled before it runs, so that a mark whose causes all came out equal is dropped unrun. Where values wait for each other, of one
 * field or of several, they are worked off in layers: never nested in the call stack, however long the chain.
 * @returns the failures, those of values that were computed on the way included; the other records have their values
 */
export function computeAll(env: Environment, field: Field, ids: readonly Id[]): readonly ComputeFailure[] {
  env.transaction.computes.assertMayCompute();
  if (field.isStored && computeInMemory(env.transaction, field, ids)) return [];
  return env.transaction.computes.pass(() => computeInLayers(env, field, ids));
}

function computeInLayers(env: Environment, field: Field, wanted: readonly Id[]): readonly ComputeFailure[] {
  const { computes } = env.transaction;
  const failures = new Set<ComputeFailure>();
  const ids = wanted.filter((id) => {
    const before = computes.failureOf(field, id);
    if (before) failures.add(before);
    return !before;
  });
  pull(env, field, ids);
  const { layers, stuck } = layersOf(env, field, ids);
  const onTheWay = layers.flatMap((layer) => [...layer]);
  if (onTheWay.length > 1) pullForOthers(env, onTheWay, { field, ids: new Set(ids) });
  for (const layer of [...layers.flatMap((fields) => [...fields])]) for (const failure of computeLayer(env, ...layer)) failures.add(failure);
  for (const failure of stuck) failures.add(failure);
  return [...failures];
}

/** What is pulled for the values that were asked for is pulled for those they wait for, too: a field at a time. */
function pullForOthers(env: Environment, onTheWay: readonly (readonly [Field, readonly Id[]])[], asked: { readonly field: Field; readonly ids: ReadonlySet<Id> }): void {
  const others = new Map<Field, Id[]>();
  for (const [field, ids] of onTheWay) {
    const known = others.get(field) ?? [];
    others.set(field, known);
    for (const id of ids) if (field !== asked.field || !asked.ids.has(id)) known.push(id);
  }
  for (const [field, ids] of others) pull(env, field, ids);
}

/** Of values that are not stored, the causes are computed when they are read. */
function pull(env: Environment, field: Field, ids: readonly Id[]): void {
  const tx = env.transaction;
  const stored = field.isStored ? ids.filter(isStoredId) : [];
  if (stored.length > 0) pullCauses(tx, { field, ids: stored, cycle: cycleOf(tx.registry, field) }, (cause, pending) => void computeAll(tx.rootEnv, cause, pending));
}

/** Computes values whose causes are there: stored ones in the engine's environment, if they may have changed. */
function computeLayer(env: Environment, field: Field, ids: readonly Id[]): readonly ComputeFailure[] {
  if (!field.isStored) return computeBatch(env, field, ids);
  const tx = env.transaction;
  const drafts = tx.drafts.isEmpty ? [] : ids.filter((id) => !isStoredId(id) && !isReadThrough(tx, field, id));
  const due: Id[] = [];
  const equal: Id[] = [];
  const needs: Need[] = [];
  const isByHand = keepsHandWritten(field);
  for (const id of tx.toCompute.among(field, ids)) {
    const since = tx.toCompute.possibleSince(field, id);
    if (since === undefined) due.push(id);
    else if (!isByHand) (mayHaveChanged(tx, { field, since }, id) ? due : equal).push(id);
    else {
      const judgement = judge(tx, { field, since }, id);
      if (!judgement.isChanged) needs.push(...judgement.needs);
      (judgement.isChanged ? due : equal).push(id);
    }
  }
  if (needs.length > 0) missNeeds(tx, needs);
  if (equal.length > 0) tx.toCompute.unmark(field, equal);
  return [...computeBatch(tx.rootEnv, field, due), ...computeBatch(env, field, drafts)];
}

/** @throws {NotLoadedError} TX_NOT_LOADED outside `env.run`; inside it suspends */
function missNeeds(tx: Transaction, needs: readonly Need[]): never {
  if (tx.execution) return tx.execution.suspend(needs);
  const [{ field, ids }] = needs as readonly [Need, ...Need[]]; // there is one
  throw new NotLoadedError(field.model, field.name, ids[0] ?? 0);
}

/**
 * Marks fields of some records and computes them, loading what that takes.
 *
 * @param fieldsIn - which, in a version of the models
 */
export function recomputeFields(tx: Transaction, fieldsIn: (registry: Registry) => readonly Field[], ids: readonly Id[]): Promise<void> {
  return withNewest(tx, async (registry) => {
    const fields = fieldsIn(registry);
    for (const field of fields) if (field.compute && field.isStored) tx.toCompute.mark(field, ids, 'certain');
    const failures: ComputeFailure[] = [];
    for (const field of fields) failures.push(...(await tx.recompute(field, ids)));
    if (failures.length > 0) throw new ComputeError(failures);
  });
}
