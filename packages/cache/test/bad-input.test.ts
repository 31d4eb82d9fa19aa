import { Cache, InvalidArgumentError, InvalidContextKeyError, InvalidFieldError, InvalidIdError, InvalidRecordsError, MISS, MissAsValueError, type CacheField } from '@ormolu/cache';
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
  expect(() => new Cache().get(cities({}), name)).toThrow('The cache was given an id that is an object.');
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

const keyed: CacheField = { model: 'city', name: 'slogan', dependsContext: ['lang'] };
const given = (...records: unknown[]) => records as TestRecords[];

test.each([['an object', {}], ['a list', []], ['a date', new Date(0)], ['NaN', Number.NaN], ['Infinity', Infinity], ['-Infinity', -Infinity]])('%s is no id', (_, id) => {
  const cache = new Cache();
  cache.update(cities(1), name, ['a']);
  for (const call of [() => cache.set(cities(id), name, 'x'), () => cache.update(cities(id), name, ['x']), () => cache.insertMissing(cities(id), name, ['x']), () => cache.get(cities(id), name)]) {
    expect(call).toThrow(InvalidIdError);
  }
  expect([...cache.entries(name)].map(([, one]) => one)).toEqual([1]);
});

test('records without a list of ids are refused by every call, and nothing is lost silently', () => {
  const cache = new Cache();
  cache.update(cities(1), name, ['a'], { dirty: true });
  const wrong = given(new Set([1]), 7, undefined, null, '12').map((ids) => ({ model: 'city', ids, env: plain, browse: () => cities() }) as unknown as TestRecords);
  for (const records of [...wrong, ...given(undefined, null, 7)]) {
    for (const call of [
      () => cache.get(records, name, 0), () => cache.contains(records, name), () => cache.set(records, name, 1), () => cache.remove(records, name), () => cache.isDirty(records, name),
      () => cache.getFields(records), () => cache.update(records, name, ['x']), () => cache.insertMissing(records, name, ['x']), () => cache.getValues(records, name),
      () => cache.getUntilMiss(records, name), () => cache.getMissingIds(records, name), () => cache.getRecordsDifferentFrom(records, name, 1), () => cache.hasDirtyFields(records),
      () => cache.markDirty(records, name), () => cache.clearDirty(records, name), () => cache.discard(records, name),
    ]) expect(call).toThrow(InvalidRecordsError);
  }
  const [letter] = given({ model: 'city', ids: 'x', env: plain });
  for (const call of [() => cache.get(letter!, name, 0), () => cache.contains(letter!, name), () => cache.set(letter!, name, 1)]) expect(call).toThrow('whose ids are a string');
  expect([...cache.dirtyEntries(name)].map(([, id]) => id)).toEqual([1]);
});

test('records of another shape are refused where the missing part is asked for', () => {
  const cache = new Cache();
  cache.update(cities(1), name, ['a']);
  expect(() => cache.get(given({ ids: [1] })[0]!, name)).toThrow('records whose model is undefined');
  expect(() => cache.getRecords(given({ model: 'city', ids: [] })[0]!, name)).toThrow('records that have no browse()');
  for (const [env, said] of [[undefined, 'is undefined'], [null, 'is null'], [{}, 'has no cacheKey()'], [{ cacheKey: 'fr' }, 'has no cacheKey()']] as const) {
    const [records] = given({ model: 'city', ids: [1], env }) as [TestRecords];
    for (const call of [() => cache.get(records, keyed, 0), () => cache.update(records, keyed, ['x'])]) expect(call).toThrow(`records whose env ${said}, and city.slogan depends on the context`);
    expect(cache.get(records, name)).toBe('a');
  }
});

test.each([[undefined, 'undefined'], [null, 'null'], [Promise.resolve('fr'), 'a Promise'], [() => 'fr', 'a function']])('%p is no context key', (key, said) => {
  const cache = new Cache();
  const [records] = given({ model: 'city', ids: [1], env: { cacheKey: () => key } }) as [TestRecords];
  for (const call of [() => cache.get(records, keyed, 0), () => cache.set(records, keyed, 1)]) {
    expect(call).toThrow(InvalidContextKeyError);
    expect(call).toThrow(`in which to see city.slogan is ${said}.`);
  }
});

test('arguments that are no list are refused before anything is done', () => {
  const cache = new Cache();
  cache.update(cities(1, 2), name, ['a', 'b']);
  const mark = cache.openUndo();
  for (const [call, said] of [
    [() => cache.update(cities(1), name, 5 as never), 'Cache.update() was given values that are a whole number. It takes a list of values'],
    [() => cache.update(cities(1), name, 'x'), 'Cache.update() was given values that are a string'],
    [() => cache.update(cities(), name, undefined as never), 'values that are undefined'],
    [() => cache.insertMissing(cities(3), name, 'x'), 'Cache.insertMissing() was given values that are a string'],
    [() => cache.invalidate(name as never), 'Cache.invalidate() was given pairs [field, ids?] that are an object'],
    [() => cache.invalidate('name' as never), 'that are a string'],
    [() => cache.invalidate([[name], name] as never), 'of which one is an object'],
    [() => cache.invalidate([[name], [name, 7]] as never), 'Cache.invalidate() was given ids that are a whole number'],
    [() => cache.invalidate([[name], [name, '12']] as never), 'ids that are a string'],
    [() => cache.hasDirtyFields(cities(1), name as never), 'Cache.hasDirtyFields() was given fields that are an object'],
    [() => cache.forget('city', 5 as never), 'Cache.forget() was given ids that are a whole number'],
    [() => cache.forget('city', '12'), 'ids that are a string'],
    [() => cache.forget(undefined as never, [1]), 'a model that is undefined'],
    [() => cache.undoTo(undefined as never), 'a mark that is undefined'],
    [() => cache.closeUndo('first' as never), 'a mark that is a string'],
  ] as const) {
    expect(call).toThrow(InvalidArgumentError);
    expect(call).toThrow(said);
  }
  for (const call of [() => cache.get(cities(1), undefined as never), () => cache.set(cities(1), null as never, 1), () => cache.getValues(cities(1), undefined as never), () => cache.hasDirtyFields(cities(1), [undefined as never])]) {
    expect(call).toThrow(InvalidFieldError);
  }
  expect(() => { new Cache().undoTo(mark); }).toThrow('or of another cache');
  cache.undoTo(mark);
  expect([...cache.entries(name)].map(([, id, value]) => [id, value])).toEqual([[1, 'a'], [2, 'b']]);
});
