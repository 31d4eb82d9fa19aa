import { Cache } from '@ormolu/cache';
import { atMost, bench, memoryCase, type MemoryCase } from '../harness';
import { BenchRecords, FIELDS, filledMap, idsOf, random, shuffled, type IdKind } from './sides';

const COUNT = 100_000;
const LIMITS: Readonly<Record<IdKind, number>> = { dense: 0.4, sparse: 0.5, uuid: 0.5 };

/** The ids are made before and shared by both sides: only what the caches themselves hold is weighed. */
const sizeCase = (kind: IdKind, order: 'in order' | 'in random order'): MemoryCase => {
  const ids = order === 'in order' ? idsOf(kind, COUNT) : shuffled(idsOf(kind, COUNT));
  const values = ids.map((_, at) => at);
  const records = new BenchRecords(ids);
  return memoryCase({
    name: `bytes a value, ${kind}, loaded ${order}`,
    target: atMost(LIMITS[kind]),
    values: COUNT * FIELDS.length,
    base: () => filledMap(ids),
    ours: () => {
      const cache = new Cache();
      for (const field of FIELDS) cache.update(records, field, values);
      return cache;
    },
  });
};

/** Fields loaded for other records each, in other orders: columns with holes, whose order is not that of the slots. */
const holes: MemoryCase = (() => {
  const next = random(3);
  const ids = idsOf('dense', COUNT);
  const loads = FIELDS.map((field) => [field, shuffled(ids).filter(() => next() < 0.5)] as const);
  const total = loads.reduce((sum, [, some]) => sum + some.length, 0);
  return memoryCase({
    name: 'bytes a value, dense, half of the records of each field, each field in its own order',
    values: total,
    base: () => new Map(loads.map(([field, some]) => [field, new Map(some.map((id, at) => [id, at]))])),
    ours: () => {
      const cache = new Cache();
      for (const [field, some] of loads) cache.update(new BenchRecords(some), field, some.map((_, at) => at));
      return cache;
    },
  });
})();

/** One field for all records, and ten others for a few records at the end. */
const few: MemoryCase = (() => {
  const ids = idsOf('dense', 1_000_000);
  const last = ids.slice(-10);
  const values = ids.map((_, at) => at);
  return memoryCase({
    name: 'bytes a value, dense, one field of 1,000,000 records and nine of the last ten',
    values: 1_000_090,
    base: () => new Map(FIELDS.map((field, at) => [field, new Map((at === 0 ? ids : last).map((id, place) => [id, place]))])),
    ours: () => {
      const cache = new Cache();
      for (const [at, field] of FIELDS.entries()) cache.update(new BenchRecords(at === 0 ? ids : last), field, values);
      return cache;
    },
  });
})();

export default bench({
  title: 'Bytes kept for each value, against Map<field, Map<id, value>> with 10 fields of 100,000 records',
  cases: [
    sizeCase('dense', 'in order'), sizeCase('dense', 'in random order'), sizeCase('sparse', 'in order'), sizeCase('uuid', 'in order'), holes, few,
  ],
});
