import { channels, type ComputeEvent, isStoredId, type Id } from '@ormolu/kernel';
import type { Compute, Field } from '@ormolu/registry';
import type { Environment } from './environment';
import { isDue, layersOf } from './layers';
import { mayHaveChanged, pullCauses } from './causes';
import { cycleOf } from './cycles';
import { ComputeCycleError, ComputeError, ComputeUnassignedError, NotLoadedError, QueryNotLoadedError, TriggerPendingError, type ComputeFailure } from './errors';
import type { RecordSet } from './recordset';
import { isSuspension } from './run';
import type { Transaction } from './transaction';
import { assignComputed } from './assign-computed';
import { toCache } from './convert';
import { assertAllowed } from './transaction-state';

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
  const drafts = tx.drafts.isEmpty ? [] : ids.filter((id) => !isStoredId(id));
  const pending = ids.filter((id) => tx.toCompute.has(field, id));
  const due = pending.filter((id) => {
    const since = tx.toCompute.possibleSince(field, id);
    return since === undefined || mayHaveChanged(tx, { field, since }, id);
  });
  if (due.length < pending.length) {
    const isDue = new Set(due);
    tx.toCompute.unmark(field, pending.filter((id) => !isDue.has(id)));
  }
  return [...computeBatch(tx.rootEnv, field, due), ...computeBatch(env, field, drafts)];
}

/** Runs the compute of a field for some records. @returns the failures; the other records have their values */
function computeBatch(env: Environment, field: Field, ids: readonly Id[]): readonly ComputeFailure[] {
  const tx = env.transaction;
  const failures = tx.computes.isRunning ? runBatch(env, field, ids) : tx.readingAside(() => runBatch(env, field, ids));
  tx.computes.noteFailures(field, failures);
  return failures;
}

function runBatch(env: Environment, field: Field, ids: readonly Id[]): readonly ComputeFailure[] {
  const tx = env.transaction;
  const { compute } = field;
  if (!compute || ids.length === 0) return [];
  assertAllowed(tx.state, 'read');
  const twice = ids.filter((id) => tx.computes.has(field, id));
  if (twice.length > 0) throw new ComputeCycleError(field.model, field.name, twice);
  const records = env.recordsOf(env.registry.model(field.model), ids);
  const failures: ComputeFailure[] = [];
  tx.protection.during(compute.fields.map((computed) => [computed, ids] as const), () => {
    // One compute of the whole batch, or one a record: a record whose value another of the batch reads is computed when it is read.
    for (const part of compute.isBatch ? [records] : records) {
      if (!compute.isBatch && !isDue(env, field, part.id)) continue;
      const failure = computePart(env, field, compute, part);
      if (!failure) continue;
      // A batch that fails is tried again record by record, so that only those that fail are held back.
      const again = part.length > 1 ? [...part].flatMap((one) => computePart(env, field, compute, one) ?? []) : [failure];
      failures.push(...again);
    }
  });
  if (channels.compute.hasSubscribers) {
    const event: ComputeEvent = { model: field.model, fields: compute.fields.map(({ name }) => name), records: ids.length, failed: failures.length > 0 };
    channels.compute.publish(event);
  }
  return failures;
}

function computePart(env: Environment, field: Field, compute: Compute, part: RecordSet): ComputeFailure | undefined {
  const tx = env.transaction;
  return attempt(tx, field, part.ids, () => {
    tx.computes.run(compute.fields, part.ids, ({ assigned }) => {
      // What the compute expects of its records was checked against the definitions these records are made from.
      const value = compute.run(part as never);
      if (compute.isBatch) for (const computed of compute.fields) refuseUnassigned(computed, part.ids.filter((id) => !assigned.get(computed)?.has(id)));
      else {
        refuseUnassigned(field, value === undefined ? part.ids : []);
        assignComputed(env, field, part.id, toCache(field, value));
      }
    });
  });
}

function refuseUnassigned(field: Field, ids: readonly Id[]): void {
  if (ids.length > 0) throw new ComputeUnassignedError(field.model, field.name, ids);
}

/** Runs a compute; when it throws, what it changed is taken back. What must reach the caller passes, the rest is a failure. */
function attempt(tx: Transaction, field: Field, ids: readonly Id[], run: () => void): ComputeFailure | undefined {
  const checkpoint = tx.undo.checkpoint();
  try {
    run();
    tx.undo.keep(checkpoint);
    return undefined;
  } catch (error) {
    tx.undo.undo(checkpoint);
    // Not the compute's fault: the reader must wait, or be told what to load.
    if (isSuspension(error) || error instanceof NotLoadedError || error instanceof TriggerPendingError || error instanceof QueryNotLoadedError || tx.execution?.isWaiting === true) throw error;
    if (error instanceof ComputeError) {
      const [cause] = error.failures;
      return { model: field.model, field: field.name, ids, error: cause?.error ?? error };
    }
    return { model: field.model, field: field.name, ids, error };
  }
}

/** Marks fields of some records and computes them, loading what that takes. */
export async function recomputeFields(tx: Transaction, fields: readonly Field[], ids: readonly Id[]): Promise<void> {
  for (const field of fields) if (field.compute && field.isStored) tx.toCompute.mark(field, ids, 'certain');
  const failures: ComputeFailure[] = [];
  for (const field of fields) failures.push(...(await tx.recompute(field, ids)));
  if (failures.length > 0) throw new ComputeError(failures);
}
