import { isDeepStrictEqual } from 'node:util';
import { RunError } from '../errors';
import { pendingWrites } from '../flushing/pending-writes';
import type { Transaction } from '../transaction';

/** What an execution did: its value, and what it left pending. */
export interface Outcome {
  readonly value: unknown;
  readonly writes: unknown;
  readonly marks: unknown;
}

/** Records by model and ids, so that two executions can be compared. */
export function outcomeOf(tx: Transaction, value: unknown): Outcome {
  return { value: plain(value, new Map()), writes: pendingWrites(tx), marks: new Map(Array.from(tx.toCompute, ([field, ids]) => [field.toString(), new Set(ids)])) };
}

/** @throws {RunError} RUN_DIFFERS when two executions from the same memory did not do the same */
export function refuseDifference(first: Outcome, second: Outcome): void {
  const part = isDeepStrictEqual(first.writes, second.writes) && isDeepStrictEqual(first.marks, second.marks) ? (isDeepStrictEqual(first.value, second.value) ? undefined : 'returned') : 'wrote';
  if (part === undefined) return;
  throw new RunError(
    'RUN_DIFFERS',
    `The function given to env.run() was run twice, as the option checkRuns wants it, and ${part} something else the second time. What it does may depend on records and on what it is given, ` +
      'not on clocks, random numbers or variables that it changes itself.',
    { details: { part } },
  );
}

function plain(value: unknown, seen: Map<unknown, unknown>): unknown {
  if (typeof value === 'function') return 'function';
  if (typeof value !== 'object' || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  if ('model' in value && 'ids' in value && 'env' in value) return { model: value.model, ids: value.ids };
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    seen.set(value, list);
    for (const one of value) list.push(plain(one, seen));
    return list;
  }
  if (value instanceof Map) return [...value].map(([key, one]) => [plain(key, seen), plain(one, seen)]);
  if (value instanceof Set) return [...value].map((one) => plain(one, seen));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const object: Record<string, unknown> = {};
  seen.set(value, object);
  for (const [name, one] of Object.entries(value)) object[name] = plain(one, seen);
  return object;
}
