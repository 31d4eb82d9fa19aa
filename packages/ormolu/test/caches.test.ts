import { char, defineModels, memory, openOrmolu } from '../src/index';

const models = defineModels({ city: { name: char() } });

test('caches are opened with the database, asked for by name, and told of in its figures', async () => {
  const db = await openOrmolu({ models, storage: memory(), caches: { fast: { maxEntries: 2 }, slow: { maxBytes: 1_000, ttl: '1h' } } });
  await db.caches.get('fast').set('a', 1);
  expect(await db.caches.get('fast').get('a')).toBe(1);
  expect(db.stats().caches).toMatchObject([{ name: 'fast', hits: 1, size: 1 }, { name: 'slow', hits: 0, size: 0 }]);
  await db.clearCaches();
  expect(await db.caches.get('fast').get('a')).toBeUndefined();
  // @ts-expect-error a cache that was not named does not compile
  expect(() => db.caches.get('fats')).toThrow("There is no cache 'fats'. Did you mean 'fast'?");
  await db.close();
});

test('a cache that cannot be is refused before the database is opened', async () => {
  await expect(openOrmolu({ models, storage: memory(), caches: { fast: {} } })).rejects.toMatchObject({ code: 'TIER_BOUNDS' });
  await expect(openOrmolu({ models, storage: memory(), caches: { fast: { maxEntries: 1, ttl: '1y' as '1h' } } })).rejects.toMatchObject({ code: 'DURATION_INVALID' });
});
