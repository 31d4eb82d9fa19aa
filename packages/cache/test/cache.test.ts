import { Cache, CacheMissError, contextKey, DirtyValueError, MISS, NO_CONTEXT, SingleRecordError, WrongModelError, type CacheField } from '@ormolu/cache';
import { environmentOf, TestRecords } from '@ormolu/cache/testing';
import { NewId, type Id } from '@ormolu/kernel';

const name: CacheField = { model: 'city', name: 'name', dependsContext: [] };
const size: CacheField = { model: 'city', name: 'size', dependsContext: [] };
const slogan: CacheField = { model: 'city', name: 'slogan', dependsContext: ['lang'] };
const plain = environmentOf({});
const cities = (...ids: Id[]) => new TestRecords('city', ids, plain);
const inLang = (lang: unknown, ...ids: Id[]) => new TestRecords('city', ids, environmentOf({ lang }));

test('a miss without fallback is an error that names model, id, field and context', () => {
  const cache = new Cache();
  expect(() => cache.get(inLang('fr', 7), slogan)).toThrow(CacheMissError);
  expect(() => cache.get(inLang('fr', 7), slogan)).toThrow(/^city\(7\)\.slogan is not in the cache \(context \["fr"\]\)\. .*fallback/);
  try {
    cache.get(cities(7), name);
  } catch (error) {
    expect(error).toMatchObject({ code: 'CACHE_MISS', details: { model: 'city', field: 'name', id: 7, context: NO_CONTEXT } });
  }
  expect.assertions(3);
});

test('a fallback is answered on a miss only, also when it is undefined', () => {
  const cache = new Cache();
  expect(cache.get(cities(1), name, undefined)).toBeUndefined();
  expect(cache.get(cities(1), name, 'none')).toBe('none');
  cache.set(cities(1), name, null);
  expect(cache.get(cities(1), name, 'none')).toBeNull();
});

test('absent, null and undefined are three things', () => {
  const cache = new Cache();
  cache.update(cities(1, 2), name, [null, undefined]);
  expect([1, 2, 3].map((id) => cache.contains(cities(id), name))).toEqual([true, true, false]);
  expect(cache.getValues(cities(1, 2, 3), name)).toEqual([null, undefined]);
  expect(cache.get(cities(2), name, 'none')).toBeUndefined();
  expect(cache.column(name).at(cache.slots('city').slotOf(3))).toBe(MISS);
});

test.each(['contains', 'get', 'remove', 'isDirty', 'getFields', 'set'] as const)('%s refuses several records and none, and says its name', (call) => {
  const cache = new Cache();
  for (const records of [cities(), cities(1, 2)]) {
    const attempt = () => (call === 'getFields' ? cache.getFields(records) : call === 'set' ? cache.set(records, name, 1) : cache[call](records, name));
    expect(attempt).toThrow(SingleRecordError);
    expect(attempt).toThrow(`Cache.${call}() takes exactly one record of 'city' and was given ${records.ids.length === 0 ? 'none' : '2 (1, 2)'}.`);
  }
  expect([...cache.entries(name)]).toEqual([]);
});

test('a field is refused for records of another model', () => {
  const cache = new Cache();
  const other = new TestRecords('tag', [1], plain);
  const message = "Field 'city.name' was used with records of 'tag'.";
  expect(() => cache.set(other, name, 'x')).toThrow(WrongModelError);
  expect(() => cache.getRecordsAll(other, name)).toThrow(message);
  expect(() => cache.getDirtyRecords(other, name)).toThrow(message);
  expect(() => cache.hasDirtyFields(other, [name])).toThrow(message);
});

test('a field is known by model and name, whatever object it is', () => {
  const cache = new Cache();
  cache.set(cities(1), name, 'Ghent');
  const found = new Set(Array.from({ length: 9_000 }, () => cache.get(cities(1), { ...name })));
  expect([...found, cache.get(cities(1), name)]).toEqual(['Ghent', 'Ghent']);
});

test('many fields of a model are told apart, in any order of asking', () => {
  const cache = new Cache();
  const fields = Array.from({ length: 30 }, (_, at): CacheField => ({ model: 'city', name: `f${at}`, dependsContext: [] }));
  for (const [at, field] of fields.entries()) cache.set(cities(1), field, at);
  for (const [at, field] of [...fields.entries()].reverse()) {
    expect(cache.get(cities(1), field)).toBe(at);
    expect(cache.get(cities(1), { ...field })).toBe(at);
    expect(cache.get(cities(1), field)).toBe(at);
  }
});

test('getFields tells the newest object of each field, and not the id', () => {
  const cache = new Cache();
  cache.set(cities(1), { model: 'city', name: 'id', dependsContext: [] }, 1);
  cache.set(cities(1), name, 'Ghent');
  cache.set(inLang('fr', 1), slogan, 'oui');
  const newer = { ...name };
  cache.contains(cities(1), newer);
  expect(cache.getFields(inLang('fr', 1))).toEqual([name, slogan]);
  expect(cache.getFields(cities(1))[0]).toBe(newer);
});

test('update takes the last value of a repeated id, insertMissing the first, and neither minds a wrong number of values', () => {
  const cache = new Cache();
  cache.update(cities(1, 1, 2), name, ['a', 'b']);
  expect([...cache.entries(name)]).toEqual([[NO_CONTEXT, 1, 'b']]);
  cache.insertMissing(cities(1, 2, 2, 3), name, new Set(['x', 'y', 'z']));
  expect([...cache.entries(name)]).toEqual([[NO_CONTEXT, 1, 'b'], [NO_CONTEXT, 2, 'y']]);
  cache.update(cities(), name, ['x']);
  expect(cache.getMissingIds(cities(3, 1, 3), name)).toEqual([3, 3]);
});

test('an iterable of values is not asked for more than there are ids', () => {
  const cache = new Cache();
  let asked = 0;
  function* endless() {
    for (;;) yield (asked += 1);
  }
  cache.update(cities(1, 2), name, endless());
  cache.update(cities(), name, endless());
  expect([cache.getValues(cities(1, 2), name), asked]).toEqual([[1, 2], 2]);
});

test('ids of different types and drafts are different records', () => {
  const cache = new Cache();
  const [draft, copy] = [new NewId({ origin: 7, ref: 'row' }), new NewId({ origin: 7, ref: 'row' })];
  const ids: Id[] = [7, 7n, '7', draft, copy];
  cache.update(cities(...ids), name, ['number', 'bigint', 'string', 'draft', 'copy']);
  expect(ids.map((id) => cache.get(cities(id), name))).toEqual(['number', 'bigint', 'string', 'draft', 'copy']);
  expect(cache.getRecords(cities(), name).ids).toEqual(ids);
});

test('each context has its own value, and contexts come in the order of their first write', () => {
  const cache = new Cache();
  const langs = [0, false, '', null, undefined];
  for (const lang of langs) cache.set(inLang(lang, 1), slogan, String(lang));
  expect(langs.map((lang) => cache.get(inLang(lang, 1), slogan))).toEqual(langs.map(String));
  expect([...cache.entries(slogan)].map(([key]) => key)).toEqual(langs.map((lang) => contextKey([lang])));
  cache.set(inLang('', 2), slogan, 'x');
  expect(cache.getRecordsAll(cities(), slogan).ids).toEqual([1, 2]);
});

test('overwriting keeps the place of a value, removing and setting again goes to the end', () => {
  const cache = new Cache();
  cache.update(cities(3, 1, 2), name, ['c', 'a', 'b']);
  cache.set(cities(3), name, 'C');
  cache.remove(cities(1), name);
  cache.set(cities(1), name, 'A');
  expect(cache.getRecords(cities(), name).ids).toEqual([3, 2, 1]);
});

test('a dirty value outlives invalidation and plain writes, and is dropped by explicit words only', () => {
  const cache = new Cache();
  cache.update(cities(1, 2, 3), name, ['a', 'b', 'c']);
  cache.markDirty(cities(2), name);
  cache.set(cities(2), name, 'B');
  cache.invalidate();
  cache.invalidate([[name, [2]]]);
  expect([...cache.dirtyEntries(name)]).toEqual([[NO_CONTEXT, 2, 'B']]);
  expect(() => cache.remove(cities(2), name)).toThrow(DirtyValueError);
  expect(() => cache.remove(cities(2), name)).toThrow('city(2).name has a value that is not written yet');
  cache.discard(cities(2), name);
  expect([cache.contains(cities(2), name), cache.getDirtyFields()]).toEqual([false, []]);
});

test('marking needs a value for every record, and marks none when one has none', () => {
  const cache = new Cache();
  cache.set(cities(1), name, 'a');
  expect(() => cache.markDirty(cities(1, 2), name)).toThrow('city(2).name has no cached value');
  expect(cache.isDirty(cities(1), name)).toBe(false);
});

test('forget drops everything about records in every field and context', () => {
  const cache = new Cache();
  cache.update(cities(1, 2), name, ['a', 'b'], { dirty: true });
  cache.set(inLang('fr', 1), slogan, 'oui', { dirty: true });
  cache.set(inLang('nl', 1), slogan, 'ja');
  cache.forget('city', [1, 99]);
  expect([...cache.entries(name), ...cache.entries(slogan)]).toEqual([[NO_CONTEXT, 2, 'b']]);
  expect(cache.getDirtyFields()).toEqual([name]);
});

test('hasDirtyFields looks at the fields given, or at all of the model', () => {
  const cache = new Cache();
  cache.set(cities(1), name, 'a', { dirty: true });
  cache.set(new TestRecords('tag', [5], plain), { model: 'tag', name: 'name', dependsContext: [] }, 'x', { dirty: true });
  expect([cache.hasDirtyFields(cities(1, 2)), cache.hasDirtyFields(cities(2, 5)), cache.hasDirtyFields(cities(1), [size]), cache.hasDirtyFields(cities(2, 1), [size, name])])
    .toEqual([true, false, false, true]);
});

test('invalidate with an empty spec does nothing, with null ids drops the field', () => {
  const cache = new Cache();
  cache.update(cities(1, 2), name, ['a', 'b']);
  cache.set(cities(1), size, 1);
  cache.invalidate([]);
  cache.invalidate([[name, []]]);
  expect(cache.containsField(name)).toBe(true);
  cache.invalidate([[name, null]]);
  expect([cache.containsField(name), cache.containsField(size)]).toEqual([false, true]);
  cache.invalidate(null);
  expect(cache.containsField(size)).toBe(false);
});

test('values that differ are found by content', () => {
  const cache = new Cache();
  cache.update(cities(1, 2, 3, 4), name, [[1, 2], [2, 1], null, [1, 2]]);
  expect(cache.getRecordsDifferentFrom(cities(4, 3, 2, 1, 9, 9), name, [1, 2]).ids).toEqual([3, 2, 9, 9]);
});

test('slots and column handles hold until clear, and the generation says so', () => {
  const cache = new Cache();
  const column = cache.column(name);
  cache.update(cities(10, 20), name, ['a', 'b']);
  const slots = cache.slots('city');
  expect([slots.slotOf(10), slots.slotOf(20), slots.slotOf(30), slots.ensure(30), slots.idOf(2), slots.size]).toEqual([0, 1, -1, 2, 30, 3]);
  expect([column.at(0), column.at(1), column.at(2), column.at(-1), column.of(20), column.generation === cache.generation]).toEqual(['a', 'b', MISS, MISS, 'b', true]);
  cache.invalidate();
  cache.set(cities(20), name, 'B');
  expect([column.at(0), column.at(1), cache.column(name)]).toEqual([MISS, 'B', column]);
  cache.clear();
  expect([column.generation === cache.generation, cache.column(name) === column, cache.slots('city').slotOf(10)]).toEqual([false, false, -1]);
  expect(() => slots.idOf(7)).toThrow(RangeError);
});

test('entries that are gone by the time they are asked for are left out', () => {
  const cache = new Cache();
  cache.update(cities(1, 2, 3), name, ['a', 'b', 'c']);
  const seen: Id[] = [];
  for (const [, id] of cache.entries(name)) {
    seen.push(id);
    if (id === 1) cache.remove(cities(2), name);
  }
  expect(seen).toEqual([1, 3]);
});

test('columns of a context know the generation too', () => {
  const cache = new Cache();
  cache.clear();
  expect([cache.column(slogan, 'fr').generation, cache.column(slogan).generation]).toEqual([cache.generation, cache.generation]);
});

test('a column of a context is the one the calls use', () => {
  const cache = new Cache();
  cache.set(inLang('fr', 1), slogan, 'oui');
  expect(cache.column(slogan, contextKey(['fr'])).of(1)).toBe('oui');
  expect(cache.column(slogan).of(1)).toBe(MISS);
});

test('an environment is not asked about a field that depends on no context', () => {
  const cache = new Cache();
  const records = new TestRecords('city', [1], { cacheKey: () => { throw new Error('asked'); } });
  cache.set(records, name, 'Ghent');
  expect([cache.get(records, name), cache.getFields(records)]).toEqual(['Ghent', [name]]);
});

test('the columns of a field are those of the contexts it was written in, and each answers for its own', () => {
  const cache = new Cache();
  expect(cache.columns(slogan)).toEqual([]);
  cache.set(inLang('fr', 1), slogan, 'oui');
  cache.set(inLang('nl', 1), slogan, 'ja');
  cache.set(inLang('nl', 2), slogan, 'nee');
  expect(cache.columns(slogan).map((column) => [column.key, column.of(1), column.of(2)])).toEqual([[contextKey(['fr']), 'oui', MISS], [contextKey(['nl']), 'ja', 'nee']]);
});
