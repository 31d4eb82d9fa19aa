import { sharedCacheServer } from '@ormolu/test-support';
import { char, defineModels, memory, openOrmolu, OrmoluError, redis, redisBus } from '../src/index';

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

test.each<[string, object]>([
  ['a cache', { caches: { fast: { maxEntries: 1 }, far: { ttl: 'soon' } } }],
  ['the caches of records', { caches: { far: {} }, records: 'typo' }],
  ['an option', { caches: { far: {} }, chaches: {} }],
])('servers and buses are closed where %s is wrong, and nothing is opened', async (_, options) => {
  const server = await sharedCacheServer('redis');
  const closed: string[] = [];
  const heard = <T extends { close(): Promise<void> }>(name: string, other: T): T => {
    const close = other.close.bind(other);
    other.close = async () => {
      closed.push(name);
      await close();
    };
    return other;
  };
  const { caches, ...others } = options as { readonly caches: Readonly<Record<string, object>> };
  const far = { ...caches['far'], l2: heard('server', redis(server)), bus: heard('bus', redisBus(server)) };
  await expect(openOrmolu({ models, storage: memory(), caches: { ...caches, far }, ...others } as never)).rejects.toBeInstanceOf(OrmoluError);
  expect([...new Set(closed)].sort()).toEqual(['bus', 'server']);
});

test('what is to be warmed is a list', async () => {
  const db = await openOrmolu({ models, storage: memory() });
  await expect(db.warm((() => []) as never)).rejects.toMatchObject({ code: 'DB_OPTION_INVALID' });
  await db.close();
});
