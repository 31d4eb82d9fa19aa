import { randomUUID } from 'node:crypto';
import { ownCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../src/backend/backend';
import { NamedCache } from '../../src/named-cache/named-cache';
import { redis } from '../../src/redis';
import { CLUSTER_ARGS, startRedisCluster, type RedisCluster } from '../support/redis-cluster';

/*
 * ioredis follows none of several keys that have moved to different places when they travel in one pipeline, and asks nobody where they are: behind a failover, a process that had keys
 * to take out never used the cluster again. While some keys of a cluster are on no node, its nodes answered all that a check asked: the cache was up and away ten times a second. A node to
 * which the first keys of a cluster that grows were on their way was taken for a new master at each of them, over and over: all reads of all keys waited, and then did without the cluster.
 */

const KEYS = 300;

let cluster: RedisCluster;
let admins: Redis[];
let fourth: OwnCacheServer | undefined;
let open: (Backend | NamedCache)[] = [];

beforeAll(async () => {
  cluster = await startRedisCluster();
  admins = cluster.nodes.map(({ port }) => new Redis(port, '127.0.0.1'));
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
  for (const admin of admins) admin.disconnect();
  fourth?.stop();
  cluster.stop();
});

async function connected(): Promise<Backend> {
  const backend = redis({ cluster: cluster.nodes });
  open.push(backend);
  for (;;) {
    try {
      await backend.check();
      return backend;
    } catch {
      await new Promise(setImmediate);
    }
  }
}

async function everywhere(call: (admin: Redis) => Promise<unknown>): Promise<void> {
  await Promise.all(admins.map(call));
}

/** Gives the slots of the first node to the second, as a failover does: no key is there any more. */
async function moveSlots(): Promise<void> {
  const [from, to] = admins;
  await everywhere((admin) => admin.flushall());
  const [ids, bounds] = [await Promise.all([from?.cluster('MYID'), to?.cluster('MYID')]), /myself.* (\d+)-(\d+)/.exec(String(await from?.cluster('NODES'))) ?? []];
  for (let slot = Number(bounds[1]); slot <= Number(bounds[2]); slot += 1) await everywhere((admin) => admin.cluster('SETSLOT', slot, 'NODE', String(ids[1])));
}

test('keys that have moved to another node are written, read, added, replaced and taken out there, however many at once', async () => {
  const backend = await connected();
  const prefix = randomUUID();
  const keys = Array.from({ length: KEYS }, (_, at) => `${prefix}:${String(at)}`);
  const entries = keys.map((key) => ({ key, value: Buffer.from(key), ttlMs: 60_000 }));
  const others = entries.map((entry) => ({ ...entry, key: `${entry.key}:other` }));
  await backend.setMany(entries);
  await moveSlots();
  // Each of them is the first to be asked for so many.
  const told = await Promise.all([backend.setMany(entries), Promise.all(others.map((entry) => backend.add(entry)))]);
  expect(told[1].filter(Boolean)).toHaveLength(KEYS);
  expect((await backend.getMany(keys)).map((value) => value && Buffer.from(value).toString())).toEqual(keys);
  expect(await Promise.all(entries.map((entry) => backend.replace(entry, entry.value)))).not.toContain(false);
  expect(await backend.deleteMany([...keys, ...others.map(({ key }) => key)])).toBe(2 * KEYS);
}, 60_000);

test('a cluster that is down is away once, until it is whole again', async () => {
  const [, admin] = admins;
  const backend = await connected();
  const cache = new NamedCache('down', { l2: backend, l1: false, ttl: '1m', prefix: randomUUID(), deadline: '2s' });
  open.push(cache);
  const states: string[] = [];
  cache.on('state', ({ state }) => states.push(state));
  await cache.set('k', 1);
  expect(await cache.get('k')).toBe(1);
  await everywhere((one) => one.cluster('DELSLOTSRANGE', 6_000, 6_999));
  while (!String(await admin?.cluster('INFO')).includes('cluster_state:fail')) await new Promise(setImmediate);
  // Those who ask meanwhile are those who would find out anew.
  for (const end = performance.now() + 1_500; performance.now() < end;) await cache.set('k', 2);
  expect(states).toEqual(['away']);
  await expect(backend.check()).rejects.toMatchObject({ code: 'TIER_UNAVAILABLE' });
  await admin?.cluster('ADDSLOTSRANGE', 6_000, 6_999);
  while (cache.stats().shared?.isUp !== true) await new Promise(setImmediate);
  await cache.set('k', 3);
  expect(await cache.get('k')).toBe(3);
  expect(states).toEqual(['away', 'up']);
}, 60_000);

/** One more node, without any slot. */
async function joined(): Promise<Redis> {
  fourth = await ownCacheServer('redis', { args: CLUSTER_ARGS });
  const admin = new Redis(fourth.port, '127.0.0.1');
  await admin.cluster('MEET', '127.0.0.1', cluster.nodes[0]?.port ?? 0);
  admins.push(admin);
  for (const one of admins) while (!/cluster_known_nodes:4/.test(await one.cluster('INFO')) || !/cluster_state:ok/.test(await one.cluster('INFO'))) await sleep(10);
  return admin;
}

test('a node that is given its first slot, key by key, is no change of masters until it has that slot: nobody waits or does without the cluster meanwhile', async () => {
  const to = await joined();
  const [tag, prefix] = [`{${randomUUID()}}`, randomUUID()];
  const slot = await to.cluster('KEYSLOT', tag);
  const owners = await Promise.all(admins.map(async (admin) => new RegExp(`myself.* connected(.*)`).exec(String(await admin.cluster('NODES')))?.[1] ?? ''));
  const from = admins[owners.findIndex((ranges) => [...ranges.matchAll(/ (\d+)(?:-(\d+))?/g)].some(([, first, last = first]) => Number(first) <= slot && slot <= Number(last)))];
  if (!from) throw new Error('nobody has the slot');
  const [reader, writer] = [await connected(), await connected()].map((l2) => new NamedCache('grows', { l2, l1: false, ttl: '1m', prefix, deadline: '5s' })) as [NamedCache, NamedCache]; // one each
  open.push(reader, writer);
  for (const cache of [reader, writer]) while (cache.stats().shared?.isUp !== true) await sleep(5);
  const told: string[] = [];
  for (const backend of open) if (!(backend instanceof NamedCache)) backend.onState((state) => told.push(state));
  told.length = 0;
  const keys = Array.from({ length: 40 }, (_, at) => `${tag}:${String(at)}`);
  await writer.setMany(keys.map((key) => [key, 0]));
  const [fromId, toId] = await Promise.all([from.cluster('MYID'), to.cluster('MYID')]);
  await to.cluster('SETSLOT', slot, 'IMPORTING', fromId);
  await from.cluster('SETSLOT', slot, 'MIGRATING', toId);
  for (let turn = 1; turn <= 20; turn += 1) {
    const [some] = [await from.cluster('GETKEYSINSLOT', slot, 3)];
    if (some.length > 0) await from.migrate('127.0.0.1', fourth?.port ?? 0, '', 0, 5_000, 'KEYS', ...some);
    await writer.setMany(keys.map((key) => [key, turn]));
    expect([...(await reader.getMany([...keys, `${tag}:none`])).values()]).toEqual(keys.map(() => turn));
    expect((await Promise.all(keys.map((key) => reader.get(key)))).filter((value) => value !== turn)).toEqual([]);
  }
  expect(await from.cluster('COUNTKEYSINSLOT', slot)).toBe(0);
  expect(told).toEqual([]);
  for (const cache of [reader, writer]) expect(cache.stats().shared).toMatchObject({ failures: 0, outages: 0, isUp: true });
  // The others hear of it.
  for (const admin of [to, from]) await admin.cluster('SETSLOT', slot, 'NODE', toId);
  // From now on it is one: nothing that was kept before it was told of as such is believed, and no longer than that.
  for (let turn = 100; (await reader.getMany(keys)).size < keys.length; turn += 1) await writer.setMany(keys.map((key) => [key, turn]));
  expect(told).toContain('changed');
  expect(told).not.toContain('down');
}, 60_000);
