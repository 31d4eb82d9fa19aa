import { condition, isStoredId, MisuseError, nearestName, type Id } from '@ormolu/kernel';
import { argument } from './check-call';
import { prepare, ready, type SearchOptions } from './question';
import type { RecordSet } from './recordset';

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
  checkOptions(options);
  const answer = await env.transaction.below.query(await ready(prepare(env, set.model, filter, options)));
  return env.recordsOf(env.registry.model(set.model), answer.ids);
}

/** An option that nobody reads would give more records than were asked for. */
function checkOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null) throw argument('search', options, 'an object of options: { order, limit, offset }');
  for (const name of Object.keys(options)) {
    if (OPTIONS.includes(name)) continue;
    const nearest = nearestName(name, OPTIONS);
    throw new MisuseError('TX_ARGUMENT', `search() has no option '${name}'. ${nearest ? `Did you mean '${nearest}'?` : `Options: ${OPTIONS.join(', ')}.`}`, { details: { option: name } });
  }
}

const OPTIONS: readonly string[] = ['order', 'limit', 'offset'] satisfies readonly (keyof SearchOptions)[];

/** Counts what a search would find. */
export async function count(set: RecordSet, filter: unknown): Promise<number> {
  const { env } = set;
  return env.transaction.below.count(await ready(prepare(env, set.model, filter, { order: [] })));
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
