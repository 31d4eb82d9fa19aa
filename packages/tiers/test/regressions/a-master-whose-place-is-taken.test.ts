import { randomUUID } from 'node:crypto';
import { ownCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../src/backend/backend';
import { NamedCache } from '../../src/named-cache/named-cache';
import { redis, type RedisConnection } from '../../src/redis';
import { CLUSTER_ARGS, startRedisCluster } from '../support/redis-cluster';

/*
 * A master that is silent while its connections stay: another is put in its place, which has what it was told in time. Nobody's connection ended, so that nobody asked which run it was. And one connection of a
 * cluster that was closed took all of it away for a moment.
 */

const KEYS = Array.from({ length: 60 }, (_, at) => `key:${String(at)}`);

let servers: OwnCacheServer[] = [];
let admins: Redis[] = [];
let open: (Backend | NamedCache)[] = [];
beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all(open.map((one) => one.close()));
  for (const admin of admins) admin.disconnect();
  for (const server of servers) {
    // Who is stopped does not hear that it is to end.
    server.signal('SIGCONT');
    server.stop();
  }
  [open, admins, servers] = [[], [], []];
});

/** As a process of its own has it. */
async function cacheOn(connection: RedisConnection, prefix: string, deadline: '40ms' | '2s' = '40ms'): Promise<NamedCache> {
  const l2 = redis(connection);
  const cache = new NamedCache('taken', { l2, l1: false, ttl: '10m', prefix, deadline });
  open.push(cache, l2);
  while (cache.stats().shared?.isUp !== true) await sleep(5);
  return cache;
}

function adminOf({ port }: OwnCacheServer): Redis {
  const admin = new Redis(port, '127.0.0.1', { retryStrategy: () => 20 }).on('error', () => undefined);
  admins.push(admin);
  return admin;
}

async function values(cache: NamedCache): Promise<readonly unknown[]> {
  return [...new Set((await cache.getMany(KEYS)).values())];
}

async function startCluster(): Promise<{ readonly nodes: NonNullable<RedisConnection['cluster']>; readonly masters: readonly Redis[] }> {
  const cluster = await startRedisCluster();
  servers = [...cluster.servers];
  return { nodes: cluster.nodes, masters: cluster.servers.map(adminOf) };
}

test('one connection of a cluster that is closed is no outage: keys of the other nodes, and its own, are found as before', async () => {
  const { nodes, masters } = await startCluster();
  const cache = await cacheOn({ cluster: nodes }, randomUUID(), '2s');
  const states: string[] = [];
  cache.on('state', ({ state }) => states.push(state));
  await cache.setMany(KEYS.map((key) => [key, 1]));
  for (const master of masters) {
    await master.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    // It is heard of in a moment.
    await sleep(20);
    expect((await cache.getMany(KEYS)).size).toBe(KEYS.length);
    await cache.setMany(KEYS.map((key) => [key, 2]));
    expect(await values(cache)).toEqual([2]);
  }
  expect(states).toEqual([]);
  expect(cache.stats().shared).toMatchObject({ outages: 0, failures: 0, refused: 0, overruled: 0 });
}, 60_000);

test('of a cluster, what a replica had in time is not believed when it takes the place of a master that is silent', async () => {
  const { nodes, masters } = await startCluster();
  const [silent] = servers;
  const [master] = masters;
  const replica = await ownCacheServer('redis', { args: CLUSTER_ARGS });
  servers.push(replica);
  const other = adminOf(replica);
  await other.cluster('MEET', '127.0.0.1', silent?.port ?? 0);
  const id = String(await master?.cluster('MYID'));
  while ((await other.cluster('REPLICATE', id).catch(() => 'not yet')) !== 'OK') await sleep(20);
  while (!(await other.info('replication')).includes('master_link_status:up')) await sleep(20);
  while ((await masters[1]?.cluster('SLOTS') as unknown[][]).every((range) => range.length < 4)) await sleep(20);
  const prefix = randomUUID();
  // A process that looks now and then where the keys are, and one that writes.
  const reader = await cacheOn({ cluster: nodes, slotsRefreshInterval: 100 }, prefix);
  const writer = await cacheOn({ cluster: nodes }, prefix, '2s');
  await writer.setMany(KEYS.map((key) => [key, 'old']));
  expect(await values(reader)).toEqual(['old']);
  await master?.wait(1, 5_000);
  // What it is told from now on does not reach the replica.
  await other.config('SET', 'masteruser', 'nobody');
  await other.config('SET', 'masterauth', 'nothing');
  await master?.call('CLIENT', 'KILL', 'TYPE', 'replica');
  await writer.setMany(KEYS.map((key) => [key, 'new']));
  while (!(await values(reader)).includes('new')) await sleep(5);
  silent?.signal('SIGSTOP');
  await other.cluster('FAILOVER', 'TAKEOVER');
  const seen = new Set<unknown>();
  for (const end = performance.now() + 3_000; performance.now() < end;) {
    for (const value of await values(reader)) seen.add(value);
    await sleep(5);
  }
  expect([...seen].filter((value) => value !== 'new')).toEqual([]);
  const late = await cacheOn({ cluster: nodes }, prefix, '2s');
  await late.setMany(KEYS.map((key) => [key, 'newest']));
  while ((await reader.getMany(KEYS)).size < KEYS.length) await sleep(5);
  expect(await values(reader)).toEqual(['newest']);
}, 60_000);

test('of a master that sentinels have replaced, who asked nothing meanwhile believes nothing when it is back', async () => {
  const [master, replica] = [await ownCacheServer('redis'), await ownCacheServer('redis')];
  servers = [master, replica];
  const other = adminOf(replica);
  await other.replicaof('127.0.0.1', master.port);
  while (!(await other.info('replication')).includes('master_link_status:up')) await sleep(20);
  const config = `sentinel monitor main 127.0.0.1 ${String(master.port)} 2\nsentinel down-after-milliseconds main 300\nsentinel failover-timeout main 2000\n`;
  const watchers: OwnCacheServer[] = [];
  for (let left = 3; left > 0; left -= 1) watchers.push(await ownCacheServer('redis', { config, args: ['--sentinel'] }));
  servers.push(...watchers);
  const sentinels = watchers.map(({ port }) => ({ host: '127.0.0.1', port }));
  const [first] = watchers.map(adminOf);
  while ((await first?.call('SENTINEL', 'SENTINELS', 'main') as unknown[]).length < 2 || (await first?.call('SENTINEL', 'REPLICAS', 'main') as unknown[]).length < 1) await sleep(50);
  const prefix = randomUUID();
  const [writer, idle] = [await cacheOn({ sentinels, name: 'main' }, prefix), await cacheOn({ sentinels, name: 'main' }, prefix)];
  await writer.setMany(KEYS.map((key) => [key, 'old']));
  expect(await values(idle)).toEqual(['old']);
  master.signal('SIGSTOP');
  while (!(await other.info('replication')).includes('role:master')) await sleep(20);
  const late = await cacheOn({ sentinels, name: 'main' }, prefix, '2s');
  await late.setMany(KEYS.map((key) => [key, 'new']));
  expect(await values(late)).toEqual(['new']);
  await sleep(1_000);
  master.signal('SIGCONT');
  const seen = new Set<unknown>();
  for (const end = performance.now() + 1_000; performance.now() < end;) {
    for (const value of await values(idle)) seen.add(value);
    await sleep(5);
  }
  expect([...seen]).toEqual(['new']);
  expect(await values(writer)).toEqual(['new']);
}, 60_000);
