import { isStoredId, type Id } from '@ormolu/kernel';
import type { Field, Registry } from '@ormolu/registry';
import { RunError } from '../errors';
import type { Transaction } from '../transaction';
import type { PathTree } from './paths';

/** By registry version: most have none. */
const served = new WeakMap<Registry, readonly Field[]>();

/** The fields whose values come from where more is seen than here. */
export function servedFieldsOf(registry: Registry): readonly Field[] {
  let found = served.get(registry);
  if (!found) served.set(registry, (found = [...registry.models.values()].flatMap(({ fields }) => [...fields.values()].filter(({ isServed }) => isServed))));
  return found;
}

/** Whether a tree of paths passes such a field. */
export function leadsToServed({ fields }: PathTree): boolean {
  return [...fields].some(([field, below]) => field.isServed || leadsToServed(below));
}

/**
 * What is about to be read comes from elsewhere, where nobody knows yet what was written here: values from before are forgotten.
 *
 * @throws {RunError} RUN_QUERY_AFTER_WRITE when the function that runs has written it: what it writes is sent when it has ended
 */
export function meetServed(tx: Transaction, field: Field): void {
  if (!holdsUnsent(tx)) return;
  if (tx.execution && tx.execution.written.size > 0) {
    const [written] = tx.execution.written;
    throw new RunError(
      'RUN_QUERY_AFTER_WRITE',
      `${field.toString()} is worked out by the server, and the function that runs has written ${String(written)}. End the run first: what it wrote is sent when it has ended. Or read it before writing.`,
      { details: { model: field.model, field: field.name } },
    );
  }
  forgetServed(tx);
}

/** Sends what is pending, so that what others work out follows from it. @remarks As a flush; nothing where nothing is pending. */
export async function flushForServed(tx: Transaction): Promise<void> {
  if (!holdsUnsent(tx)) return;
  forgetServed(tx);
  await tx.flushAhead();
}

/** After something was written: nobody here knows what follows from it. */
export function forgetServed(tx: Transaction): void {
  for (const field of servedFieldsOf(tx.registry)) {
    if (!tx.cache.containsField(field)) continue;
    const ids = new Set<Id>();
    for (const [, id] of tx.cache.entries(field)) if (isStoredId(id)) ids.add(id);
    if (ids.size > 0) tx.cache.invalidate([[field, [...ids]]]);
  }
}

function holdsUnsent(tx: Transaction): boolean {
  if (tx.toCompute.size > 0 || tx.triggers.size > 0 || tx.pairs.tables().length > 0) return true;
  for (const _ of tx.cache.getDirtyFields()) return true;
  return false;
}
