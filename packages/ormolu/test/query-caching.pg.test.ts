import type { LocalRungStats } from '@ormolu/tiers';
import { char, defineModels, integer, many2one, memory, one2many, openOrmolu, type DefinitionsOf, type EnvironmentOf, type Ormolu } from '../src/index';
import { heardWarnings } from './support/heard-warnings';
import { onEachStorage } from './support/on-each-storage';

const models = defineModels({
  country: { name: char({ required: true }), cities: one2many('city', 'country') },
  city: { name: char({ required: true }), size: integer(), slogan: char({ translate: true }), secret: integer({ groups: ['staff'] }), country: many2one('country') },
});
type Env = EnvironmentOf<typeof models>;
type Database = Ormolu<DefinitionsOf<typeof models>, never, never, 'fast' | 'tiny'>;

const large = (env: Env) => env.model('city').where({ size: { gte: 2 } }).orderBy('name');
const queriesOf = (db: Database): LocalRungStats['models'][string]['queries'] | undefined => (db.stats().rungs.find(({ rung }) => rung === 'local') as LocalRungStats).models['city']?.queries; // the local rung says so of itself

onEachStorage('caches and one query on', ({ open }) => {
  let db: Database;
  let now = 0;

  beforeAll(async () => {
    db = await openOrmolu({ models, storage: open(), caches: { fast: { maxEntries: 100, clock: { now: () => now } }, tiny: { maxEntries: 100 } }, groupsOf: (env) => (env.uid === 1 ? ['staff'] : []) });
    await db.migrate();
    await db.transaction(async (env) => {
      const country = await env.model('country').create({ name: 'Belgium' });
      await env.model('city').create([{ name: 'Ghent', size: 3, slogan: 'hello', secret: 7, country }, { name: 'Ypres', size: 1, country }, { name: 'Mons', size: 2, country }]);
    });
  });
  afterAll(async () => {
    await db.close();
  });
  beforeEach(async () => {
    await db.clearCaches();
    now = 0;
  });

  /** How many questions a transaction of its own put to the database. */
  const questions = async (work: (env: Env) => Promise<unknown>, options: Parameters<Database['transaction']>[1] = {}): Promise<number> => {
    const before = db.stats().rungs.at(-1)?.questions ?? 0;
    await db.transaction(work, options);
    return (db.stats().rungs.at(-1)?.questions ?? 0) - before;
  };
  const all = async (...works: readonly ((env: Env) => Promise<unknown>)[]): Promise<readonly number[]> => {
    const counts: number[] = [];
    for (const work of works) counts.push(await questions(work));
    return counts;
  };

  test('noCache asks the database, and leaves nothing behind', async () => {
    const plain = (env: Env) => large(env).all();
    const past = (env: Env) => large(env).noCache().all();
    expect(await all(past, past)).toEqual([1, 1]);
    expect(db.localCache.stats()).toMatchObject({ records: { records: 0 }, commands: { answers: 0 } });
    expect(await all(plain, plain, past, (env) => large(env).noCache().count(), (env) => large(env).noCache().count())).toEqual([1, 0, 1, 1, 1]);
  });

  test('cacheRefresh asks the database, and the next is answered from what it brought', async () => {
    const [ids, fresh] = [(env: Env) => large(env).ids(), (env: Env) => large(env).cacheRefresh().ids()];
    expect(await all(ids, fresh, ids, fresh)).toEqual([1, 1, 0, 1]);
    expect(queriesOf(db)?.misses).toMatchObject({ refreshed: 2 });
  });

  test('a named cache keeps the answers of the queries that ask for it, apart from the others', async () => {
    const [fast, plain, tiny] = ['fast', undefined, 'tiny'].map((name) => async (env: Env) => (name === undefined ? large(env) : large(env).cache(name)).ids());
    expect(await all(fast!, fast!, plain!, plain!, tiny!, fast!)).toEqual([1, 0, 1, 0, 1, 0]);
    expect([db.caches.get('fast').stats().size, db.caches.get('tiny').stats().size, db.localCache.stats().commands?.answers]).toEqual([1, 1, 1]);
    // Its answers are as true as the others.
    await db.transaction((env) => env.model('city').browse(2).write({ size: 9 }));
    expect(await db.transaction(async (env) => (await large(env).cache('fast').all()).mapped('name'))).toEqual(['Ghent', 'Mons', 'Ypres']);
    await db.transaction((env) => env.model('city').browse(2).write({ size: 1 }));
    expect(await db.transaction(async (env) => (await large(env).cache('fast').all()).mapped('name'))).toEqual(['Ghent', 'Mons']);
    expect(await all(fast!)).toEqual([0]);
    expect(await db.caches.get('fast').deleteByPattern('city:*')).toBe(1);
    expect(await all(fast!)).toEqual([1]);
    expect(await db.caches.get('fast').deleteByTag('city')).toBe(1);
    await expect(db.transaction((env) => large(env).cache('fats').ids())).rejects.toMatchObject({ code: 'TIER_CACHE_UNKNOWN', message: expect.stringContaining("Did you mean 'fast'?") as unknown });
  });

  test('a named cache serves also where the local cache is off', async () => {
    const other = await openOrmolu({ models, storage: memory(), localCache: false, caches: { fast: { maxEntries: 10 } } });
    await other.migrate();
    const asked = async (): Promise<number> => {
      await other.transaction((env) => large(env).cache('fast').ids());
      return other.stats().rungs.at(-1)?.questions ?? 0;
    };
    // The first to ask shows that sessions have to look at the change log.
    expect([await asked(), await asked(), await asked(), other.localCache.stats().isEnabled]).toEqual([1, 2, 2, false]);
    await other.close();
  });

  test('cacheTtl shortens how long an answer serves, and never lengthens what no longer holds', async () => {
    const named = (ttl: 0 | '10s' | '1m' | undefined) => async (env: Env) => (ttl === undefined ? large(env).cache('fast') : large(env).cache('fast').cacheTtl(ttl)).ids();
    expect(await all(named('10s'), named('10s'))).toEqual([1, 0]);
    now = 9_999;
    expect(await all(named('1m'))).toEqual([0]);
    now = 10_000;
    expect(await all(named(undefined), named(0))).toEqual([1, 0]);
    now = 10 ** 12;
    expect(await all(named(0))).toEqual([0]);
    await db.transaction((env) => env.model('city').browse(1).write({ size: 4 }));
    expect(await all(named(0), named(0))).toEqual([1, 0]);
    await db.transaction((env) => env.model('city').browse(1).write({ size: 3 }));
    const instantly = async (env: Env) => large(env).cacheTtl(Number.MIN_VALUE).ids();
    expect(await all(instantly, instantly)).toEqual([1, 1]);
    expect(queriesOf(db)?.misses).toMatchObject({ expired: expect.any(Number) });
    await expect(db.transaction((env) => large(env).cacheTtl('soon' as '1s').ids())).rejects.toMatchObject({ code: 'DURATION_INVALID' });
    await expect(db.transaction((env) => large(env).cacheTtl(Infinity).ids())).rejects.toMatchObject({ code: 'DURATION_INVALID', message: expect.stringContaining('a ttl of 0 never expires') });
  });

  test('cacheKey names an entry, which answers nothing but its own question and reader', async () => {
    const warnings = heardWarnings();
    const key = (env: Env, size = 2) => env.model('city').where({ size: { gte: size } }).cacheKey('large');
    expect(await all((env) => key(env).all(), (env) => key(env).all(), (env) => large(env).ids())).toEqual([1, 0, 1]);
    expect(await all((env) => key(env).limit(1).ids(), (env) => key(env).count(), (env) => key(env).first(), (env) => key(env).limit(1).ids(), (env) => key(env).ids())).toEqual([1, 1, 0, 0, 0]);
    expect(warnings.take()).toEqual([]);
    expect(await db.transaction(async (env) => (await key(env, 3).all()).mapped('name'))).toEqual(['Ghent']);
    expect(await db.transaction(async (env) => (await key(env).orderBy('-name').all()).mapped('name'))).toEqual(['Mons', 'Ghent']);
    expect(warnings.take()).toEqual([expect.stringMatching(/^TIER_CACHE_KEY .*'city'.*'large'/)]);
    const slogan = (lang: string) => db.transaction((env) => env.model('city').where({ slogan: 'bonjour' }).cacheKey('slogan').ids(), { context: { lang } });
    await db.transaction((env) => env.model('city').browse(1).write({ slogan: 'bonjour' }), { context: { lang: 'fr_FR' } });
    expect([await slogan('fr_FR'), await slogan('nl_NL'), await slogan('fr_FR')]).toEqual([[1], [], [1]]);
    expect(queriesOf(db)?.misses).toMatchObject({ 'another question': expect.any(Number) });
    warnings.end();
  });

  test('prefetch brings its paths along, and from the cache when they are there', async () => {
    const work = async (env: Env) => {
      const found = await large(env).prefetch('country.name', 'country.cities').all();
      expect([...found].map((city) => [city.name, city.country?.name, city.country?.cities.length])).toEqual([['Ghent', 'Belgium', 3], ['Mons', 'Belgium', 3]]);
    };
    expect(await all(work, work)).toEqual([expect.any(Number), 0]);
  });

  test('who may not ask is not told what others were', async () => {
    const secret = (env: Env) => env.model('city').where({ secret: 7 }).cacheKey('secret').ids();
    const staff = { uid: 1 };
    expect([await questions(secret, staff), await questions(secret, staff)]).toEqual([1, 0]);
    await expect(db.transaction(secret, { uid: 2 })).rejects.toMatchObject({ code: 'TX_ACCESS' });
    await expect(db.transaction((env) => env.model('city').readGroup({ by: ['secret'] }), { uid: 2 })).rejects.toMatchObject({ code: 'TX_ACCESS' });
    await expect(db.transaction((env) => env.model('city').browse(1).read(['secret']), { uid: 2 })).rejects.toMatchObject({ code: 'TX_ACCESS' });
  });

  test('a query that is iterated goes the same ways', async () => {
    const work = (env: Env) => env.run(() => Array.from(large(env).cache('fast'), (city) => city.name));
    expect(await all(work, work, (env) => env.run(() => large(env).noCache().length))).toEqual([1, 0, 1]);
  });

  test('what means nothing is refused by name', async () => {
    await db.transaction((env) => {
      for (const wrong of [1, '', null]) {
        expect(() => large(env).cache(wrong as string)).toThrow('cache() was given');
        expect(() => large(env).cacheKey(wrong as string)).toThrow('cacheKey() was given');
      }
    });
  });
});

test('the command cache keeps what is worth it: of a time, of a size, within its bounds', async () => {
  const asked = async (commands: { readonly maxEntries?: number; readonly minTime?: '1m'; readonly maxResult?: number }): Promise<unknown> => {
    const db = await openOrmolu({ models, storage: memory(), localCache: { commands } });
    await db.migrate();
    await db.transaction((env) => env.model('city').create([1, 2, 3, 4, 5].map((size) => ({ name: 'x', size }))));
    for (const size of [1, 2, 3, 4, 5]) await db.transaction((env) => env.model('city').search({ size: { gte: size } }));
    const { answers, tooFast, tooLarge, evictions } = db.localCache.stats().commands!;
    await db.close();
    return { answers, tooFast, tooLarge, evictions };
  };
  expect(await asked({})).toEqual({ answers: 5, tooFast: 0, tooLarge: 0, evictions: 0 });
  expect(await asked({ minTime: '1m' })).toEqual({ answers: 0, tooFast: 5, tooLarge: 0, evictions: 0 });
  expect(await asked({ maxResult: 3 })).toEqual({ answers: 3, tooFast: 0, tooLarge: 2, evictions: 0 });
  expect(await asked({ maxEntries: 2 })).toEqual({ answers: 2, tooFast: 0, tooLarge: 0, evictions: 3 });
});
