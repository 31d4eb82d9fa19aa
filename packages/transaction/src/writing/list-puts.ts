import { isStoredId, NewId, type Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { assignCached } from './assign-cached';
import { followCommands, presentList, type MadeCommand } from '../lists/computed-lists';
import type { Environment } from '../environment/environment';
import { putWithInverses } from '../lists/inverse';
import type { Behind } from './ids-behind';
import type { InsertedIds } from './insert-rows';
import type { Put } from './batch-parts';

/** Commands for the computed list of one record; ids are known, but for those of new records. */
export interface ListPut {
  readonly field: Field;
  readonly id: Id;
  readonly commands: readonly MadeCommand[];
  /** What the list held when the call was gathered: what it says, where nothing better is known. */
  readonly before: readonly Id[];
}

/** Takes whole lists out of the other values that were given before commands for the same field: they are followed with these, in the order of the call. */
export function takeWhole(puts: Put[], field: Field): readonly ListPut[] {
  const whole = puts.filter((put) => put.field === field);
  if (whole.length > 0) puts.splice(0, puts.length, ...puts.filter((put) => put.field !== field));
  return whole.flatMap(({ ids, cached }) => ids.map((id): ListPut => ({ field, id, commands: [{ kind: 'set', ids: cached as readonly Id[] }], before: [] }))); // a list is kept as an array of ids
}

/** Whether commands name what is not in the database yet, or are for its list. */
export function concernsNew({ id, commands }: ListPut): boolean {
  return !isStoredId(id) || commands.some((command) => (command.kind === 'link' && !isStoredId(command.id)) || (command.kind === 'set' && command.ids.some((one) => !isStoredId(one))));
}

/** Puts in what commands make of lists without an inverse, which nothing but what they are given changes: in one step, without a question. */
export function putPlain(env: Environment, listPuts: readonly ListPut[], { inserted, now }: Behind): void {
  const { toCompute } = env.transaction;
  for (const { field, id: given, commands, before } of listPuts) {
    const [id] = now(field, [given]);
    if (id === undefined) continue;
    const known = field.isStored && toCompute.has(field, id) ? undefined : (env.peek(field, id) as readonly Id[] | undefined); // a list is kept as an array of ids
    assignCached(env, field, [id], withIds(followCommands(known ?? before, commands), inserted));
  }
}

/**
 * Puts in what commands make of lists with an inverse, one after the other, each with its inverse: another list may show what that one has changed.
 *
 * What lists hold is read of all before anything is given to one: who is suspended later runs every inverse before it again.
 */
export function putInverted(env: Environment, given: readonly ListPut[], { inserted, now }: Behind): void {
  const listPuts = given.flatMap((one) => now(one.field, [one.id]).map((id) => ({ ...one, id })));
  if (listPuts.length > 1) for (const listPut of listPuts) listNow(env, listPut);
  for (const listPut of listPuts) {
    const { field, id, commands } = listPut;
    const cached = withIds(followCommands(listNow(env, listPut), commands), inserted);
    putWithInverses(env.transaction, [{ field, records: env.recordsOf(env.registry.model(field.model), [id]) }], () => { assignCached(env, field, [id], cached); });
  }
}

/** What a list holds now. Where that cannot be told beside what the call has written, or only a query could tell, it is what it held before. */
function listNow(env: Environment, { field, id, commands: [first], before }: ListPut): readonly Id[] {
  if (first?.kind === 'set' || first?.kind === 'clear') return before;
  const { execution } = env.transaction;
  const asked = execution?.asks.length ?? 0;
  try {
    return presentList(env, field, id);
  } catch (error) {
    execution?.asks.splice(asked);
    if (execution?.isWaiting !== false) throw error;
    return before;
  }
}

/** A value with the ids that new records have got. */
export function withIds(cached: unknown, inserted: InsertedIds): unknown {
  if (Array.isArray(cached)) return Object.freeze((cached as readonly Id[]).map((id) => inserted.get(id) ?? id)); // a list is kept as an array of ids
  return cached instanceof NewId ? (inserted.get(cached) ?? cached) : cached;
}
