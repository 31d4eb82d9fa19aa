import type { Cache } from '@ormolu/cache';
import { atMost, bench, growthCase, type GrowthCase, type Side } from '../harness';
import { BenchRecords, FIELD, filledCache, filledMap, idsOf, type IdKind, type NestedMap } from './sides';

const SIZES = [1_000, 10_000, 100_000, 1_000_000];

interface Operation {
  readonly name: string;
  readonly onCache: (cache: Cache, all: BenchRecords, values: readonly unknown[]) => unknown;
  readonly onMap: (map: NestedMap, all: BenchRecords, values: readonly unknown[]) => unknown;
}

const OPERATIONS: readonly Operation[] = [
  {
    name: 'update',
    onCache: (cache, all, values) => cache.update(all, FIELD, values),
    onMap: (map, all, values) => {
      const inner = map.get(FIELD);
      for (const [at, id] of all.ids.entries()) inner?.set(id, values[at]);
    },
  },
  {
    name: 'getMissingIds',
    onCache: (cache, all) => cache.getMissingIds(all, FIELD).length,
    onMap: (map, all) => all.ids.filter((id) => map.get(FIELD)?.has(id) !== true).length,
  },
];
const GET_VALUES: Operation = {
  name: 'getValues',
  onCache: (cache, all) => cache.getValues(all, FIELD).length,
  onMap: (map, all) => all.ids.map((id) => map.get(FIELD)?.get(id)).length,
};

const sizeCase = (operation: Operation, kind: IdKind, limit?: number): GrowthCase => growthCase({
  name: `${operation.name}, ${kind}, by number of records`,
  target: limit === undefined ? undefined : atMost(limit),
  clock: 'cpu',
  sizes: SIZES,
  operations: (size) => size,
  ours: (size) => {
    const ids = idsOf(kind, size);
    const [cache, all, values] = [filledCache(ids, [FIELD]), new BenchRecords(ids), ids.map((_, at) => at)];
    return () => operation.onCache(cache, all, values);
  },
  base: (size) => {
    const ids = idsOf(kind, size);
    const [map, all, values] = [filledMap(ids, [FIELD]), new BenchRecords(ids), ids.map((_, at) => at)];
    return () => operation.onMap(map, all, values);
  },
});

/** Reading through the face, one record after another. */
const getOfEach: Side = (size) => {
  const ids = idsOf('dense', size);
  const cache = filledCache(ids, [FIELD]);
  const records = ids.map((id) => new BenchRecords([id]));
  return () => {
    let hits = 0;
    for (const record of records) if (cache.get(record, FIELD) !== 7) hits += 1;
    return hits;
  };
};

/**
 * `get` and `getValues` touch what no cache can spare: a million record objects with a list of one id each, or a list of a million
 * answers. A bare loop, which has the values in an array and touches these only, shows what that alone grows by.
 */
const againstBareLoop: readonly GrowthCase[] = [
  growthCase({
    name: 'growth of get, dense, against that of a bare loop over the same records',
    target: atMost(1),
    against: 'base',
    clock: 'cpu',
    sizes: SIZES,
    operations: (size) => size,
    ours: getOfEach,
    base: (size) => {
      const values = idsOf('dense', size);
      const records = values.map((id) => new BenchRecords([id]));
      return () => {
        let hits = 0;
        for (const record of records) if (values[Number(record.ids[0]) - 1] !== 7) hits += 1;
        return hits;
      };
    },
  }),
  growthCase({
    name: 'growth of getValues, dense, against that of a bare loop that makes the same list',
    target: atMost(1),
    against: 'base',
    clock: 'cpu',
    sizes: SIZES,
    operations: (size) => size,
    ours: (size) => {
      const ids = idsOf('dense', size);
      const [cache, all] = [filledCache(ids, [FIELD]), new BenchRecords(ids)];
      return () => cache.getValues(all, FIELD).length;
    },
    base: (size) => {
      const ids = idsOf('dense', size);
      const values = ids.map((_, at) => at);
      return () => {
        const found = new Array<unknown>(ids.length);
        for (let at = 0; at < ids.length; at += 1) found[at] = values[Number(ids[at]) - 1];
        return found.length;
      };
    },
  }),
];

const getCase: GrowthCase = growthCase({
  name: 'get, dense, by number of records',
  clock: 'cpu',
  sizes: SIZES,
  operations: (size) => size,
  ours: getOfEach,
  base: (size) => {
    const ids = idsOf('dense', size);
    const map = filledMap(ids, [FIELD]);
    const records = ids.map((id) => new BenchRecords([id]));
    return () => {
      let hits = 0;
      for (const record of records) if (map.get(FIELD)?.get(record.ids[0] ?? 0) !== 7) hits += 1;
      return hits;
    };
  },
});

/** By id, as an engine reads that has the field's column at hand: no record objects. */
const columnCase: GrowthCase = growthCase({
  name: 'column of id, dense, by number of records',
  target: atMost(2),
  clock: 'cpu',
  sizes: SIZES,
  operations: (size) => size,
  ours: (size) => {
    const ids = idsOf('dense', size);
    const column = filledCache(ids, [FIELD]).column(FIELD);
    return () => {
      let hits = 0;
      for (const id of ids) if (column.of(id) !== 7) hits += 1;
      return hits;
    };
  },
});

export default bench({
  title: 'Cost of one operation by number of records',
  cases: [
    ...OPERATIONS.map((operation) => sizeCase(operation, 'dense', 2)),
    columnCase,
    ...againstBareLoop,
    getCase,
    sizeCase(GET_VALUES, 'dense'),
    ...[...OPERATIONS, GET_VALUES].map((operation) => sizeCase(operation, 'uuid')),
  ],
});
