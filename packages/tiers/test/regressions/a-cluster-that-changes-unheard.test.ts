import { randomUUID } from 'node:crypto';
import { ownCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../src/backend/backend';
import { NamedCache } from '../../src/named-cache/named-cache';
import { redis } from '../../src/redis';
import { CLUSTER_ARGS, startRedisCluster, type RedisCluster } from '../support/redis-cluster';

/*
 * A process heard of a cluster only when all of its connections were lost. One that asked nothing while a node was restarted from what it had saved believed that; and of two processes that
 * had begun before and behind a failover, none ever believed what the other wrote.
 */

let cluster: RedisCluster;
let admins: Redis[];
let restarted: OwnCacheServer | undefined;
let open: (Backend | NamedCache)[] = [];

beforeAll(async () => {
  cluster = await startRedisCluster();
  admins = cluster.nodes.map(({ port }) => new Redis(port, '127.0.0.1', { retryStrategy: () => 20 }).on('error', () => undefined));
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
  restarted?.stop();
  cluster.stop();
});

/** As a process of its own has them. */
async function caches(prefixes: readonly string[]): Promise<readonly NamedCache[]> {
  const l2 = redis({ cluster: cluster.nodes });
  const all = prefixes.map((prefix) => new NamedCache('unheard', { l2, l1: false, ttl: '10m', prefix, deadline: '5s' }));
  open.push(...all, l2);
  await whole(all);
  return all;
}

async function whole(all: readonly NamedCache[]): Promise<void> {
  while (!all.every((cache) => cache.stats().shared?.isUp === true)) await sleep(5);
}

test('a node that comes back with what it had long ago is not believed, also by who asked nothing while it was away', async () => {
  const prefix = randomUUID();
  const keys = Array.from({ length: 60 }, (_, at) => `key:${String(at)}`);
  const all = [...await caches([prefix]), ...await caches([prefix])];
  const [writer, idle] = all;
  const [server] = cluster.servers;
  if (!writer || !idle || !server) throw new Error('two caches and three servers were made');
  await writer.setMany(keys.map((key) => [key, 'old']));
  await admins[0]?.save();
  await writer.setMany(keys.map((key) => [key, 'new']));
  expect(new Set((await idle.getMany(keys)).values())).toEqual(new Set(['new']));
  server.signal('SIGKILL');
  await sleep(300);
  restarted = await ownCacheServer('redis', { port: server.port, folder: server.folder, args: CLUSTER_ARGS });
  for (const admin of admins) while (!/cluster_state:ok/.test(await admin.cluster('INFO').catch(() => ''))) await sleep(20);
  expect(await admins[0]?.dbsize()).toBeGreaterThan(5);
  await whole(all);
  for (const cache of all) expect([...(await cache.getMany(keys)).values()]).toEqual([]);
  await writer.setMany(keys.map((key) => [key, 'newest']));
  for (const cache of all) expect([...(await cache.getMany(keys)).values()]).toEqual(keys.map(() => 'newest'));
}, 60_000);

/** Gives the slots of the first node to the second: it is not among the nodes that have keys any more. */
async function moveSlots(): Promise<void> {
  const [from, to] = admins;
  await Promise.all(admins.map((admin) => admin.flushall()));
  const [id, bounds] = [await to?.cluster('MYID'), /myself.* (\d+)-(\d+)/.exec(String(await from?.cluster('NODES'))) ?? []];
  for (let slot = Number(bounds[1]); slot <= Number(bounds[2]); slot += 1) await Promise.all(admins.map((admin) => admin.cluster('SETSLOT', slot, 'NODE', String(id))));
}

/** Who hears of a change of the nodes believes nothing until it has asked which they are by now: meanwhile it misses, and what it writes is not kept. */
async function comesThrough(from: NamedCache, to: NamedCache, value: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    await from.set('k', value);
    const got = await to.get('k');
    if (got === value) return;
    expect(got).toBeUndefined();
    await sleep(50);
  }
  throw new Error('what one process writes is never believed by the other');
}

test('processes that began before and behind a change of its nodes share what they keep', async () => {
  // Their marks lie in several slots, moved and unmoved.
  const prefixes = Array.from({ length: 6 }, () => randomUUID());
  const before = await caches(prefixes);
  await moveSlots();
  const behind = await caches(prefixes);
  for (const [at, old] of before.entries()) {
    const young = behind[at];
    if (!young) throw new Error('as many were made behind it');
    await comesThrough(young, old, at);
    await young.delete('k');
    await comesThrough(old, young, at);
  }
}, 60_000);
