import { Cache, sameValue, type CacheField, type CacheRecords, type WriteOptions } from '@ormolu/cache';
import { cacheCommands, subjects } from '@ormolu/cache/testing';
import type { Id } from '@ormolu/kernel';
import * as fc from 'fast-check';

/** What most confusions begin with. */
const isNothing = (value: unknown) => value === undefined || value === null;
/** The ids that are missing, and those whose value a careless cache takes for absent. */
function absentIds(cache: Cache, records: CacheRecords, field: CacheField, isAbsent: (value: unknown) => boolean): Id[] {
  const missing = new Set(Cache.prototype.getMissingIds.call(cache, records, field));
  return records.ids.filter((id) => missing.has(id) || isAbsent(Cache.prototype.get.call(cache, { ...records, ids: [id] }, field)));
}

/** Copies of the cache, each wrong in one way in which somebody's cache could be. */
const BROKEN: Readonly<Record<string, new () => Cache>> = {
  'contains takes undefined for absent': class extends Cache {
    override contains(record: CacheRecords, field: CacheField) { return super.contains(record, field) && this.get(record, field) !== undefined; }
  },
  'contains takes null for absent': class extends Cache {
    override contains(record: CacheRecords, field: CacheField) { return super.contains(record, field) && this.get(record, field) !== null; }
  },
  'get answers the fallback for undefined': class extends Cache {
    override get(record: CacheRecords, field: CacheField, ...fallback: [unknown?]) {
      const value = super.get(record, field, ...fallback);
      return value === undefined && fallback.length > 0 ? fallback[0] : value;
    }
  },
  'get answers the fallback for null': class extends Cache {
    override get(record: CacheRecords, field: CacheField, ...fallback: [unknown?]) { return super.get(record, field, ...fallback) ?? fallback[0]; }
  },
  'getUntilMiss stops at undefined': class extends Cache {
    override getUntilMiss(records: CacheRecords, field: CacheField) {
      const values = super.getUntilMiss(records, field);
      return values.includes(undefined) ? values.slice(0, values.indexOf(undefined)) : values;
    }
  },
  'getUntilMiss stops at null': class extends Cache {
    override getUntilMiss(records: CacheRecords, field: CacheField) {
      const values = super.getUntilMiss(records, field);
      return values.includes(null) ? values.slice(0, values.indexOf(null)) : values;
    }
  },
  'getMissingIds counts undefined': class extends Cache {
    override getMissingIds(records: CacheRecords, field: CacheField) { return absentIds(this, records, field, (value) => value === undefined); }
  },
  'getMissingIds counts null': class extends Cache {
    override getMissingIds(records: CacheRecords, field: CacheField) { return absentIds(this, records, field, (value) => value === null); }
  },
  'getMissingIds counts all that is falsy': class extends Cache {
    override getMissingIds(records: CacheRecords, field: CacheField) { return absentIds(this, records, field, (value) => !value); }
  },
  'getValues drops undefined': class extends Cache {
    override getValues(records: CacheRecords, field: CacheField) { return super.getValues(records, field).filter((value) => value !== undefined); }
  },
  'getValues drops null': class extends Cache {
    override getValues(records: CacheRecords, field: CacheField) { return super.getValues(records, field).filter((value) => value !== null); }
  },
  'getRecordsDifferentFrom compares by ==': class extends Cache {
    override getRecordsDifferentFrom<S>(records: CacheRecords<S>, field: CacheField, value: unknown): S {
      // eslint-disable-next-line eqeqeq -- this is the mistake
      return records.browse(absentIds(this, records, field, (cached) => cached != value && !sameValue(cached, value)));
    }
  },
  'getRecordsDifferentFrom compares by ===, so NaN and lists differ from themselves': class extends Cache {
    override getRecordsDifferentFrom<S>(records: CacheRecords<S>, field: CacheField, value: unknown): S {
      return records.browse(absentIds(this, records, field, (cached) => cached !== value));
    }
  },
  'getRecordsDifferentFrom tells 0 from -0': class extends Cache {
    override getRecordsDifferentFrom<S>(records: CacheRecords<S>, field: CacheField, value: unknown): S {
      return records.browse(absentIds(this, records, field, (cached) => !Object.is(cached, value) && (value === 0 || !sameValue(cached, value))));
    }
  },
  'isDirty answers no for undefined': class extends Cache {
    override isDirty(record: CacheRecords, field: CacheField) { return super.isDirty(record, field) && this.get(record, field) !== undefined; }
  },
  'isDirty answers no for null': class extends Cache {
    override isDirty(record: CacheRecords, field: CacheField) { return super.isDirty(record, field) && this.get(record, field) !== null; }
  },
  'insertMissing overwrites undefined': class extends Cache {
    override insertMissing(records: CacheRecords, field: CacheField, values: Iterable<unknown>) {
      super.insertMissing(records, field, []);
      const list = [...values];
      records.ids.slice(0, list.length).forEach((id, at) => {
        const record = { ...records, ids: [id] };
        if (this.get(record, field, undefined) === undefined) this.set(record, field, list[at]);
      });
    }
  },
  'insertMissing overwrites null and undefined': class extends Cache {
    override insertMissing(records: CacheRecords, field: CacheField, values: Iterable<unknown>) {
      super.insertMissing(records, field, []);
      const list = [...values];
      records.ids.slice(0, list.length).forEach((id, at) => {
        const record = { ...records, ids: [id] };
        if (isNothing(this.get(record, field, null))) this.set(record, field, list[at]);
      });
    }
  },
  'set leaves an equal value unmarked': class extends Cache {
    override set(record: CacheRecords, field: CacheField, value: unknown, options?: WriteOptions) {
      if (!super.contains(record, field) || this.get(record, field) !== value) super.set(record, field, value, options);
    }
  },
  'update stops at undefined': class extends Cache {
    override update(records: CacheRecords, field: CacheField, values: Iterable<unknown>, options?: WriteOptions) {
      const list = [...values];
      super.update(records, field, list.includes(undefined) ? list.slice(0, list.indexOf(undefined)) : list, options);
    }
  },
};

test.each(Object.entries(BROKEN))('the kit catches a cache in which %s', (_, Broken) => {
  const caught = [1, 2, 3, 4].filter((seed) =>
    fc.check(fc.property(cacheCommands(), (script) => fc.modelRun(() => subjects(new Broken()), script)), { seed, numRuns: 100, endOnFailure: true }).failed);
  expect(caught).toEqual([1, 2, 3, 4]);
});

test('a cache that is right passes in whatever way it is written', () => {
  class Roundabout extends Cache {
    override getMissingIds(records: CacheRecords, field: CacheField) { return absentIds(this, records, field, () => false); }
    override getRecordsDifferentFrom<S>(records: CacheRecords<S>, field: CacheField, value: unknown): S {
      return records.browse(absentIds(this, records, field, (cached) => !sameValue(cached, value)));
    }
  }
  fc.assert(fc.property(cacheCommands({ maxCommands: 40 }), (script) => fc.modelRun(() => subjects(new Roundabout()), script)), { seed: 1, numRuns: 100 });
});
