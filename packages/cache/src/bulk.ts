import type { Id } from '@ormolu/kernel';
import type { Column } from './column';
import { listGiven } from './given-records';
import { sameValue } from './same-value';
import { MISS } from './places';

/** Arrays made longer than this at once are hash tables in V8. */
const FASTEST = 2 ** 24;

/** The values of ids in order, misses skipped. */
export function valuesOf(column: Column, ids: readonly Id[]): unknown[] {
  const { slots } = column;
  const values = places(ids.length);
  let found = 0;
  for (const id of ids) {
    const value = column.at(slots.slotOf(id));
    if (value === MISS) continue;
    values[found] = value;
    found += 1;
  }
  if (found < values.length) values.length = found;
  count(column, ids.length, ids.length - found);
  return values;
}

/** The values of ids in order, up to the first miss. */
export function valuesUntilMiss(column: Column, ids: readonly Id[]): unknown[] {
  const { slots } = column;
  const values: unknown[] = [];
  for (const id of ids) {
    const value = column.at(slots.slotOf(id));
    if (value === MISS) {
      count(column, values.length + 1, 1);
      return values;
    }
    values.push(value);
  }
  count(column, ids.length, 0);
  return values;
}

/** The ids without a value, in order and with their repeats. */
export function missingIds(column: Column, ids: readonly Id[]): Id[] {
  const { slots } = column;
  const missing: Id[] = [];
  for (const id of ids) {
    if (!column.has(slots.slotOf(id))) missing.push(id);
  }
  count(column, ids.length, missing.length);
  return missing;
}

/** The ids whose value differs from one, in order and with their repeats; a miss differs from every value. */
export function idsDifferentFrom(column: Column, ids: readonly Id[], value: unknown): Id[] {
  const { slots } = column;
  const different: Id[] = [];
  let misses = 0;
  for (const id of ids) {
    const cached = column.at(slots.slotOf(id));
    if (cached === MISS) misses += 1;
    else if (cached === value || sameValue(cached, value)) continue;
    different.push(id);
  }
  count(column, ids.length, misses);
  return different;
}

/**
 * Puts values in, pairwise, as long as there are both an id and a value; a repeated id keeps its last.
 * @param dirty - whether to mark each as waiting to be written
 */
export function putAll(column: Column, ids: readonly Id[], values: Iterable<unknown>, dirty: boolean): void {
  const { slots } = column;
  const list = asList(values, ids.length, 'update');
  const end = Math.min(ids.length, list.length);
  for (let at = dirty ? 0 : column.insertRun(ids, list, true); at < end; at += 1) {
    const slot = slots.ensure(idAt(ids, at));
    if (dirty) column.putDirty(slot, list[at]);
    else column.put(slot, list[at]);
  }
}

/** Puts values in, pairwise, where there is none; of a repeated id the first counts. */
export function putMissing(column: Column, ids: readonly Id[], values: Iterable<unknown>, undoable: boolean): void {
  const { slots } = column;
  const list = asList(values, ids.length, 'insertMissing');
  const end = Math.min(ids.length, list.length);
  for (let at = column.insertRun(ids, list, undoable); at < end; at += 1) column.insert(slots.ensure(idAt(ids, at)), list[at], undoable);
}

/** The id at a place that lies inside the list. */
function idAt(ids: readonly Id[], at: number): Id {
  return ids[at] as Id;
}

/** The values as a list; of an iterable no more than `limit` are asked for, as it may have no end. */
function asList(values: Iterable<unknown>, limit: number, call: string): readonly unknown[] {
  if (Array.isArray(values)) return values;
  listGiven(values, call, 'values');
  const list: unknown[] = [];
  if (limit === 0) return list;
  for (const value of values) {
    list.push(value);
    if (list.length === limit) break;
  }
  return list;
}

/** An array with a place for each answer, as growing one by one would copy a million answers several times. */
function places(length: number): unknown[] {
  return length > FASTEST ? [] : new Array<unknown>(length);
}

function count(column: Column, reads: number, misses: number): void {
  column.reads += reads;
  column.misses += misses;
}
