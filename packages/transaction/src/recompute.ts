import { channels, type ComputeEvent, isStoredId, type Id } from '@ormolu/kernel';
import type { Compute, Field } from '@ormolu/registry';
import type { Environment } from './environment';
import { isDue, layersOf } from './layers';
import { ComputeCycleError, ComputeError, ComputeUnassignedError, NotLoadedError, QueryNotLoadedError, TriggerPendingError, type ComputeFailure } from './errors';
import type { RecordSet } from './recordset';
import { isSuspension } from './run';
import { settleForReading } from './settle';
import type { Transaction } from './transaction';
import { assignComputed } from './assign-computed';
import { relatedIds } from './values';
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
  const own = computeAll(env, field, ids).filter((failure) => failure.ids.includes(id));
  if (own.length > 0) throw new ComputeError(own);
}

/** Computes a field, stored or not, for some records. @returns the failures; the other records have their values */
export function computeAll(env: Environment, field: Field, ids: readonly Id[]): readonly ComputeFailure[] {
  const { transaction: tx } = env;
  const drafts = field.isStored && !tx.drafts.isEmpty ? ids.filter((id) => !isStoredId(id)) : [];
  if (field.isStored && drafts.length === 0) return computeStored(tx, field, ids);
  // Values of drafts are stored nowhere.
  const { layers, stuck } = layersOf(env, field, field.isStored ? drafts : ids);
  const stored = field.isStored ? computeStored(tx, field, ids.filter(isStoredId)) : [];
  return [...stored, ...layers.flatMap((layer) => computeBatch(env, field, layer)), ...stuck ? [stuck] : []];
}

/**
 * Computes a stored field for records that are marked; what it depends on comes first.
 *
 * Causes are pulled before it runs, so that a mark whose causes all came out equal is dropped unrun. A recursive field is worked
 * off in layers, those without pending causes first: never nested in the call stack, however long the chain.
 */
export function computeStored(tx: Transaction, field: Field, ids: readonly Id[]): readonly ComputeFailure[] {
  const { layers, stuck } = layersOf(tx.rootEnv, field, ids);
  const failures: ComputeFailure[] = stuck ? [stuck] : [];
  for (const layer of layers) {
    pullCauses(tx, field, layer);
    const pending = layer.filter((id) => tx.toCompute.has(field, id));
    const due = pending.filter((id) => {
      const since = tx.toCompute.possibleSince(field, id);
      return since === undefined || mayHaveChanged(tx, { field, since }, [id]);
    });
    const isDue = new Set(due);
    tx.toCompute.unmark(field, pending.filter((id) => !isDue.has(id)));
    if (due.length > 0) failures.push(...computeBatch(tx.rootEnv, field, due));
  }
  return failures;
}

function settleAll(tx: Transaction, field: Field, ids: readonly Id[]): void {
  for (const id of ids) settleForReading(tx.rootEnv, field, id, () => ids);
}

/** Computes pending values that a field's compute will read, as far as memory leads to them. What fails stays pending. */
function pullCauses(tx: Transaction, field: Field, ids: readonly Id[]): void {
  for (const path of tx.registry.dependsOn(field)) {
    let here: readonly Id[] = ids;
    for (const step of path) {
      if (here.length === 0) break;
      if (step.compute && step !== field) {
        if (!step.isStored) pullCauses(tx, step, here);
        else if (tx.triggers.size > 0) settleAll(tx, step, here);
        const pending = step.isStored ? here.filter((id) => isDue(tx.rootEnv, step, id)) : [];
        if (pending.length > 0) computeStored(tx, step, pending);
      }
      if (step.relation) here = relatedIds(tx.rootEnv, step, here);
    }
  }
}

/**
 * Whether a recomputed value that this compute reads came out different after a moment, failed, or cannot be told from memory.
 * Values that are not stored cannot be compared, so it looks through them.
 */
function mayHaveChanged(tx: Transaction, { field, since }: { field: Field; since: number }, ids: readonly Id[]): boolean {
  for (const path of tx.registry.dependsOn(field)) {
    let here: readonly Id[] = ids;
    for (const step of path) {
      if (step.compute && step.isStored) {
        if (here.some((id) => tx.toCompute.hasChangedSince(step, id, since) || isDue(tx.rootEnv, step, id))) return true;
      } else if (step.compute && step !== field && mayHaveChanged(tx, { field: step, since }, here)) return true;
      if (!step.relation) continue;
      if (here.some((id) => tx.rootEnv.peek(step, id) === undefined)) return true;
      here = relatedIds(tx.rootEnv, step, here);
    }
  }
  return false;
}

/** Runs the compute of a field for some records. @returns the failures; the other records have their values */
function computeBatch(env: Environment, field: Field, ids: readonly Id[]): readonly ComputeFailure[] {
  const tx = env.transaction;
  return tx.computes.isRunning ? runBatch(env, field, ids) : tx.readingAside(() => runBatch(env, field, ids));
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
