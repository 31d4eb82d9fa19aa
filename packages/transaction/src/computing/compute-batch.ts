import { MISS } from '@ormolu/cache';
import { channels, isStoredId, type ComputeEvent, type Id } from '@ormolu/kernel';
import type { Compute, Field } from '@ormolu/registry';
import { assignComputed, noteComputed } from './assign-computed';
import { isPlain } from './compute-plan';
import { toCache } from '../records/convert';
import type { Environment } from '../environment/environment';
import { ComputeCycleError, ComputedNullError, ComputeError, ComputeUnassignedError, type ComputeFailure } from '../errors';
import { isDue } from './layers';
import type { RecordSet } from '../records/recordset';
import { mustPass } from '../running/must-pass';
import { refuseUnfinished } from '../running/unfinished';
import type { Transaction } from '../transaction';
import { assertAllowed } from '../transaction-state';
import { recordsOf } from '../values';

/** Runs the compute of a field for some records. @returns the failures; the other records have their values */
export function computeBatch(env: Environment, field: Field, ids: readonly Id[]): readonly ComputeFailure[] {
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
  const twice = tx.computes.isRunning ? ids.filter((id) => tx.computes.has(field, id)) : [];
  if (twice.length > 0) throw new ComputeCycleError(field.model, field.name, twice);
  const records = env.recordsOf(env.registry.model(field.model), ids);
  const failures: ComputeFailure[] = [];
  tx.protection.during(compute.fields.map((computed) => [computed, ids] as const), () => {
    if (!tx.origins && isPlain(field) && ids.every(isStoredId) && computeEach(tx, { field, compute, records })) return;
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
      refuseUnfinished(value, `The compute of ${field.toString()}`, { model: field.model, field: field.name });
      if (compute.isBatch) {
        for (const computed of compute.fields) {
          refuseUnassigned(computed, part.ids.filter((id) => !assigned.get(computed)?.has(id)));
          // In the end: what it was given first may have been null.
          if (computed.isRequired) refuseNull(computed, part.ids.filter((id) => env.peek(computed, id) === null));
        }
      } else {
        refuseUnassigned(field, value === undefined ? part.ids : []);
        const cached = toCache(field, value);
        if (cached === null && field.isRequired) refuseNull(field, part.ids);
        assignComputed(env, field, part.id, cached);
      }
    });
  });
}

function refuseUnassigned(field: Field, ids: readonly Id[]): void {
  if (ids.length > 0) throw new ComputeUnassignedError(field.model, field.name, ids);
}

/** What is required may be null of a draft, and where nothing is kept. @throws {ComputedNullError} TX_REQUIRED */
function refuseNull(field: Field, ids: readonly Id[]): void {
  const kept = field.isStored ? ids.filter(isStoredId) : [];
  if (kept.length > 0) throw new ComputedNullError(field, kept);
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
    if (mustPass(tx, error)) throw error;
    if (error instanceof ComputeError) {
      const [cause] = error.failures;
      return { model: field.model, field: field.name, ids, error: cause?.error ?? error, behind: cause?.behind ?? cause };
    }
    return { model: field.model, field: field.name, ids, error };
  }
}

/**
 * Computes a stored field for many records as if nothing could go wrong: with one checkpoint for all, and each value put in by its slot.
 *
 * @returns whether all went well; otherwise all is as it was, and the plain way finds out who failed
 */
function computeEach(tx: Transaction, { field, compute, records }: { readonly field: Field; readonly compute: Compute; readonly records: RecordSet }): boolean {
  const column = tx.rootEnv.column(field);
  const checkpoint = tx.undo.checkpoint();
  let isListed = false;
  try {
    tx.computes.runEach(field, (begin) => {
      for (const record of records) {
        const id = record.ids[0] as Id; // iterating gives records of one id
        if (!tx.toCompute.has(field, id)) continue;
        begin(id);
        // What the compute expects of its records was checked against the definitions these records are made from.
        const given = compute.run(record as never);
        refuseUnfinished(given, `The compute of ${field.toString()}`);
        refuseUnassigned(field, given === undefined ? [id] : []);
        const value = toCache(field, given);
        if (value === null && field.isRequired) refuseNull(field, [id]);
        const slot = column.slots.ensure(id);
        const before = column.at(slot);
        const time = tx.toCompute.markedAt(field, id);
        tx.toCompute.unmark(field, [id]);
        if (before !== MISS && field.isEqual(before, value)) continue;
        if (isListed) column.putDirty(slot, value);
        else tx.cache.set(recordsOf(tx.rootEnv, field, [id]), field, value, { dirty: true });
        isListed = true;
        noteComputed(tx, field, id, { time, ...(before === MISS ? { unseen: { value } } : {}) });
      }
    });
    tx.undo.keep(checkpoint);
    return true;
  } catch (error) {
    tx.undo.undo(checkpoint);
    if (mustPass(tx, error)) throw error;
    return false;
  }
}
