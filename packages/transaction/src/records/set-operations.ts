import type { Id } from '@ormolu/kernel';
import { argument, assertFunction, settled } from '../check-call';
import { groupBy } from '../group-by';
import { resolvePath } from '../reading/paths';
import type { PrefetchGroup } from '../reading/prefetch';
import { readField } from '../reading/read';
import type { RecordSet } from './recordset';
import { SameKeys } from './same-keys';

/** What records are sorted by. */
export type SortKey = string | number | bigint | boolean | Date | null;

/** Follows a path from a set. @see RecordSet.mapped */
export function mapped(records: RecordSet, path: string): RecordSet | readonly unknown[] {
  if (typeof path !== 'string') throw argument('mapped', path, "a path, 'country.name'; for a function, write [...records].map(…)");
  if (path === 'id') return records.ids;
  if (path.endsWith('.id')) return (mapped(records, path.slice(0, -3)) as RecordSet).ids; // what comes before `.id` is a relation
  const { env } = records;
  let reached = withIds(records, records.ids, records.prefetchGroup);
  for (const field of resolvePath(env.registry, records.model, path)) {
    const values = [...reached].map((record) => readField(record, field));
    if (!field.relation) return values;
    // A relation is read as records or null.
    const ids = (values as (RecordSet | null)[]).flatMap((value) => value?.ids ?? []);
    reached = env.recordsOf(env.registry.model(field.relation.comodel), unique(ids), reached.prefetchGroup.through(field));
  }
  return reached;
}

/** @see RecordSet.filtered */
export function filtered(records: RecordSet, keep: (record: RecordSet) => boolean): RecordSet {
  assertFunction('filtered', keep);
  const kept = [...records].filter((record) => settled('filtered', keep(record), { mayBeUndefined: true }));
  return withIds(records, kept.flatMap(({ ids }) => ids), records.prefetchGroup);
}

/** @see RecordSet.sorted */
export function sorted(records: RecordSet, key: (record: RecordSet) => SortKey, direction: 'asc' | 'desc'): RecordSet {
  assertFunction('sorted', key);
  if (!['asc', 'desc'].includes(direction)) throw argument('sorted', direction, "'asc' or 'desc' for the direction");
  const sign = direction === 'asc' ? 1 : -1;
  const keyed = [...records].map((record) => ({ ids: record.ids, key: settled('sorted', key(record), { mayBeUndefined: false }) }));
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null);
    return a.key < b.key ? -sign : a.key > b.key ? sign : 0;
  });
  return withIds(records, keyed.flatMap(({ ids }) => ids), records.prefetchGroup);
}

/** @see RecordSet.grouped */
export function grouped<K>(records: RecordSet, key: (record: RecordSet) => K): Map<K, RecordSet> {
  assertFunction('grouped', key);
  const same = new SameKeys<K>();
  const groups = groupBy(records, (record) => same.firstOf(settled('grouped', key(record), { mayBeUndefined: true })));
  return new Map([...groups].map(([value, members]) => [value, withIds(records, members.map(({ id }) => id), records.prefetchGroup)]));
}

export function unique(ids: readonly Id[]): readonly Id[] {
  return ids.length < 2 ? ids : [...new Set(ids)];
}

function withIds({ env, model }: RecordSet, ids: readonly Id[], group: PrefetchGroup): RecordSet {
  return env.recordsOf(env.registry.model(model), ids, group);
}
