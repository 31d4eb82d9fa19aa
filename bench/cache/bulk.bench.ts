import type { Cache } from '@ormolu/cache';
import type { Id } from '@ormolu/kernel';
import { atMost, bench, timeCase, type TimeCase } from '../harness';
import { BenchRecords, FIELDS, filledCache, filledMap, idsOf, shuffled, type IdKind, type NestedMap } from './sides';

const COUNT = 100_000;
const LIMITS: Readonly<Record<IdKind, number>> = { dense: 0.35, sparse: 0.9, uuid: 0.9 };

/** One bulk call on the map of maps, written by hand as well as it goes, and on the cache. Both answer something of equal size. */
interface Operation {
  readonly name: string;
  readonly onMap: (map: NestedMap, ids: readonly Id[], values: readonly unknown[]) => unknown;
  readonly onCache: (cache: Cache, records: BenchRecords, values: readonly unknown[]) => unknown;
  /** Whether each run wants a filled side of its own, because it empties it. */
  readonly consumes?: boolean;
  /** Whether each run begins with nothing. */
  readonly fills?: boolean;
}

const OPERATIONS: readonly Operation[] = [
  {
    name: 'update, filling',
    fills: true,
    onMap: (map, ids, values) => {
      for (const field of FIELDS) {
        const inner = new Map<Id, unknown>();
        for (let at = 0; at < ids.length; at += 1) inner.set(ids[at] ?? 0, values[at]);
        map.set(field, inner);
      }
    },
    onCache: (cache, records, values) => {
      for (const field of FIELDS) cache.update(records, field, values);
    },
  },
  {
    name: 'update, overwriting',
    onMap: (map, ids, values) => {
      for (const field of FIELDS) {
        const inner = map.get(field);
        for (let at = 0; at < ids.length; at += 1) inner?.set(ids[at] ?? 0, values[at]);
      }
    },
    onCache: (cache, records, values) => {
      for (const field of FIELDS) cache.update(records, field, values);
    },
  },
  {
    name: 'getValues',
    onMap: (map, ids) => FIELDS.map((field) => {
      const inner = map.get(field);
      const found: unknown[] = [];
      for (const id of ids) {
        const value = inner?.get(id);
        if (value !== undefined || inner?.has(id) === true) found.push(value);
      }
      return found.length;
    }),
    onCache: (cache, records) => FIELDS.map((field) => cache.getValues(records, field).length),
  },
  {
    name: 'getUntilMiss',
    onMap: (map, ids) => FIELDS.map((field) => {
      const inner = map.get(field);
      const found: unknown[] = [];
      for (const id of ids) {
        const value = inner?.get(id);
        if (value === undefined && inner?.has(id) !== true) break;
        found.push(value);
      }
      return found.length;
    }),
    onCache: (cache, records) => FIELDS.map((field) => cache.getUntilMiss(records, field).length),
  },
  {
    name: 'getMissingIds',
    onMap: (map, ids) => FIELDS.map((field) => {
      const inner = map.get(field);
      return ids.filter((id) => inner?.has(id) !== true).length;
    }),
    onCache: (cache, records) => FIELDS.map((field) => cache.getMissingIds(records, field).length),
  },
  {
    name: 'getRecordsDifferentFrom',
    onMap: (map, ids) => FIELDS.map((field) => {
      const inner = map.get(field);
      return ids.filter((id) => inner?.get(id) !== 7).length;
    }),
    onCache: (cache, records) => FIELDS.map((field) => cache.getRecordsDifferentFrom(records, field, 7).ids.length),
  },
  {
    name: 'invalidate of ids',
    consumes: true,
    onMap: (map, ids) => {
      for (const field of FIELDS) {
        const inner = map.get(field);
        for (const id of ids) inner?.delete(id);
      }
    },
    onCache: (cache, records) => cache.invalidate(FIELDS.map((field) => [field, records.ids] as const)),
  },
];

const bulkCase = (operation: Operation, kind: IdKind): TimeCase => timeCase({
  name: `${operation.name}, ${kind}`,
  target: atMost(LIMITS[kind]),
  clock: 'cpu',
  operations: COUNT * FIELDS.length,
  base: () => {
    const ids = idsOf(kind, COUNT);
    const values = ids.map((_, at) => at);
    let map = filledMap(ids);
    const run = () => operation.onMap(map, ids, values);
    if (operation.fills === true) return { run, before: () => { map = new Map(); } };
    return operation.consumes === true ? { run, before: () => { map = filledMap(ids); } } : run;
  },
  ours: () => {
    const ids = idsOf(kind, COUNT);
    const records = new BenchRecords(ids);
    const values = ids.map((_, at) => at);
    let cache = filledCache(ids);
    const run = () => operation.onCache(cache, records, values);
    if (operation.fills === true) return { run, before: () => { cache = filledCache([]); } };
    return operation.consumes === true ? { run, before: () => { cache = filledCache(ids); } } : run;
  },
});

/** Values put in one at a time, in an order that has nothing to do with that of the records. */
const setCase = (kind: IdKind, fills: boolean): TimeCase => timeCase({
  name: `set one by one, random, ${fills ? 'filling' : 'overwriting'}, ${kind}`,
  clock: 'cpu',
  operations: COUNT * FIELDS.length,
  base: () => {
    const ids = idsOf(kind, COUNT);
    const records = shuffled(ids).map((id) => new BenchRecords([id]));
    let map = filledMap(ids);
    const run = () => {
      for (const field of FIELDS) for (const record of records) map.get(field)?.set(record.ids[0] ?? 0, 1);
    };
    return fills ? { run, before: () => { map = filledMap([]); } } : run;
  },
  ours: () => {
    const ids = idsOf(kind, COUNT);
    const records = shuffled(ids).map((id) => new BenchRecords([id]));
    let cache = filledCache(ids);
    const run = () => {
      for (const field of FIELDS) for (const record of records) cache.set(record, field, 1);
    };
    return fills ? { run, before: () => { cache = filledCache([]); } } : run;
  },
});

export default bench({
  title: 'Bulk operations on 100,000 records × 10 fields, against Map<field, Map<id, value>>',
  cases: [
    ...(['dense', 'sparse', 'uuid'] as const).flatMap((kind) => OPERATIONS.map((operation) => bulkCase(operation, kind))),
    setCase('dense', false),
    setCase('dense', true),
    setCase('uuid', true),
  ],
});
