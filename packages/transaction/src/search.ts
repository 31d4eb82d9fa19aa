import { condition, isStoredId, MisuseError, nearestName, type Filter, type Id } from '@ormolu/kernel';
import { argument } from './check-call';
import { compileFilter, compileOrder } from './filter';
import type { RecordSet } from './recordset';

/** How a search is limited and ordered. */
export interface SearchOptions {
  /** `['country.name', '-population']`; absent: the model's own order. */
  readonly order?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/**
 * Finds records; what is pending is flushed first, so that the answer is about the world as this transaction sees it.
 *
 * @throws {UnknownFieldError} FIELD_UNKNOWN for a misspelt field or path, with the nearest name
 * @remarks One statement beside the flush.
 */
export async function search(set: RecordSet, filter: unknown, options: SearchOptions): Promise<RecordSet> {
  const { env } = set;
  const tx = env.transaction;
  checkOptions(options);
  const query = {
    model: set.model,
    filter: compileFilter(env.registry, set.model, filter),
    ...(options.order ? { order: compileOrder(env.registry, set.model, options.order) } : {}),
    limit: options.limit,
    offset: options.offset,
  };
  await tx.flush();
  const answer = await tx.query(query);
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
  const tx = env.transaction;
  const compiled: Filter = compileFilter(env.registry, set.model, filter);
  await tx.flush();
  return tx.count({ model: set.model, filter: compiled });
}

/** The records of a set that are in the database, in its order. */
export async function existing(set: RecordSet): Promise<RecordSet> {
  const { env, ids } = set;
  const tx = env.transaction;
  const stored = ids.filter(isStoredId);
  if (stored.length === 0) return set;
  const answer = await tx.query({ model: set.model, filter: condition(['id'], 'in', stored) });
  const there = new Set<Id>(answer.ids);
  return env.recordsOf(env.registry.model(set.model), ids.filter((id) => !isStoredId(id) || there.has(id)));
}
