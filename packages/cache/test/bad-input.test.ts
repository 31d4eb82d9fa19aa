import { Cache, InvalidFieldError, InvalidIdError, MISS, MissAsValueError, type CacheField } from '@ormolu/cache';
import { environmentOf, TestRecords } from '@ormolu/cache/testing';
import type { Id } from '@ormolu/kernel';

const name: CacheField = { model: 'city', name: 'name', dependsContext: [] };
const plain = environmentOf({});
const cities = (...ids: unknown[]) => new TestRecords('city', ids as Id[], plain);

test.each([undefined, null, true, Symbol('id')])('%p is no id', (id) => {
  for (const first of [[], [1]]) {
    const cache = new Cache();
    cache.update(cities(...first), name, first);
    expect(() => cache.update(cities(id), name, ['x'])).toThrow(InvalidIdError);
    expect(() => cache.insertMissing(cities(2, id), name, ['x', 'y'])).toThrow(InvalidIdError);
    expect(() => cache.set(cities(id), name, 'x')).toThrow(InvalidIdError);
    expect([cache.getMissingIds(cities(id), name), cache.getValues(cities(id), name)]).toEqual([[id], []]);
    expect(cache.slots('city').slotOf(id as unknown as Id)).toBe(-1);
  }
});

test('an id that is missing from one record is told apart from a wrong number of records', () => {
  expect(() => new Cache().get(cities(undefined), name)).toThrow('The cache was given an id that is undefined. Ids are finite numbers, bigints, strings');
  expect(() => new Cache().get(cities(undefined, 1), name)).toThrow('takes exactly one record');
});

test.each([['a name', 'name'], ['a list', []], ['no name', { model: 'city', dependsContext: [] }], ['no model', { name: 'name', dependsContext: [] }],
  ['no dependsContext', { model: 'city', name: 'name' }], ['one key, not in a list', { model: 'city', name: 'name', dependsContext: 'lang' }],
  ['a number for a model', { model: 7, name: 'name', dependsContext: [] }],
  ['a number for a name', { model: 'city', name: 7, dependsContext: [] }]])('%s is no field', (_, field) => {
  const cache = new Cache();
  const given = field as unknown as CacheField;
  for (const call of [() => cache.get(cities(1), given, 0), () => cache.set(cities(1), given, 0), () => cache.containsField(given), () => cache.invalidate([[given]]), () => cache.column(given)]) {
    expect(call).toThrow(InvalidFieldError);
    expect(call).toThrow('does not say all of model, name and dependsContext');
  }
  expect(cache.stats().models).toEqual({});
});

test('MISS is no value', () => {
  const cache = new Cache();
  cache.update(cities(1), name, ['a']);
  expect(() => cache.set(cities(1), name, MISS)).toThrow(MissAsValueError);
  expect(() => cache.update(cities(2, 3), name, ['b', MISS])).toThrow('MISS was given to the cache as a value');
  expect(() => new Cache().update(cities(2, 3), name, ['b', MISS])).toThrow(MissAsValueError);
  expect(() => cache.insertMissing(cities(5, 4), name, [MISS, 'd'])).toThrow(MissAsValueError);
  expect(cache.getRecordsDifferentFrom(cities(1, 9), name, MISS).ids).toEqual([1, 9]);
});

test('what was put in before something is refused is whole', () => {
  const cache = new Cache();
  cache.update(cities(1, 2), name, ['a', 'b']);
  const mark = cache.openUndo();
  expect(() => cache.update(cities(2, 7, undefined, 8), name, ['B', 'g', 'x', 'h'], { dirty: true })).toThrow(InvalidIdError);
  expect([...cache.dirtyEntries(name)].map(([, id, value]) => [id, value])).toEqual([[2, 'B'], [7, 'g']]);
  expect(cache.getDirtyFields()).toEqual([name]);
  for (const id of [1, 9]) expect(() => cache.set(cities(id), name, MISS)).toThrow(MissAsValueError);
  cache.undoTo(mark);
  expect([...cache.entries(name)].map(([, id, value]) => [id, value])).toEqual([[1, 'a'], [2, 'b']]);
  expect(cache.getDirtyFields()).toEqual([]);
  expect(cache.stats().values).toBe(2);
});
