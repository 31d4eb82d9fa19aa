import { condition, isStoredId, type Id, type QueryCaching } from '@ormolu/kernel';
import { assertOptions } from '../check-call';
import { prepare, ready, type SearchOptions } from './question';
import type { RecordSet } from '../records/recordset';

export type { SearchOptions } from './question';

/**
 * Finds records. What is pending of the fields it looks at is flushed first, so that the answer is about the world as this transaction
 * sees it.
 *
 * @throws {UnknownFieldError} FIELD_UNKNOWN for a misspelt field or path, with the nearest name
 * @throws {AccessError} TX_ACCESS
 * @remarks One statement beside the flush.
 */
export async function search(set: RecordSet, filter: unknown, options: SearchOptions): Promise<RecordSet> {
  const { env } = set;
  assertOptions('search', options, OPTIONS);
  const answer = await env.transaction.below.query(await ready(prepare(env, set.model, filter, options)));
  return env.recordsOf(env.registry.model(set.model), answer.ids);
}

/** An option that nobody reads would give more records than were asked for. */
const OPTIONS: readonly string[] = ['order', 'limit', 'offset'] satisfies readonly (keyof SearchOptions)[];

/** Counts what a search would find. @param caching - how caches are used for it */
export async function count(set: RecordSet, filter: unknown, caching?: QueryCaching): Promise<number> {
  const { env } = set;
  return env.transaction.below.count({ ...(await ready(prepare(env, set.model, filter, { order: [] }))), ...(caching ? { caching } : {}) });
}

/** The records of a set that are in the database, in its order. */
export async function existing(set: RecordSet): Promise<RecordSet> {
  const { env, ids } = set;
  const tx = env.transaction;
  const stored = ids.filter(isStoredId);
  if (stored.length === 0) return set;
  const answer = await tx.below.query({ model: set.model, filter: condition(['id'], 'in', stored) });
  const there = new Set<Id>(answer.ids);
  return env.recordsOf(env.registry.model(set.model), ids.filter((id) => !isStoredId(id) || there.has(id)));
}
