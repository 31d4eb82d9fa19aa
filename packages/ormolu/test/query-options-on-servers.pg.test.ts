import { randomUUID } from 'node:crypto';
import { createDatabase, ownCacheServer, sharedCacheServer, type OwnCacheServer, type ScratchDatabase } from '@ormolu/test-support';
import type { NamedCacheOptions, SharedRungStats } from '@ormolu/tiers';
import { char, defineModels, integer, many2one, memcached, one2many, openOrmolu, postgres, redis } from '../src/index';
import { heardWarnings } from './support/heard-warnings';

const models = defineModels({
  country: { name: char(), cities: one2many('city', 'country') },
  city: { name: char(), size: integer(), pin: char({ sensitive: true }), country: many2one('country') },
});

const open = (url: string, caches: Readonly<Record<string, NamedCacheOptions>>, records?: string) =>
  openOrmolu({ models, storage: postgres(url), localCache: false, caches, ...(records === undefined ? {} : { records }) });
type Db = Awaited<ReturnType<typeof open>>;
type Env = Parameters<Parameters<Db['transaction']>[0]>[0];

let scratch: ScratchDatabase;
const servers: OwnCacheServer[] = [];
let closing: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  scratch = await createDatabase();
  const db = await open(scratch.url, {});
  await db.migrate();
  await db.transaction(async (env) => {
    const country = await env.model('country').create({ name: 'Belgium' });
    await env.model('city').create([{ name: 'Ghent', size: 3, pin: 'g', country }, { name: 'Ypres', size: 1, country }, { name: 'Mons', size: 2, country }]);
  });
  await db.close();
});
afterEach(async () => {
  for (const one of closing.reverse()) await one.close();
  closing = [];
});
afterAll(async () => {
  for (const server of servers) server.stop();
  await scratch.drop();
});

const SERVERS = {
  redis: async () => redis(await sharedCacheServer('redis')),
  memcached: async () => {
    if (servers.length === 0) servers.push(await ownCacheServer('memcached'), await ownCacheServer('memcached', { onSocket: true }));
    return memcached(servers.map(({ url }) => url));
  },
};

describe.each(Object.entries(SERVERS))('two processes without local caches, on %s', (_, connect) => {
  let now: number;
  let prefix: string;

  beforeEach(() => {
    now = Date.now();
    prefix = `q-${randomUUID()}`;
  });

  /** One process: how many questions some work put to the database, and what it got. */
  async function joined(options: NamedCacheOptions = {}, records?: string) {
    const l2 = await connect();
    const db = await open(scratch.url, { answers: { l2, prefix, ttl: '1h', deadline: '5s', calendar: { now: () => now }, clock: { now: () => now }, ...options }, other: { l2, prefix, deadline: '5s' } }, records);
    closing.push(l2, db);
    // The first transaction looks at the change log: it finds nothing kept.
    await db.transaction((env) => env.model('city').count({ size: -1 }));
    const asked = async <T>(work: (env: Env) => Promise<T>): Promise<readonly [number, T]> => {
      const before = db.stats().rungs.at(-1)?.questions ?? 0;
      const told = await db.transaction(work);
      // What it puts on the server is there then.
      await db.warm([]);
      return [(db.stats().rungs.at(-1)?.questions ?? 0) - before, told];
    };
    return { db, asked, shared: () => db.stats().rungs.find(({ rung }) => rung === 'shared') as SharedRungStats }; // it says so of itself
  }

  const large = (env: Env) => env.model('city').where({ size: { gte: 2 } });

  test('cache() keeps an answer there for both, apart from those of other caches, and as true as the database', async () => {
    const [a, b] = [await joined({ l1: false }), await joined({ l1: false })];
    expect(await a.asked((env) => large(env).cache('answers').ids())).toEqual([1, [1, 3]]);
    expect(await b.asked((env) => large(env).cache('answers').ids())).toEqual([0, [1, 3]]);
    expect(await b.asked((env) => large(env).cache('other').ids())).toEqual([1, [1, 3]]);
    expect(await b.asked((env) => large(env).ids())).toEqual([1, [1, 3]]);
    expect(await b.asked((env) => large(env).cache('answers').count())).toEqual([1, 2]);
    expect(await a.asked((env) => large(env).cache('answers').count())).toEqual([0, 2]);
    await a.db.transaction((env) => env.model('city').browse(2).write({ size: 9 }));
    expect(await b.asked((env) => large(env).cache('answers').ids())).toEqual([1, [1, 2, 3]]);
    expect(await a.asked((env) => large(env).cache('answers').ids())).toEqual([0, [1, 2, 3]]);
    await b.db.transaction((env) => env.model('city').browse(2).write({ size: 1 }));
    await a.asked((env) => large(env).cache('answers').ids());
    await b.db.caches.get('answers').deleteByTag('city');
    expect(await a.asked((env) => large(env).cache('answers').ids())).toEqual([1, [1, 3]]);
    await b.db.caches.get('answers').deleteByPattern('city:*');
    expect(await a.asked((env) => large(env).cache('answers').ids())).toEqual([1, [1, 3]]);
    await b.db.caches.get('answers').clear();
    expect(await a.asked((env) => large(env).cache('answers').ids())).toEqual([1, [1, 3]]);
    await expect(a.db.transaction((env) => large(env).cache('answer').ids())).rejects.toMatchObject({ code: 'TIER_CACHE_UNKNOWN' });
  });

  test('cacheTtl() says how old an answer may be, 0 that it may be of any age, though no older than what it says is true', async () => {
    const [a, b] = [await joined({ ttl: 0 }), await joined({ ttl: 0 })];
    const aged = (ttl: 0 | '10s' | '1m') => (env: Env) => large(env).cache('answers').cacheTtl(ttl).ids();
    expect((await a.asked(aged('10s')))[0]).toBe(1);
    now += 9_999;
    expect((await b.asked(aged('10s')))[0]).toBe(0);
    // What it took over from the server is as old as it was there.
    now += 1;
    expect((await b.asked(aged('10s')))[0]).toBe(1);
    now += 10_000;
    expect((await a.asked(aged('1m')))[0]).toBe(1);
    now += 59_999;
    expect((await b.asked(aged(0)))[0]).toBe(0);
    now += 1;
    expect((await a.asked(aged(0)))[0]).toBe(1);
    now += 10 ** 11;
    expect((await b.asked(aged(0)))[0]).toBe(0);
    expect((await b.asked(aged('1m')))[0]).toBe(1);
    await a.db.transaction((env) => env.model('city').browse(1).write({ size: 4 }));
    expect((await b.asked(aged(0)))[0]).toBe(1);
    await a.db.transaction((env) => env.model('city').browse(1).write({ size: 3 }));
  });

  test('cacheKey() names an entry, which answers its own question alone', async () => {
    const warnings = heardWarnings();
    const [a, b] = [await joined(), await joined()];
    const named = (size: number) => (env: Env) => env.model('city').where({ size: { gte: size } }).cache('answers').cacheKey('large').ids();
    expect(await a.asked(named(2))).toEqual([1, [1, 3]]);
    expect(await b.asked(named(2))).toEqual([0, [1, 3]]);
    expect(await b.asked(named(3))).toEqual([1, [1]]);
    expect(warnings.take()).toEqual([expect.stringMatching(/^TIER_CACHE_KEY .*'city'.*'large'/)]);
    expect(b.shared().models['city']?.queries.misses).toMatchObject({ 'another question': 1 });
    // Where no memory stands before the server, who asks there says so.
    const bare = await joined({ l1: false });
    expect(await bare.asked(named(2))).toEqual([1, [1, 3]]);
    expect(warnings.take()).toEqual([expect.stringMatching(/^TIER_CACHE_KEY .*'city'.*'large'/)]);
    warnings.end();
  });

  test('noCache() asks the database and leaves nothing there; cacheRefresh() asks, and leaves what it was told', async () => {
    const [a, b] = [await joined({}, 'answers'), await joined({}, 'answers')];
    expect((await a.asked((env) => large(env).noCache().ids()))[0]).toBe(1);
    expect((await b.asked((env) => large(env).ids()))[0]).toBe(1);
    expect((await a.asked((env) => large(env).ids()))[0]).toBe(0);
    expect((await a.asked((env) => large(env).noCache().ids()))[0]).toBe(1);
    expect((await a.asked((env) => large(env).cacheRefresh().ids()))[0]).toBe(1);
    // Of a count, too.
    expect((await a.asked((env) => large(env).count()))[0]).toBe(1);
    expect((await b.asked((env) => large(env).count()))[0]).toBe(0);
    expect((await b.asked((env) => large(env).cacheRefresh().count()))[0]).toBe(1);
    expect((await b.asked((env) => large(env).noCache().count()))[0]).toBe(1);
    expect(a.shared().models['city']?.queries.misses).toMatchObject({ refreshed: 1 });
    expect((await b.asked((env) => large(env).ids()))[0]).toBe(0);
  });

  test('prefetch() brings what belongs to records along, from there where it is', async () => {
    // All columns of a city come along, and one of them is for nobody else.
    const keys = [{ id: '1', key: new Uint8Array(32).fill(1) }];
    const [a, b] = [await joined({ keys }, 'answers'), await joined({ keys }, 'answers')];
    const work = async (env: Env) => Array.from(await large(env).prefetch('country.name').all(), (city) => [city.name, city.country?.name]);
    const told = [['Ghent', 'Belgium'], ['Mons', 'Belgium']];
    expect((await a.asked(work))[1]).toEqual(told);
    expect(await b.asked(work)).toEqual([0, told]);
  });

  test('keys are rotated without a pause: what the old one sealed is read as long as it is on the ring, and is a miss then', async () => {
    const [old, young] = [{ id: '1', key: new Uint8Array(32).fill(1) }, { id: '2', key: new Uint8Array(32).fill(2) }];
    const pin = async (env: Env) => (await env.model('city').browse(1).load(['pin'])).pin;
    const members = [];
    for (const keys of [[old], [old, young], [young, old], [young], undefined]) members.push(await joined({ keys, serializer: 'msgpack', compress: { above: 0 } }, 'answers'));
    const [first, second, third, fourth, bare] = members;
    expect(await first?.asked(pin)).toEqual([1, 'g']);
    for (const one of [second, third]) expect(await one?.asked(pin)).toEqual([0, 'g']);
    // Who has only the new key cannot read what the old one sealed, and writes it anew; so it is for those who have both, and no longer for who has only the old one.
    expect(await fourth?.asked(pin)).toEqual([1, 'g']);
    expect(fourth?.shared().models['city']?.records.misses).toMatchObject({ unreadable: 1 });
    expect(await first?.asked(pin)).toEqual([1, 'g']);
    expect(await bare?.asked(pin)).toEqual([1, 'g']);
    expect(bare?.shared().models['city']?.records.misses).toMatchObject({ sensitive: 1 });
  });
});
