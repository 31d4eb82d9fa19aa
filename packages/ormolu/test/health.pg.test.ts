import { createDatabase, ownCacheServer, type ScratchDatabase } from '@ormolu/test-support';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { StorageProbe } from '../src/health';
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

test('a database that takes connections and says nothing is asked once at a time, and told of in the end', async () => {
  const connections: Socket[] = [];
  const silent = createServer((connection) => connections.push(connection));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo; // of a server that listens on a port
  const storage = postgres(`postgres://nobody@127.0.0.1:${String(port)}/none`);
  const probe = new StorageProbe(storage, () => models.registry().schema, 100);
  for (let times = 0; times < 3; times += 1) expect(await Promise.all([probe.ask(), probe.ask()])).toEqual(Array(2).fill({ name: 'postgres', isUp: false, ms: 100, problem: 'no answer within 0.1 s' }));
  expect(connections).toHaveLength(1);
  for (const connection of connections) connection.destroy();
  // Whoever asks now begins anew, and is told sooner.
  expect(await probe.ask()).toMatchObject({ isUp: false });
  await storage.close();
  for (const connection of connections) connection.destroy();
  silent.close();
});

test('a listener to alerts that is an async function and fails becomes a warning, and what is no listener is refused', async () => {
  const db = await openOrmolu({ models, storage: postgres('postgres://nobody@127.0.0.1:1/none') });
  const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined).mockClear();
  const failing: () => unknown = () => Promise.reject(new Error('later'));
  db.on('alert', failing);
  db.on('alert', () => {
    throw new Error('at once');
  });
  await db.health();
  await new Promise(setImmediate);
  expect(warnings.mock.calls.map(([text]) => String(text))).toEqual([expect.stringContaining('at once'), expect.stringContaining('later')]);
  for (const [event, listener] of [['alerts', () => undefined], ['alert', 5]]) expect(() => db.on(event as 'alert', listener as () => void)).toThrow(expect.objectContaining({ code: 'DB_OPTION_INVALID' }) as Error);
  await db.close();
});
