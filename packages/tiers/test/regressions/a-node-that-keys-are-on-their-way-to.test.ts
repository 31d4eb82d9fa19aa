import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../src/backend/backend';
import { NamedCache } from '../../src/named-cache/named-cache';
import type { NamedCacheOptions } from '../../src/named-cache/options';
import { redis } from '../../src/redis';
import { startGrowingCluster, type GrowingCluster } from '../support/growing-cluster';

/*
 * While keys of a Redis Cluster were on their way to a node that had no slot yet: one that was restarted with what it had saved long ago was believed; what fits a pattern was not looked for
 * there; and while it could not be reached, nobody was told of any key that was asked for along with one of these, wherever that was.
 */

let cluster: GrowingCluster;
let open: (Backend | NamedCache)[] = [];

beforeAll(async () => {
  cluster = await startGrowingCluster();
}, 30_000);
beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all(open.map((one) => one.close()));
  open = [];
});
afterAll(() => {
  cluster.stop();
});

/** As a process of its own has it. */
async function cacheOf(prefix: string, options: NamedCacheOptions = {}, driver: { readonly enableAutoPipelining?: boolean } = {}): Promise<NamedCache> {
  const l2 = redis({ cluster: cluster.nodes, ...driver });
  const cache = new NamedCache('grows', { l2, l1: false, ttl: '10m', prefix, deadline: '2s', ...options });
  open.push(cache, l2);
  while (cache.stats().shared?.isUp !== true) await sleep(5);
  return cache;
}

async function whole(...caches: readonly NamedCache[]): Promise<void> {
  for (const cache of caches) while (cache.stats().shared?.isUp !== true || cache.stats().shared?.unsure !== 0) await sleep(5);
}

const KEYS = 40;
const keysOf = (prefix: string): readonly string[] => Array.from({ length: KEYS }, (_, at) => `${prefix}:${String(at)}`);
const valuesOf = async (cache: NamedCache, keys: readonly string[]): Promise<readonly unknown[]> => [...new Set((await cache.getMany(keys)).values())];

test('it comes back with what it had long ago, which is not believed, also by who has asked there for one key at a time alone', async () => {
  const prefix = randomUUID();
  const [writer, reader, other] = [await cacheOf(prefix), await cacheOf(prefix), await cacheOf(prefix)];
  const { tag, move, callOff } = await cluster.migrate();
  const keys = keysOf(tag);
  await writer.setMany(keys.map((key) => [key, 'old']));
  await move();
  await cluster.fourth.admin.save();
  await writer.setMany(keys.map((key) => [key, 'new']));
  expect([await valuesOf(reader, keys), await other.get(keys[0] ?? '')]).toEqual([['new'], 'new']);
  await writer.close();
  await cluster.restartFourth();
  expect(await cluster.fourth.admin.dbsize()).toBeGreaterThanOrEqual(KEYS);
  await whole(reader, other);
  for (const cache of [other, reader]) {
    // Until it is reached.
    for (let failures = -1; cache.stats().shared?.failures !== failures;) {
      failures = cache.stats().shared?.failures ?? 0;
      expect(await valuesOf(cache, keys)).toEqual([]);
    }
  }
  // Each of them gives up all that is there, once.
  while ((await other.getMany(keys)).size < KEYS) await reader.setMany(keys.map((key) => [key, 'newest']));
  expect(await valuesOf(other, keys)).toEqual(['newest']);
  await callOff();
}, 15_000);

test('it comes back with what it had long ago, which is not believed either where no call travels with another, so that the driver itself follows a key there', async () => {
  const prefix = randomUUID();
  const [writer, reader] = [await cacheOf(prefix), await cacheOf(prefix, {}, { enableAutoPipelining: false })];
  const { tag, move, callOff } = await cluster.migrate();
  const keys = keysOf(tag);
  await writer.setMany(keys.map((key) => [key, 'old']));
  await move();
  await cluster.fourth.admin.save();
  await writer.setMany(keys.map((key) => [key, 'new']));
  await writer.close();
  for (const key of keys) expect(await reader.get(key)).toBe('new');
  await cluster.restartFourth();
  expect(await cluster.fourth.admin.dbsize()).toBeGreaterThanOrEqual(KEYS);
  const seen = new Set<unknown>();
  for (let turn = 0; turn < 20; turn += 1) {
    for (const key of keys) seen.add(await reader.get(key));
    await sleep(50);
  }
  expect([...seen]).toEqual([undefined]);
  await callOff();
}, 15_000);

test.each(['SIGKILL', 'SIGSTOP'] as const)('it cannot be reached (%s): keys that are elsewhere are had as ever, and nothing that was written in vain comes back', async (signal) => {
  const prefix = randomUUID();
  const [a, b] = [await cacheOf(prefix, { deadline: '1s' }), await cacheOf(prefix)];
  const { tag, move, callOff } = await cluster.migrate();
  const [moving, others] = [keysOf(tag), keysOf('other')];
  while ((await a.getMany([...moving, ...others])).size < 2 * KEYS) await a.setMany([...moving, ...others].map((key) => [key, 'old']));
  await move();
  expect(await valuesOf(b, moving)).toEqual(['old']);
  cluster.fourth.server.signal(signal);
  // Behind a connection that is lost, nothing is believed that was there before.
  while ((await a.getMany([...moving, ...others])).size !== KEYS) await a.setMany(others.map((key) => [key, 'old']));
  const states: string[] = [];
  a.on('state', ({ state }) => states.push(state));
  const failures = a.stats().shared?.failures ?? 0;
  for (let turn = 0; turn < 20; turn += 1) {
    const found = await a.getMany([...moving, ...others]);
    expect([...found.keys()]).toEqual(others);
    await a.setMany([...moving.slice(0, 5), ...others].map((key) => [key, turn]));
    expect(await valuesOf(a, others)).toEqual([turn]);
    expect(await a.getOrSet(moving[turn] ?? '', () => 'loaded')).toBe('loaded');
  }
  expect(states).toEqual([]);
  expect(a.stats().shared).toMatchObject({ isUp: true, unsure: expect.any(Number) as number });
  expect(a.stats().shared?.failures).toBeGreaterThanOrEqual(failures + 40);
  expect(a.stats().shared?.unsure).toBeGreaterThan(0);
  expect(a.stats().shared?.unsure).toBeLessThanOrEqual(20);
  if (signal === 'SIGKILL') await cluster.restartFourth(false);
  else cluster.fourth.server.signal('SIGCONT');
  await whole(a, b);
  for (const cache of [a, b]) expect([...(await cache.getMany(moving.slice(0, 5))).values()]).toEqual([]);
  while ((await b.getMany([...moving, ...others])).size < 2 * KEYS) await a.setMany([...moving, ...others].map((key) => [key, 'new']));
  expect(await valuesOf(b, [...moving, ...others])).toEqual(['new']);
  await callOff();
}, 15_000);

test('what fits a pattern is gone, also what is there already', async () => {
  const prefix = randomUUID();
  const [a, b] = [await cacheOf(prefix), await cacheOf(prefix)];
  const { tag, move, callOff } = await cluster.migrate();
  const keys = keysOf(tag);
  await a.setMany(keys.map((key) => [key, 1]));
  await move(KEYS / 2);
  await a.deleteByPattern(`${tag}*`);
  expect(await valuesOf(b, keys)).toEqual([]);
  await callOff();
}, 15_000);

test('it is found behind a wall', async () => {
  const { server, admin } = cluster.fourth;
  // So it tells the others, who find each other all the same.
  await admin.config('SET', 'cluster-announce-port', '1');
  const known = async (place: string): Promise<void> => {
    for (const one of cluster.admins.slice(0, 3)) while (!String(await one.cluster('NODES')).includes(`${place}@`)) await sleep(10);
  };
  await known('127.0.0.1:1');
  const { tag, move, callOff } = await cluster.migrate();
  const keys = keysOf(tag);
  for (const natMap of [{ '127.0.0.1:1': { host: '127.0.0.1', port: server.port } }, (address: string) => (address === '127.0.0.1:1' ? { host: '127.0.0.1', port: server.port } : null)]) {
    const l2 = redis({ cluster: cluster.nodes, natMap });
    const cache = new NamedCache('wall', { l2, l1: false, ttl: '10m', prefix: randomUUID(), deadline: '2s' });
    open.push(cache, l2);
    await cache.setMany(keys.map((key) => [key, 1]));
    await move();
    expect((await cache.getMany(keys)).size).toBe(KEYS);
    expect(cache.stats().shared?.failures).toBe(0);
  }
  await callOff();
  await admin.config('SET', 'cluster-announce-port', '0');
  await known(`127.0.0.1:${String(server.port)}`);
}, 15_000);

/** Who is connected to it, but who tells it what to do. */
async function clients(): Promise<readonly string[]> {
  const { admin } = cluster.fourth;
  const own = String(await admin.client('ID'));
  return String(await admin.client('LIST')).trim().split('\n').map((line) => /^id=(\d+)/.exec(line)?.[1] ?? line).filter((id) => id !== own);
}

test('when it has the slot, connections are left that were made to it before', async () => {
  const cache = await cacheOf(randomUUID());
  const before = await clients();
  const { tag, move, end } = await cluster.migrate();
  const keys = keysOf(tag);
  await cache.setMany(keys.map((key) => [key, 1]));
  await move();
  expect((await cache.getMany(keys)).size).toBe(KEYS);
  const during = (await clients()).filter((id) => !before.includes(id));
  expect(during.length).toBeGreaterThan(0);
  await end();
  let left = during;
  for (const endMs = performance.now() + 5_000; performance.now() < endMs && left.length > 0;) {
    await cache.getMany(keys);
    const now = await clients();
    left = during.filter((id) => now.includes(id));
  }
  expect(left).toEqual([]);
}, 15_000);
