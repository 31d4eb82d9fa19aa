import { ManualClock } from '@ormolu/kernel';
import { NamedCache } from '../../src/named-cache/named-cache';

test('hits, misses, items and times are told by model and of the whole', async () => {
  const clock = new ManualClock();
  const cache = new NamedCache('figures', { maxEntries: 100, clock });
  for (const [key, ms] of [['city:1', 10], ['city:2', 20], ['country:1', 40]] as const) {
    await cache.getOrSet(key, () => {
      clock.advance(ms);
      return key;
    });
  }
  await cache.get('city:1');
  await cache.get('city:9');
  const { models, answers, ...of } = cache.stats();
  expect(of).toMatchObject({ requests: 5, hits: 1, misses: 4, hitRatio: 0.2, size: 3, evictions: 0 });
  expect(models).toMatchObject({ city: { requests: 4, hits: 1, misses: 3, hitRatio: 0.25, items: 2 }, country: { requests: 1, hits: 0, items: 1 } });
  expect(models['*']).toBeUndefined();
  expect(models['country']?.answers).toMatchObject({ count: 1, meanMs: 40 });
  expect(answers).toMatchObject({ count: 3, meanMs: 70 / 3 });
  for (const [told, is] of [[answers.p50Ms, 20], [answers.p95Ms, 40], [answers.p99Ms, 40]] as const) {
    expect(told).toBeGreaterThanOrEqual(is);
    expect(told).toBeLessThanOrEqual(1.2 * is);
  }
});

test('one hit in memory of 128 is timed, and stands for the others', async () => {
  const cache = new NamedCache('figures', { maxEntries: 100 });
  await cache.set('a:1', 1);
  for (let turn = 0; turn < 1_280; turn += 1) await cache.get('a:1');
  const { answers, hits } = cache.stats();
  expect([hits, answers.count]).toEqual([1_280, 1_280]);
  expect(answers.p99Ms).toBeLessThan(50);
});

test('what entries take is known roughly without a bound by bytes, too', async () => {
  const cache = new NamedCache('figures', { maxEntries: 1_000 });
  for (let at = 0; at < 200; at += 1) await cache.set(`a:${String(at)}`, 'x'.repeat(500));
  const { bytes } = cache.stats();
  expect(bytes).toBeGreaterThan(200 * 1_000);
  expect(bytes).toBeLessThan(200 * 1_200);
});

test('of keys of very many models, only so many are told apart', async () => {
  const cache = new NamedCache('figures', { maxEntries: 1_000 });
  for (let at = 0; at < 400; at += 1) await cache.set(`m${String(at)}:1`, at);
  const { models } = cache.stats();
  expect(Object.keys(models).length).toBe(257);
  expect(models['*']?.items).toBe(144);
});

test('keys without a model are told of when all that is left of them is that they had to leave', async () => {
  const cache = new NamedCache('figures', { maxEntries: 1, policy: 'lru' });
  await cache.set('plain', 1);
  await cache.set('city:1', 1);
  expect(cache.stats()).toMatchObject({ evictions: 1, models: { '*': { items: 0, evictions: 1 }, city: { evictions: 0 } } });
});
