import { randomUUID } from 'node:crypto';
import { ownCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import { Redis } from 'ioredis';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../src/backend/backend';
import { memcached } from '../../src/memcached';
import { NamedCache } from '../../src/named-cache/named-cache';
import { redis } from '../../src/redis';
import { CacheLoad, type Wrongs } from '../support/cache-load';
import { CLUSTER_ARGS, startRedisCluster } from '../support/redis-cluster';

/*
 * What faults.test.ts tries of one server, here of one among several: of a Redis Cluster, which is away as a whole then, and of a ring of Memcached servers, each of which stands alone.
 */

const KINDS = ['Redis Cluster', 'Memcached ring'] as const;

/** Several servers, which all tests share, and one of them that they do to what they will. */
interface Several {
  readonly connect: () => Backend;
  readonly one: () => OwnCacheServer;
  /** Ends one, and gives its place to another that is empty. */
  readonly replace: () => Promise<void>;
  /** Ends one, or all, which come back with what they had a while before. @param before - told when it begins @returns how many entries that were */
  readonly restore?: (which: 'one' | 'all', before: () => void) => Promise<number>;
  /** Until all of them can be used, as their programs say. */
  readonly whole: () => Promise<void>;
  /** Has that one hold no more than a little from now on, or as much as before; and how many entries it has evicted. */
  readonly squeeze: (isTight: boolean) => Promise<void>;
  readonly evicted: () => Promise<number>;
  readonly stop: () => void;
}

let several: Readonly<Record<(typeof KINDS)[number], Several>>;
let open: (NamedCache | Backend)[] = [];

beforeAll(async () => {
  several = { 'Redis Cluster': await ofCluster(), 'Memcached ring': await ofRing() };
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
  for (const { stop } of Object.values(several)) stop();
});

async function ofCluster(): Promise<Several> {
  const cluster = await startRedisCluster();
  const servers = [...cluster.servers];
  const admins = servers.map(({ port }) => new Redis(port, '127.0.0.1', { retryStrategy: () => 20 }).on('error', () => undefined));
  const one = (): OwnCacheServer => servers[1] ?? cluster.servers[0] as OwnCacheServer; // there are three
  return {
    connect: () => redis({ cluster: cluster.nodes }), one,
    replace: async () => {
      const { port, folder } = one();
      one().signal('SIGKILL');
      await sleep(500);
      // It keeps its place among the others, and nothing else.
      servers[1] = await ownCacheServer('redis', { port, folder, args: CLUSTER_ARGS });
    },
    restore: async (which, before) => {
      const places = which === 'one' ? [1] : [0, 1, 2];
      for (const at of places) await admins[at]?.save();
      await sleep(500);
      before();
      for (const at of places) servers[at]?.signal('SIGKILL');
      await sleep(300);
      for (const at of places) servers[at] = await ownCacheServer('redis', { port: servers[at]?.port ?? 0, folder: servers[at]?.folder ?? '', args: CLUSTER_ARGS });
      let entries = 0;
      for (const at of places) entries += await admins[at]?.dbsize().catch(() => 0) ?? 0;
      return entries;
    },
    whole: async () => {
      for (const admin of admins) while (!/cluster_state:ok/.test(await admin.cluster('INFO').catch(() => ''))) await sleep(20);
    },
    squeeze: async (isTight) => {
      await admins[1]?.config('SET', 'maxmemory-policy', 'allkeys-random');
      await admins[1]?.config('SET', 'maxmemory', isTight ? '4mb' : '0');
    },
    evicted: async () => Number(/evicted_keys:(\d+)/.exec(await admins[1]?.info('stats') ?? '')?.[1] ?? 0),
    stop: () => {
      for (const admin of admins) admin.disconnect();
      for (const server of servers) server.stop();
      cluster.stop();
    },
  };
}

async function ofRing(): Promise<Several> {
  // As many pages as they have classes of sizes: large values push each other out.
  const args = ['-m', '8'];
  const servers = [await ownCacheServer('memcached', { args }), await ownCacheServer('memcached', { args })];
  const one = (): OwnCacheServer => servers[1] as OwnCacheServer; // there are two
  return {
    connect: () => memcached(servers.map(({ url }) => url)), one,
    replace: async () => {
      const { port } = one();
      one().signal('SIGKILL');
      await sleep(500);
      servers[1] = await ownCacheServer('memcached', { port, args });
    },
    whole: () => Promise.resolve(),
    squeeze: () => Promise.resolve(),
    evicted: async () => {
      const socket = connect(one().port, '127.0.0.1');
      socket.write('stats\r\nquit\r\n');
      let said = '';
      for await (const part of socket) said += String(part);
      return Number(/STAT evictions (\d+)/.exec(said)?.[1] ?? 0);
    },
    stop: () => {
      for (const server of servers) server.stop();
    },
  };
}

/** Readers and a writer with default options on connections of their own, as processes have them, and one with a memory that everything is in; what befalls a server meanwhile ends when it can be used again. */
async function tried(kind: (typeof KINDS)[number], { fault, keys = 60, bytes, isJudged = false }: { readonly fault: (load: CacheLoad, several: Several) => Promise<void>; readonly keys?: number; readonly bytes?: number; readonly isJudged?: boolean }): Promise<{ readonly wrongs: Wrongs; readonly hot: number; readonly writer: NamedCache }> {
  const prefix = `s-${randomUUID()}`;
  const one = (name: string, l1: false | { readonly ttl: '10m' }): NamedCache => {
    const backend = several[kind].connect();
    const cache = new NamedCache(name, { l2: backend, prefix, ttl: '10m', l1 });
    open.push(cache, backend);
    return cache;
  };
  const [writer, reader, other, last] = ['', '', '', ''].map(() => one('faults', false)) as [NamedCache, NamedCache, NamedCache, NamedCache]; // one each
  const hot = one('hot', { ttl: '10m' });
  for (const cache of [writer, reader, other, last, hot]) while (cache.stats().shared?.isUp !== true) await sleep(5);
  const load = new CacheLoad({ keys, ...(bytes === undefined ? {} : { bytes }) });
  await hot.setMany(Array.from({ length: 20 }, (_, at) => [`hot:${String(at)}`, at]));
  const running = load.run({ writer, readers: [reader, other] });
  let [isOver, wrongHot] = [false, 0];
  const heating = (async (): Promise<void> => {
    while (!isOver) {
      const asked = Promise.all(Array.from({ length: 20 }, (_, at) => hot.getOrSet(`hot:${String(at)}`, () => -1)));
      // Whoever waits for nothing but memory is served before the next turn of the event loop.
      const told = await Promise.race([asked, new Promise<number[]>((resolve) => setImmediate(() => resolve([])))]);
      if (told.length !== 20 || told.some((value, at) => value !== at)) wrongHot += 1;
      await sleep(5);
    }
  })();
  await sleep(300);
  load.isJudged = isJudged;
  await fault(load, several[kind]);
  await several[kind].whole();
  // From here on nothing is written that would cover up what is old.
  load.isWriting = false;
  await sleep(1_000);
  load.isJudged = true;
  await load.readAll(last);
  load.isWriting = true;
  await sleep(200);
  load.end();
  isOver = true;
  await Promise.all([running, heating]);
  return { wrongs: load.wrongs, hot: wrongHot, writer };
}

const NOTHING_WRONG = { errors: [], slow: 0, stale: 0 };

describe.each(KINDS)('%s', (kind) => {
  test('one server is killed and comes back empty: no error, no wait, nothing old a second later, and what is in memory is answered at once', async () => {
    const { wrongs, hot, writer } = await tried(kind, { fault: (_, { replace }) => replace() });
    expect([wrongs, hot]).toMatchObject([NOTHING_WRONG, 0]);
    expect(writer.stats().shared?.outages).toBeGreaterThan(0);
    while (writer.stats().shared?.isUp !== true) await sleep(5);
  }, 60_000);

  test('one server stands still and goes on: what it is told late does not come back', async () => {
    const { wrongs, hot, writer } = await tried(kind, {
      fault: async (_, { one }) => {
        one().signal('SIGSTOP');
        await sleep(1_200);
        one().signal('SIGCONT');
      },
    });
    expect([wrongs, hot]).toMatchObject([NOTHING_WRONG, 0]);
    expect(writer.stats().shared?.outages).toBeGreaterThan(0);
    while (writer.stats().shared?.isUp !== true) await sleep(5);
  }, 60_000);

  test('one server evicts for want of memory, at any time, marks too: nothing old is believed', async () => {
    const { wrongs, hot } = await tried(kind, {
      keys: 250, bytes: 100_000, isJudged: true, fault: async (_, { squeeze, evicted }) => {
        const before = await evicted();
        await squeeze(true);
        for (const end = Date.now() + 15_000; Date.now() < end && (await evicted()) - before <= 20;) await sleep(50);
        expect((await evicted()) - before).toBeGreaterThan(20);
        await squeeze(false);
      },
    });
    expect([wrongs, hot]).toMatchObject([NOTHING_WRONG, 0]);
  }, 60_000);
});

test.each(['one', 'all'] as const)('nodes of a Redis Cluster, %s of them, come back with what they had a while before: nothing of that is believed a second later', async (which) => {
  let restored = 0;
  const { wrongs, hot, writer } = await tried('Redis Cluster', { 
    // What is written behind that would cover up what is old.
    fault: async (load, { restore }) => { restored = await restore?.(which, () => { load.isWriting = false; }) ?? 0; },
  });
  expect([wrongs, hot]).toMatchObject([NOTHING_WRONG, 0]);
  expect(restored).toBeGreaterThan(0);
  expect(writer.stats().shared?.outages).toBeGreaterThan(0);
  while (writer.stats().shared?.isUp !== true) await sleep(5);
}, 60_000);
