import { EVERYTHING } from '@ormolu/kernel';
import { char, defineModels, integer, memory, openOrmolu, remote, serve } from 'ormolu';
import type { RemoteServer } from '@ormolu/remote';

const models = defineModels({ city: { name: char(), size: integer() } });
const open = (storage = memory(), localCache?: false) => openOrmolu({ models, storage, localCache });
type Db = Awaited<ReturnType<typeof open>>;
type Env = Parameters<Parameters<Db['transaction']>[0]>[0];

let below: Db;
let server: RemoteServer;
let first: Db;
let second: Db;
let ids: number[];
beforeEach(async () => {
  below = await open();
  await below.migrate();
  ids = await below.transaction(async (env) => (await env.model('city').create([1, 2, 3].map((size) => ({ name: `c${String(size)}`, size })))).ids) as number[];
  below.localCache.invalidate();
  server = await serve(below, { port: 0 });
  const storages = [remote(server.url), remote(server.url)] as const;
  for (const storage of storages) await storage.connect();
  [first, second] = [await open(storages[0]), await open(storages[1])];
});
const ending: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
  for (const db of [first, second]) await db.close();
  await server.close();
  await below.close();
});

/** What every step has counted: questions, the local ones that were answered there, round trips and statements. */
function counted(db: Db): Readonly<Record<string, number>> {
  const { rungs, statements } = db.stats();
  const local = (rungs.find(({ rung }) => rung === 'local') as { models?: Record<string, { records: { hits: number }; queries: { hits: number } }> } | undefined)?.models?.['city'];
  const { roundTrips = 0 } = db.storage as { readonly roundTrips?: number }; // which that of a client has
  return {
    ...Object.fromEntries(rungs.filter(({ rung }) => rung !== 'transaction').map(({ rung, questions }) => [rung, questions])),
    answered: (local?.records.hits ?? 0) + (local?.queries.hits ?? 0), roundTrips, statements,
  };
}

/** What steps have counted while something was done; what has not moved is left out. */
async function moved(db: Db, work: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
  const before = counted(db);
  await work();
  return Object.fromEntries(Object.entries(counted(db)).map(([step, now]) => [step, now - (before[step] ?? 0)] as const).filter(([, news]) => news > 0));
}

const QUESTIONS: Readonly<Record<string, (env: Env) => Promise<unknown>>> = {
  read: (env) => env.model('city').browse(ids).read(['name', 'size']),
  search: (env) => env.model('city').search({ size: { gte: 2 } }),
  count: (env) => env.model('city').count({ size: { gte: 2 } }),
  group: (env) => env.model('city').readGroup({ by: ['size'], sum: ['size'] }),
};

test.each(Object.entries(QUESTIONS))('a %s goes down step by step, and every step counts what came by it', async (kind, ask) => {
  const asking = (db: Db) => moved(db, () => db.transaction(ask, { readOnly: true }));
  const cold = await asking(first);
  // COMMIT goes over the network, too.
  expect(cold).toEqual({ local: 1, network: 1, 'server: local': 1, 'server: storage': 1, roundTrips: 2, statements: 1 });
  // Who comes next finds it in the server's cache, and the server's own figures say so.
  const answered = counted(below)['answered'] ?? 0;
  const next = await asking(second);
  expect(next).toMatchObject({ local: 1, network: 1, 'server: local': 1, roundTrips: 2 });
  expect([next['server: storage'], next['answered'], next['statements']]).toEqual([undefined, undefined, undefined]);
  expect(counted(below)['answered']).toBe(answered + (kind === 'read' ? ids.length : 1));
  // Whoever has asked before finds it at home: what is left is the look at the log, and COMMIT.
  const warm = await asking(first);
  expect(warm).toEqual({ local: 1, answered: kind === 'read' ? ids.length : 1, roundTrips: 2 });
  // What has changed meanwhile goes down again, as far as somebody knows it.
  await below.transaction((env) => env.model('city').browse(ids[0] as number).write({ size: 5 })); // there are three
  const changed = await asking(first);
  expect(changed).toMatchObject({ local: 1, network: 1, 'server: local': 1 });
  expect(changed['server: storage']).toBe(kind === 'read' ? undefined : 1);
});

test.each(Object.entries(QUESTIONS))('a %s that nobody keeps is counted at every step, each time', async (_, ask) => {
  const keeping = await open(memory(), false);
  await keeping.migrate();
  ids = await keeping.transaction(async (env) => (await env.model('city').create([{ size: 2 }, { size: 3 }])).ids) as number[];
  ending.push(() => keeping.close());
  const own = await serve(keeping, { port: 0 });
  ending.push(() => own.close());
  const storage = remote(own.url);
  await storage.connect();
  const db = await open(storage, false);
  ending.push(() => db.close());
  for (const time of [0, 1]) {
    const steps = await moved(db, () => db.transaction(ask, { readOnly: true }));
    expect([time, steps]).toEqual([time, { network: 1, 'server: local': 1, 'server: storage': 1, roundTrips: 2, statements: 1 }]);
  }
});

test('a write is counted by the network and by the storage, and is a question to no cache; what it has left both caches know', async () => {
  for (const db of [first, second]) await db.transaction(QUESTIONS['read'] as (env: Env) => Promise<unknown>, { readOnly: true }); // it is there
  const statements = below.stats().statements;
  const written = await moved(first, () => first.transaction((env) => env.model('city').browse(ids).write({ size: 7 })));
  // The write, the look at what others have done, and COMMIT.
  expect(written).toEqual({ roundTrips: 3, statements: 2 });
  // The write, and the token of its commit.
  expect(below.stats().statements - statements).toBe(2);
  const read = (db: Db) => moved(db, () => db.transaction(QUESTIONS['read'] as (env: Env) => Promise<unknown>, { readOnly: true }));
  expect(await read(first)).toMatchObject({ local: 1, answered: 3 });
  const others = await read(second);
  expect(others).toMatchObject({ local: 1, network: 1, 'server: local': 1 });
  expect(others['server: storage']).toBeUndefined();
});

test('a stream is counted by the network and by the storage, a round trip a batch, and is a question to no cache', async () => {
  const statements = below.stats().statements;
  const batches: number[] = [];
  const streamed = await moved(first, async () => {
    const session = await first.storage.open({ schema: first.registry.schema, readOnly: true });
    for await (const { ids: batch } of session.stream({ model: 'city', filter: EVERYTHING, fields: ['name'] }, { batchSize: 2 })) batches.push(batch.length);
    await session.rollback();
  });
  // The stream, its two batches, its end, and ROLLBACK.
  expect([batches, streamed]).toEqual([[2, 1], { roundTrips: 5, statements: 3 }]);
  expect(below.stats().statements - statements).toBe(3);
});
