import { createDatabase, ownCacheServer, type ScratchDatabase } from '@ormolu/test-support';
import { char, defineModels, memory, openOrmolu, postgres, redis } from '../src/index';

const models = defineModels({ city: { name: char() } });
let scratch: ScratchDatabase;

beforeAll(async () => {
  scratch = await createDatabase();
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterAll(async () => {
  jest.restoreAllMocks();
  await scratch.drop();
});

test('health asks the database and every server, and says of one that was killed that it is away', async () => {
  const server = await ownCacheServer('redis');
  const db = await openOrmolu({ models, storage: postgres(scratch.url), caches: { fast: { maxEntries: 10 }, far: { l2: redis(server.url) } } });
  try {
    await db.caches.get('fast').get('none');
    expect(await db.health()).toEqual({
      isHealthy: true, storage: { name: 'postgres', isUp: true, ms: expect.any(Number) as number, problem: undefined },
      caches: [{ name: 'fast', server: 'none', ms: undefined, hitRatio: 0, unsure: 0, bus: 'none', alerts: [] }, { name: 'far', server: 'up', ms: expect.any(Number) as number, hitRatio: 0, unsure: 0, bus: 'none', alerts: [] }],
    });
    server.signal('SIGKILL');
    while ((await db.health()).isHealthy) await new Promise((resolve) => setImmediate(resolve));
    expect(await db.health()).toMatchObject({ isHealthy: false, storage: { isUp: true }, caches: [{}, { server: 'away', ms: undefined }] });
  } finally {
    server.stop();
    await db.close();
  }
});

test('asked at an interval, a server and a storage that go are told of once each, and once when they are back', async () => {
  const server = await ownCacheServer('redis');
  const db = await openOrmolu({ models, storage: postgres(scratch.url), healthCheckEvery: 50, caches: { far: { l2: redis(server.url) } } });
  const told: string[] = [];
  db.on('alert', (alert) => told.push(`${'cache' in alert ? alert.cache : ''} ${alert.kind} ${alert.state}`));
  const until = async (count: number): Promise<void> => {
    while (told.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  try {
    await db.caches.get('far').get('none');
    server.signal('SIGKILL');
    await until(1);
    const another = await ownCacheServer('redis', { port: server.port });
    try {
      await until(2);
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(told).toEqual(['far server raised', 'far server over']);
    } finally {
      another.stop();
    }
  } finally {
    server.stop();
    await db.close();
  }
  const unreachable = await openOrmolu({ models, storage: postgres('postgres://nobody@127.0.0.1:1/none'), healthCheckEvery: 20 });
  const alert = await new Promise((resolve) => unreachable.on('alert', resolve));
  expect(alert).toEqual({ kind: 'storage', state: 'raised', problem: expect.stringMatching(/^STORAGE_/) as string });
  await unreachable.close();
});

test('a database that cannot be reached is told of, not thrown', async () => {
  const db = await openOrmolu({ models, storage: postgres('postgres://nobody@127.0.0.1:1/none') });
  expect(await db.health()).toMatchObject({ isHealthy: false, storage: { isUp: false, problem: expect.stringMatching(/^STORAGE_/) as string } });
  await db.close();
  await expect(db.health()).rejects.toMatchObject({ code: 'DB_CLOSED' });
});

test('a storage without SQL is well when it opens', async () => {
  const db = await openOrmolu({ models, storage: memory() });
  expect(await db.health()).toMatchObject({ isHealthy: true, storage: { name: 'memory' }, caches: [] });
  await db.close();
});
