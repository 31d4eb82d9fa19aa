import { Cache, MISS, type CacheField } from '@ormolu/cache';
import type { Id } from '@ormolu/kernel';
import { atMost, bench, timeCase, type TimeCase } from '../harness';
import { BenchRecords, FIELD, FIELDS, filledCache, filledMap, idsOf, shuffled, type IdKind, type NestedMap } from './sides';

const COUNT = 100_000;

interface Reading {
  readonly kind: IdKind;
  readonly count: number;
  readonly order: 'sequential' | 'random';
  readonly limit?: number;
}

/** Numbers, summed, so that no read can be left out. */
const numeric = (value: unknown): number => (typeof value === 'number' ? value : 0);

function inOrder({ kind, count, order }: Reading): Id[] {
  const ids = idsOf(kind, count);
  return order === 'random' ? shuffled(ids) : ids;
}

/** A column from top to bottom, then the next: `cache.get(record, field)` against `map.get(field).get(record.ids[0])`, for every record and ten fields. */
const getCase = (reading: Reading): TimeCase => timeCase({
  name: `get, ${reading.kind}, field by field, ${reading.order}, ${reading.count.toLocaleString('en-US')}`,
  target: reading.limit === undefined ? undefined : atMost(reading.limit),
  clock: 'cpu',
  operations: reading.count * FIELDS.length,
  base: () => {
    const map = filledMap(idsOf(reading.kind, reading.count));
    const records = inOrder(reading).map((id) => new BenchRecords([id]));
    return () => {
      let sum = 0;
      for (const field of FIELDS) for (const record of records) sum += numeric(map.get(field)?.get(record.ids[0] ?? 0));
      return sum;
    };
  },
  ours: () => {
    const cache = filledCache(idsOf(reading.kind, reading.count));
    const records = inOrder(reading).map((id) => new BenchRecords([id]));
    return () => {
      let sum = 0;
      for (const field of FIELDS) for (const record of records) sum += numeric(cache.get(record, field));
      return sum;
    };
  },
});

/** What `get` cannot spare, in the same measure: each record object, its list of ids and the id, then a value from a bare array. */
const walkCase: TimeCase = timeCase({
  name: 'the records alone: a bare array by record.ids[0], dense, sequential, 100,000',
  clock: 'cpu',
  operations: COUNT * FIELDS.length,
  base: () => {
    const map = filledMap(idsOf('dense', COUNT));
    const records = idsOf('dense', COUNT).map((id) => new BenchRecords([id]));
    return () => {
      let sum = 0;
      for (const field of FIELDS) for (const record of records) sum += numeric(map.get(field)?.get(record.ids[0] ?? 0));
      return sum;
    };
  },
  ours: () => {
    const columns = FIELDS.map((_, at): unknown[] => [undefined, ...idsOf('dense', COUNT).map((__, place) => place + at)]);
    const records = idsOf('dense', COUNT).map((id) => new BenchRecords([id]));
    return () => {
      let sum = 0;
      for (const values of columns) for (const record of records) sum += numeric(values[Number(record.ids[0])]);
      return sum;
    };
  },
});

/** The same through a column handle, as an engine reads that has the field's column and the record's id at hand. */
const columnCase = (reading: Reading): TimeCase => timeCase({
  name: `column of id, ${reading.kind}, ${reading.order}, ${reading.count.toLocaleString('en-US')}`,
  target: reading.limit === undefined ? undefined : atMost(reading.limit),
  clock: 'cpu',
  operations: reading.count * FIELDS.length,
  base: () => {
    const map = filledMap(idsOf(reading.kind, reading.count));
    const ids = inOrder(reading);
    return () => {
      let sum = 0;
      for (const field of FIELDS) for (const id of ids) sum += numeric(map.get(field)?.get(id));
      return sum;
    };
  },
  ours: () => {
    const cache = filledCache(idsOf(reading.kind, reading.count));
    const ids = inOrder(reading);
    return () => {
      let sum = 0;
      for (const field of FIELDS) {
        const column = cache.column(field);
        for (const id of ids) sum += numeric(column.of(id));
      }
      return sum;
    };
  },
});

/** Reading by slot against a bare loop over an array, with the same test for a hole in both. */
const slotCase = (order: Reading['order'], limit: number): TimeCase => timeCase({
  name: `by slot against a bare array, ${order}, 100,000`,
  target: atMost(limit),
  clock: 'cpu',
  operations: COUNT,
  base: () => {
    const values: unknown[] = Array.from({ length: COUNT }, (_, at) => at);
    const slots = order === 'random' ? shuffled([...values.keys()]) : [...values.keys()];
    return () => {
      let sum = 0;
      for (const slot of slots) {
        const value = values[slot];
        if (value !== undefined) sum += numeric(value);
      }
      return sum;
    };
  },
  ours: () => {
    const ids = idsOf('dense', COUNT);
    const column = filledCache(ids, [FIELD]).column(FIELD);
    const slots = ids.map((id) => column.slots.slotOf(id));
    const wanted = order === 'random' ? shuffled(slots) : slots;
    return () => {
      let sum = 0;
      for (const slot of wanted) {
        const value = column.at(slot);
        if (value !== MISS) sum += numeric(value);
      }
      return sum;
    };
  },
});

/** Ten fields of one record after another, as a program reads a form: the field changes with every call. */
const recordCase = (reading: Reading): TimeCase => timeCase({
  name: `get, ${reading.kind}, record by record, ${reading.order}, ${reading.count.toLocaleString('en-US')}`,
  target: reading.limit === undefined ? undefined : atMost(reading.limit),
  clock: 'cpu',
  operations: reading.count * FIELDS.length,
  base: () => {
    const map = filledMap(idsOf(reading.kind, reading.count));
    const records = inOrder(reading).map((id) => new BenchRecords([id]));
    return () => {
      let sum = 0;
      for (const record of records) for (const field of FIELDS) sum += numeric(map.get(field)?.get(record.ids[0] ?? 0));
      return sum;
    };
  },
  ours: () => {
    const cache = filledCache(idsOf(reading.kind, reading.count));
    const records = inOrder(reading).map((id) => new BenchRecords([id]));
    return () => {
      let sum = 0;
      for (const record of records) for (const field of FIELDS) sum += numeric(cache.get(record, field));
      return sum;
    };
  },
});

/** One `get` in single lookups of a plain `Map` of the same size: what the language's own dictionary costs. */
const inLookups: TimeCase = timeCase({
  name: 'get in plain Map lookups, dense, random, 100,000',
  target: atMost(2),
  clock: 'cpu',
  operations: COUNT,
  base: () => {
    const ids = shuffled(idsOf('dense', COUNT));
    const map = filledMap(idsOf('dense', COUNT), [FIELD]).get(FIELD) ?? new Map<Id, unknown>();
    return () => {
      let sum = 0;
      for (const id of ids) sum += numeric(map.get(id));
      return sum;
    };
  },
  ours: () => {
    const cache = filledCache(idsOf('dense', COUNT), [FIELD]);
    const records = shuffled(idsOf('dense', COUNT)).map((id) => new BenchRecords([id]));
    return () => {
      let sum = 0;
      for (const record of records) sum += numeric(cache.get(record, FIELD));
      return sum;
    };
  },
});

/** A field object of its own for every call, as after a change of registry: equal by model and name only. */
const structural: TimeCase = timeCase({
  name: 'get, dense, a new field object each 1,000 calls, 100,000',
  clock: 'cpu',
  operations: COUNT,
  base: () => {
    const ids = idsOf('dense', COUNT);
    const map = filledMap(ids, [FIELD]);
    return () => {
      let sum = 0;
      for (const id of ids) sum += numeric(map.get(FIELD)?.get(id));
      return sum;
    };
  },
  ours: () => {
    const ids = idsOf('dense', COUNT);
    const cache = filledCache(ids, [FIELD]);
    const records = ids.map((id) => new BenchRecords([id]));
    return () => {
      let sum = 0;
      let field: CacheField = { ...FIELD };
      for (const [at, record] of records.entries()) {
        if (at % 1_000 === 0) field = { ...FIELD };
        sum += numeric(cache.get(record, field));
      }
      return sum;
    };
  },
});

/** Fields of different types, which V8 would keep in different kinds of arrays, were it left to: whole numbers, fractions, text, dates, lists. */
const ofAllTypes: TimeCase = (() => {
  const types = [(n: number) => n, (n: number) => n + 0.5, (n: number) => `text ${n}`, (n: number) => n % 2 === 0, (n: number) => new Date(n), (n: number) => [n]];
  const ids = idsOf('dense', 1_000);
  const records = ids.map((id) => new BenchRecords([id]));
  const columns = FIELDS.map((field, at) => {
    const values: unknown[] = at < 6 ? [] : new Array<unknown>(ids.length); // the second kind begins with holes
    for (const [place, id] of ids.entries()) values[place] = types[at % types.length]?.(Number(id));
    return [field, values] as const;
  });
  return timeCase({
    name: 'get, dense, fields of six types, field by field, 1,000',
    target: atMost(0.9),
    clock: 'cpu',
    operations: ids.length * FIELDS.length,
    base: () => {
      const map: NestedMap = new Map(columns.map(([field, values]) => [field, new Map(ids.map((id, place) => [id, values[place]]))]));
      return () => {
        let found = 0;
        for (const field of FIELDS) for (const record of records) if (map.get(field)?.get(record.ids[0] ?? 0) !== undefined) found += 1;
        return found;
      };
    },
    ours: () => {
      const cache = new Cache();
      for (const [field, values] of columns) cache.update(new BenchRecords(ids), field, values);
      return () => {
        let found = 0;
        for (const field of FIELDS) for (const record of records) if (cache.get(record, field) !== undefined) found += 1;
        return found;
      };
    },
  });
})();

export default bench({
  title: 'Reading one value, against Map<field, Map<id, value>> with 10 fields',
  cases: [
    columnCase({ kind: 'dense', count: 1_000, order: 'sequential', limit: 0.4 }),
    columnCase({ kind: 'dense', count: COUNT, order: 'sequential', limit: 0.15 }),
    columnCase({ kind: 'dense', count: COUNT, order: 'random', limit: 0.5 }),
    slotCase('sequential', 2),
    slotCase('random', 2),
    inLookups,
    getCase({ kind: 'dense', count: 1_000, order: 'sequential' }),
    walkCase,
    // The record objects alone cost half of this; by id, without them, the column above stays below .15.
    getCase({ kind: 'dense', count: COUNT, order: 'sequential', limit: 0.2 }),
    getCase({ kind: 'dense', count: COUNT, order: 'random', limit: 0.5 }),
    getCase({ kind: 'dense', count: 1_000_000, order: 'sequential' }),
    getCase({ kind: 'dense', count: 1_000_000, order: 'random' }),
    getCase({ kind: 'sparse', count: COUNT, order: 'random' }),
    getCase({ kind: 'uuid', count: COUNT, order: 'random' }),
    recordCase({ kind: 'dense', count: COUNT, order: 'sequential', limit: 0.5 }),
    recordCase({ kind: 'sparse', count: COUNT, order: 'random', limit: 0.9 }),
    recordCase({ kind: 'uuid', count: COUNT, order: 'sequential', limit: 0.9 }),
    recordCase({ kind: 'uuid', count: COUNT, order: 'random', limit: 0.9 }),
    structural,
    ofAllTypes,
  ],
});
