import { ownCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../src/backend/backend';
import { NamedCache } from '../../src/named-cache/named-cache';
import { redis } from '../../src/redis';

let server: OwnCacheServer;
let open: (Backend | NamedCache)[] = [];

beforeEach(async () => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  server = await ownCacheServer('redis');
});
afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all(open.map((one) => one.close()));
  open = [];
  server.stop();
});

/** Those of others than the one who asks. */
async function connections(): Promise<number> {
  const admin = new Redis(server.url);
  const clients = Number(/connected_clients:(\d+)/.exec(await admin.info('clients'))?.[1]);
  admin.disconnect();
  return clients - 1;
}

test.each([[undefined, 1], [3, 3]])('with maxConnections %s there are %s, however much is asked at once', async (maxConnections, wanted) => {
  const backend = redis({ url: server.url, maxConnections });
  const cache = new NamedCache('many', { l2: backend, l1: false, ttl: '1m', deadline: '10s' });
  open.push(cache, backend);
  // A busy machine may take longer to connect than a first call waits.
  while ((await cache.get('first')) !== 1) await cache.set('first', 1);
  await Promise.all(Array.from({ length: 200 }, (_, at) => cache.set(`k${String(at)}`, at)));
  const found = await Promise.all(Array.from({ length: 200 }, async (_, at) => (await sleep(at % 5), cache.get(`k${String(at)}`))));
  expect(found).toEqual(Array.from({ length: 200 }, (_, at) => at));
  expect(await connections()).toBe(wanted);
});

test('all connections of a server that was killed come back, and nothing old is read through any', async () => {
  const backend = redis({ url: server.url, maxConnections: 3 });
  const cache = new NamedCache('many', { l2: backend, l1: false, ttl: '1m' });
  open.push(cache, backend);
  await cache.set('k', 'old');
  server.signal('SIGKILL');
  while (cache.stats().shared?.isUp === true) await sleep(10);
  await cache.set('k', 'new');
  server = await ownCacheServer('redis', { port: server.port });
  while (cache.stats().shared?.isUp !== true) await sleep(10);
  for (let turn = 0; turn < 6; turn += 1) expect(await cache.get('k')).not.toBe('old');
  expect(await connections()).toBe(3);
});

test('retries are those that redis() is told to make, and each change of state is one warning', async () => {
  const warned = jest.spyOn(process, 'emitWarning');
  const pauses: number[] = [];
  const backend = redis({ url: server.url, maxRetriesPerRequest: 0, retryStrategy: (times: number) => (pauses.push(times), 5) });
  const cache = new NamedCache('retried', { l2: backend, l1: false, ttl: '1m', deadline: '10s' });
  open.push(cache, backend);
  while (cache.stats().shared?.isUp !== true) await sleep(5);
  server.signal('SIGKILL');
  while (pauses.length < 20) {
    await cache.getOrSet('k', () => 'loaded');
    await sleep(1);
  }
  // Counted from the first.
  expect(pauses.slice(0, 20)).toEqual(pauses.slice(0, 20).map((_, at) => at + 1));
  server = await ownCacheServer('redis', { port: server.port });
  while (cache.stats().shared?.isUp !== true) await sleep(5);
  const told = warned.mock.calls.map(([warning, options]) => [String(warning).replace(/ away.*/, ' away'), options]);
  expect(told).toEqual([["Cache 'retried': its server is away", { code: 'TIER_STATE' }], ["Cache 'retried': its server is back.", { code: 'TIER_STATE' }]]);
});

test('however many caches have one server, its driver has as many listeners as of one', async () => {
  const listens = jest.spyOn(Redis.prototype, 'on');
  const backend = redis({ url: server.url, maxConnections: 2 });
  open.push(backend);
  // Of those that there are: a driver that connects again in between listens for a while.
  const clients = (): Set<Redis> => new Set(listens.mock.contexts as readonly Redis[]); // it is a method of theirs
  const listeners = (): number => [...clients()].reduce((sum, client) => sum + client.eventNames().reduce((many, event) => many + client.listenerCount(event), 0), 0);
  let ofOne = 0;
  for (let left = 30; left > 0; left -= 1) {
    const cache = new NamedCache(`many${String(left)}`, { l2: backend, l1: false, deadline: '10s' });
    open.push(cache);
    while (cache.stats().shared?.isUp !== true) await sleep(1);
    if (left === 30) ofOne = listeners();
  }
  expect([clients().size >= 2, ofOne > 0]).toEqual([true, true]);
  for (let looks = 0; looks < 500 && listeners() > ofOne; looks += 1) await sleep(10);
  expect(listeners()).toBeLessThanOrEqual(ofOne);
});

test.each([0, 1.5, -1])('a limit that is none is refused: %s', (maxConnections) => {
  expect(() => redis({ url: server.url, maxConnections })).toThrow(/maxConnections. Give a whole number above zero/);
});

test('a cluster has one connection to each node', () => {
  expect(() => redis({ cluster: [{ host: '127.0.0.1', port: 1 }], maxConnections: 2 })).toThrow(/one connection to each node/);
});
