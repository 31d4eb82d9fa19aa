import { Cache } from '@ormolu/cache';
import type { Id } from '@ormolu/kernel';
import { atMost, bench, timeCase, type TimeCase } from '../harness';
import { BenchRecords, FIELDS, idsOf, type IdKind, type NestedMap } from './sides';

const RECORDS = 20;
/** Transactions in one call, so that a call is long enough to be timed; each with the next twenty of many ids. */
const TRANSACTIONS = 500;
const WRITTEN = FIELDS.slice(0, 2);

/** What is done in a transaction, on the cache and on the map of maps. */
interface Work {
  readonly name: string;
  readonly onCache: (cache: Cache, batch: Batch) => number;
  readonly onMap: (map: NestedMap, batch: Batch) => number;
}

const fillMap = (map: NestedMap, { ids, values }: Batch): void => {
  for (const field of FIELDS) {
    const inner = new Map<Id, unknown>();
    for (let at = 0; at < ids.length; at += 1) inner.set(ids[at] ?? 0, values[at]);
    map.set(field, inner);
  }
};

/** As an engine does it: a column for each field, the slot of each record looked up once, two fields written in bulk. */
const byColumn: Work = {
  name: 'by column',
  onCache: (cache, { all, values, ids }) => {
    for (const field of FIELDS) cache.insertMissing(all, field, values);
    const columns = FIELDS.map((field) => cache.column(field));
    const slots = cache.slots('city');
    let read = 0;
    for (const id of ids) {
      const slot = slots.slotOf(id);
      for (const column of columns) read += numeric(column.at(slot));
    }
    for (const field of WRITTEN) cache.update(all, field, values);
    return read;
  },
  onMap: (map, batch) => {
    fillMap(map, batch);
    let read = 0;
    for (const id of batch.ids) {
      for (const field of FIELDS) read += numeric(map.get(field)?.get(id));
    }
    for (const field of WRITTEN) {
      const inner = map.get(field);
      for (let at = 0; at < batch.ids.length; at += 1) inner?.set(batch.ids[at] ?? 0, batch.values[at]);
    }
    return read;
  },
};

/** All but the loading record by record, through the face. */
const byRecord: Work = {
  name: 'record by record',
  onCache: (cache, { all, records, values }) => {
    for (const field of FIELDS) cache.insertMissing(all, field, values);
    let read = 0;
    for (const record of records) {
      for (const field of FIELDS) read += numeric(cache.get(record, field));
    }
    for (const field of WRITTEN) for (const record of records) cache.set(record, field, 1);
    return read;
  },
  onMap: (map, batch) => {
    fillMap(map, batch);
    let read = 0;
    for (const record of batch.records) {
      for (const field of FIELDS) read += numeric(map.get(field)?.get(record.ids[0] ?? 0));
    }
    for (const field of WRITTEN) for (const record of batch.records) map.get(field)?.set(record.ids[0] ?? 0, 1);
    return read;
  },
};

/** A new cache, twenty records loaded with ten fields, every value read once, two fields written. */
const transactionCase = (work: Work, kind: IdKind, limit?: number): TimeCase => timeCase({
  name: `new transaction, ${RECORDS} records × ${FIELDS.length} fields, ${work.name}, ${kind}`,
  target: limit === undefined ? undefined : atMost(limit),
  clock: 'cpu',
  operations: TRANSACTIONS,
  base: () => {
    const batches = batchesOf(kind);
    let map: NestedMap = new Map();
    return warmed(() => {
      let sum = 0;
      for (const batch of batches) {
        map = new Map();
        sum += work.onMap(map, batch);
      }
      return sum;
    });
  },
  ours: () => {
    const batches = batchesOf(kind);
    // One transaction is always open in a server; with none the collector, run between rounds, would take the hidden classes too.
    let cache = new Cache();
    return warmed(() => {
      let sum = 0;
      for (const batch of batches) {
        cache = new Cache();
        sum += work.onCache(cache, batch);
      }
      return sum;
    });
  },
});

interface Batch {
  readonly ids: readonly Id[];
  readonly all: BenchRecords;
  readonly records: readonly BenchRecords[];
  readonly values: readonly unknown[];
}

/** Many small functions take their time to be compiled; both sides are let through that before anything is measured. */
function warmed(run: () => number): () => number {
  for (let call = 0; call < 60; call += 1) run();
  return run;
}

function batchesOf(kind: IdKind): Batch[] {
  const ids = idsOf(kind, RECORDS * TRANSACTIONS);
  return Array.from({ length: TRANSACTIONS }, (_, at) => {
    const own = ids.slice(at * RECORDS, (at + 1) * RECORDS);
    return { ids: own, all: new BenchRecords(own), records: own.map((id) => new BenchRecords([id])), values: own.map((_id, place) => place) };
  });
}

const numeric = (value: unknown): number => (typeof value === 'number' ? value : 0);

export default bench({
  title: 'A small transaction from nothing, against Map<field, Map<id, value>>',
  cases: [
    transactionCase(byColumn, 'dense', 0.45),
    transactionCase(byColumn, 'sparse', 0.75),
    transactionCase(byColumn, 'uuid', 0.75),
    transactionCase(byRecord, 'dense'),
    transactionCase(byRecord, 'uuid'),
  ],
});
