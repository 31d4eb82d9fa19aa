import { Cache, type CacheField } from '@ormolu/cache';
import { environmentOf, TestRecords } from '@ormolu/cache/testing';

const name: CacheField = { model: 'city', name: 'name', dependsContext: [] };
const slogan: CacheField = { model: 'city', name: 'slogan', dependsContext: ['lang'] };
const cities = (...ids: TestRecords['ids']) => new TestRecords('city', ids, environmentOf({}));

test('hits and misses are counted by every call that asks', () => {
  const cache = new Cache();
  cache.update(cities(1, 2), name, ['a', 'b']);
  const seen = (call: () => unknown) => {
    const { hits, misses } = cache.stats();
    call();
    const after = cache.stats();
    return [after.hits - hits, after.misses - misses];
  };
  expect(seen(() => cache.get(cities(1), name))).toEqual([1, 0]);
  expect(seen(() => cache.get(cities(3), name, 0))).toEqual([0, 1]);
  expect(seen(() => cache.contains(cities(1), name))).toEqual([1, 0]);
  expect(seen(() => cache.contains(cities(3), name))).toEqual([0, 1]);
  expect(seen(() => cache.getValues(cities(1, 3, 2), name))).toEqual([2, 1]);
  expect(seen(() => cache.getUntilMiss(cities(1, 3, 2), name))).toEqual([1, 1]);
  expect(seen(() => cache.getUntilMiss(cities(1, 2), name))).toEqual([2, 0]);
  expect(seen(() => cache.getMissingIds(cities(1, 3, 3), name))).toEqual([1, 2]);
  expect(seen(() => cache.getRecordsDifferentFrom(cities(1, 2, 3), name, 'a'))).toEqual([2, 1]);
  expect(seen(() => cache.column(name).of(1))).toEqual([0, 0]);
});

test('figures are given per model and field, in all contexts, and begin anew with clear', () => {
  const cache = new Cache();
  cache.update(cities(1, 2), name, ['ab', null], { dirty: true });
  cache.set(cities(1), slogan, 'x');
  cache.set(new TestRecords('city', [2], environmentOf({ lang: 'fr' })), slogan, 'y');
  cache.get(cities(1), slogan);
  const stats = cache.stats();
  expect(stats).toMatchObject({ values: 4, dirty: 2, hits: 1, misses: 0, models: { city: { values: 4, records: 2, fields: { name: { values: 2, dirty: 2, hits: 0 }, slogan: { values: 2, hits: 1 } } } } });
  const { city } = stats.models;
  const inFields = Object.values(city!.fields).reduce((sum, { bytes }) => sum + bytes, 0);
  expect(city!.bytes).toBeGreaterThan(inFields);
  expect(stats.bytes).toBe(city!.bytes);
  cache.clear();
  expect(cache.stats()).toEqual({ values: 0, dirty: 0, hits: 0, misses: 0, bytes: 0, models: {} });
});

test('a field that was only asked for weighs nothing', () => {
  const cache = new Cache();
  cache.getValues(cities(1), name);
  expect(cache.stats().models['city']).toMatchObject({ bytes: 0, values: 0, misses: 1 });
});

test('bytes grow with what values hold', () => {
  const bytes = (value: unknown) => {
    const cache = new Cache();
    cache.update(cities(...Array.from({ length: 1_000 }, (_, at) => at + 1)), name, Array.from({ length: 1_000 }, () => value));
    return cache.stats().models['city']!.fields['name']!.bytes - 1_000 * 8;
  };
  expect([7, 8, null, undefined, true, -1].map(bytes)).toEqual([0, 0, 0, 0, 0, 0]);
  expect([1.5, 2 ** 40].map(bytes)).toEqual([16_000, 16_000]);
  expect(bytes('four')).toBe(20_000);
  expect(bytes(5n)).toBe(24_000);
  expect(bytes([1, 'four'])).toBe((32 + 16 + 20) * 1_000);
  expect(bytes({ a: 1.5 })).toBe((56 + 8 + 16) * 1_000);
  expect(bytes(Uint8Array.of(1, 2))).toBe(98_000);
});

test('values that know each other in circles are weighed, and each level of three', () => {
  const cache = new Cache();
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  circle['list'] = [circle];
  cache.set(cities(1), name, circle);
  expect(cache.stats().bytes).toBeLessThan(2_000);
  const bytes = (value: unknown) => {
    cache.set(cities(1), name, value);
    return cache.stats().bytes;
  };
  expect(bytes([[[[1.5]]]]) - bytes(7)).toBe(4 * 32 + 3 * 8 + 8 + 16);
  expect(bytes([[[[[1.5]]]]]) - bytes([[[[]]]])).toBe(8);
});

test('what an object hides is not weighed', () => {
  const cache = new Cache();
  cache.set(cities(1), name, Object.defineProperty({ shown: 1 }, 'hidden', { value: 'a long text that nobody sees' }));
  expect(cache.stats().models['city']!.fields['name']!.bytes).toBe(8 + 56 + 8);
});

test('values are weighed without asking their getters, and one that cannot be looked into weighs nothing', () => {
  const cache = new Cache();
  let asked = 0;
  const lazy = { get size(): number { asked += 1; throw new Error('not loaded'); } };
  const { proxy, revoke } = Proxy.revocable({}, {});
  cache.update(cities(1, 2), name, [lazy, lazy]);
  cache.set(cities(1), slogan, proxy);
  revoke();
  const { fields } = cache.stats().models['city']!;
  expect([fields['name']!.bytes, fields['slogan']!.bytes, asked]).toEqual([2 * (8 + 56 + 8), 8, 0]);
});
