import { char, defineModels, integer, memory, openOrmolu, remote, serve, type OrmoluStats } from 'ormolu';

const models = defineModels({ city: { name: char(), size: integer() } });

/** The rungs that were asked since the last look: records, and how many of them each had. */
function looker(stats: () => OrmoluStats): () => Readonly<Record<string, readonly [records: number, hits: number]>> {
  let before = new Map<string, readonly [number, number]>();
  return () => {
    const now = new Map(stats().rungs.map(({ rung, records, hits }) => [rung, [records, hits] as const]));
    const news = [...now].map(([rung, [records, hits]]) => [rung, [records - (before.get(rung)?.[0] ?? 0), hits - (before.get(rung)?.[1] ?? 0)] as const] as const).filter(([rung, [records]]) => records > 0 && rung !== 'transaction');
    before = now;
    return Object.fromEntries(news);
  };
}

test('a lookup goes from the transaction through the caches of client and server, and each step counts what it had', async () => {
  const below = await openOrmolu({ models, storage: memory() });
  await below.migrate();
  const ids = await below.transaction(async (env) => (await env.model('city').create([{ name: 'Ghent' }, { name: 'Ypres' }])).ids);
  below.localCache.invalidate();
  const server = await serve(below, { port: 0 });
  const [first, second] = await Promise.all([0, 1].map(() => openOrmolu({ models, storage: remote(server.url) }))) as [typeof below, typeof below]; // two of them
  const names = (db: typeof below) => db.transaction((env) => env.model('city').browse(ids as number[]).read(['name']), { readOnly: true });
  const [lookFirst, lookSecond] = [looker(() => first.stats()), looker(() => second.stats())];

  const [ghent] = await names(first);
  expect(ghent).toMatchObject({ name: 'Ghent' });
  expect(lookFirst()).toEqual({ local: [2, 0], network: [2, 2], 'server: local': [2, 0], 'server: storage': [2, 2] });
  await names(first);
  expect(lookFirst()).toEqual({ local: [2, 2] });
  await names(second);
  expect(lookSecond()).toEqual({ local: [2, 0], network: [2, 2], 'server: local': [2, 2] });
  // What came from the server's cache is kept as if it had come from its storage.
  await names(second);
  expect(lookSecond()).toEqual({ local: [2, 2] });

  await second.transaction((env) => env.model('city').browse(ids[0] as number).write({ name: 'Gent' }));
  lookSecond();
  expect(await names(second)).toMatchObject([{ name: 'Gent' }, { name: 'Ypres' }]);
  expect(lookSecond()).toEqual({ local: [2, 2] });
  expect(await names(first)).toMatchObject([{ name: 'Gent' }, { name: 'Ypres' }]);
  expect(lookFirst()).toEqual({ local: [2, 1], network: [1, 1], 'server: local': [1, 1] });

  for (const db of [first, second]) await db.close();
  await server.close();
  await below.close();
});

test('explain names the steps behind the network', async () => {
  const below = await openOrmolu({ models, storage: memory() });
  await below.migrate();
  const id = await below.transaction(async (env) => (await env.model('city').create({ name: 'Ghent', size: 1 })).id);
  const server = await serve(below, { port: 0 });
  const db = await openOrmolu({ models, storage: remote(server.url) });
  const rungOf = () => db.transaction(async (env) => {
    const city = env.model('city').browse(id);
    await env.run(() => city.name);
    return env.transaction.explain(city, 'name').rung;
  }, { explain: true });
  expect(await rungOf()).toBe('server: storage, network');
  expect(await rungOf()).toBe('local');
  db.localCache.invalidate();
  expect(await rungOf()).toBe('server: local, network');
  await db.close();
  await server.close();
  await below.close();
});

test('warm records cost a round trip for the snapshot and one for COMMIT; cold ones as many, with the snapshot by the way; what begins with a write one more, for what others have done', async () => {
  const below = await openOrmolu({ models, storage: memory() });
  await below.migrate();
  const ids = await below.transaction(async (env) => (await env.model('city').create(Array.from({ length: 1_000 }, (_, n) => ({ name: `c${String(n)}` })))).ids as number[]);
  const server = await serve(below, { port: 0 });
  const storage = remote(server.url);
  const db = await openOrmolu({ models, storage });
  await storage.connect();
  const trips = async (work: () => Promise<unknown>) => {
    const before = storage.roundTrips;
    await work();
    return storage.roundTrips - before;
  };
  const reading = (some: readonly number[]) => trips(() => db.transaction((env) => env.model('city').browse(some).read(['name', 'size'])));
  expect(await reading(ids)).toBe(2);
  expect(await reading(ids.slice(0, 20))).toBe(2);
  expect(await trips(() => db.transaction((env) => env.model('city').browse(ids).write({ size: 3 })))).toBe(3);
  expect(await reading(ids)).toBe(2);
  await db.close();
  await server.close();
  await below.close();
});
