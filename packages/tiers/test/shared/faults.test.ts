import { randomUUID } from 'node:crypto';
import { ownCacheServer, type CacheServerKind, type OwnCacheServer, type OwnCacheServerOptions } from '@ormolu/test-support';
import { Redis } from 'ioredis';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../src/backend/backend';
import { memcached } from '../../src/memcached';
import { NamedCache } from '../../src/named-cache/named-cache';
import { redis } from '../../src/redis';
import { CacheLoad, type Wrongs } from '../support/cache-load';

const CONNECT: Readonly<Record<CacheServerKind, (url: string) => Backend>> = { redis: (url) => redis(url), memcached: (url) => memcached(url) };

let open: (NamedCache | Backend)[] = [];
let servers: OwnCacheServer[] = [];

beforeEach(() => {
  // What is told once for each change is told here, too.
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all(open.map((one) => one.close()));
  for (const server of servers) server.stop();
  open = [];
  servers = [];
});

async function started(kind: CacheServerKind, options: OwnCacheServerOptions = {}): Promise<OwnCacheServer> {
  const server = await ownCacheServer(kind, options);
  servers.push(server);
  return server;
}

/** Ends a server at once, and gives its place to another. */
async function replaced(kind: CacheServerKind, server: OwnCacheServer, options: OwnCacheServerOptions = {}): Promise<OwnCacheServer> {
  server.signal('SIGKILL');
  await sleep(500);
  return started(kind, { port: server.port, ...options });
}

/** Caches with default options on connections of their own, as processes have them; what they keep in memory is not what is tried. */
function caches(kind: CacheServerKind, url: string, prefix: string): { readonly one: () => NamedCache } {
  return {
    one: () => {
      const backend = CONNECT[kind](url);
      const cache = new NamedCache('faults', { l2: backend, prefix, ttl: '10m', l1: false });
      open.push(cache, backend);
      return cache;
    },
  };
}

interface Trial {
  readonly kind: CacheServerKind;
  readonly server: OwnCacheServer;
  readonly keys?: number;
  readonly bytes?: number;
  /** Ends when the server is there again. */
  readonly fault: (load: CacheLoad) => Promise<void>;
}

async function tried({ kind, server, fault, keys = 60, bytes }: Trial): Promise<{ readonly wrongs: Wrongs; readonly writer: NamedCache }> {
  const { one } = caches(kind, server.url, `f-${randomUUID()}`);
  const load = new CacheLoad({ keys, ...(bytes === undefined ? {} : { bytes }) });
  const writer = one();
  const running = load.run({ writer, readers: [one(), one()] });
  await sleep(400);
  load.isJudged = false;
  await fault(load);
  // From here on nothing is written that would cover up what is old.
  load.isWriting = false;
  await sleep(1_000);
  load.isJudged = true;
  await load.readAll(one());
  load.isWriting = true;
  await sleep(400);
  load.end();
  await running;
  return { wrongs: load.wrongs, writer };
}

const NOTHING_WRONG = { errors: [], slow: 0, stale: 0 };

test.each(['redis', 'memcached'] as const)('%s is killed and comes back empty: no error, no wait, nothing old a second later', async (kind) => {
  const server = await started(kind);
  const { wrongs, writer } = await tried({
    kind, server, fault: async () => {
      await replaced(kind, server);
    },
  });
  expect(wrongs).toMatchObject(NOTHING_WRONG);
  expect(writer.stats().shared?.outages).toBeGreaterThan(0);
  expect(writer.stats().shared?.isUp).toBe(true);
});

test.each(['redis', 'memcached'] as const)('%s stands still and goes on: what it is told late does not come back', async (kind) => {
  const server = await started(kind);
  const { wrongs, writer } = await tried({
    kind, server, fault: async () => {
      server.signal('SIGSTOP');
      await sleep(1_200);
      server.signal('SIGCONT');
    },
  });
  expect(wrongs).toMatchObject(NOTHING_WRONG);
  expect(writer.stats().shared?.outages).toBeGreaterThan(0);
  expect(writer.stats().shared?.isUp).toBe(true);
});

test('Redis is restored to what it was: none of that is believed', async () => {
  const server = await started('redis');
  const { wrongs } = await tried({
    kind: 'redis', server, fault: async (load) => {
      const admin = new Redis(server.url);
      await admin.save();
      const before = await admin.dbsize();
      admin.disconnect();
      expect(before).toBeGreaterThan(10);
      const { writes } = load.wrongs;
      while (load.wrongs.writes < writes + 100) await sleep(20);
      await replaced('redis', server, { folder: server.folder });
      const after = new Redis(server.url);
      expect(await after.dbsize()).toBeGreaterThan(10);
      after.disconnect();
    },
  });
  expect(wrongs).toMatchObject(NOTHING_WRONG);
});

test('Redis evicts for want of memory, at any time, marks too: nothing old is believed', async () => {
  const server = await started('redis', { args: ['--maxmemory', '3mb', '--maxmemory-policy', 'allkeys-random'] });
  const admin = new Redis(server.url);
  const { wrongs } = await tried({
    kind: 'redis', server, keys: 100, bytes: 100_000, fault: async (load) => {
      load.isJudged = true;
      for (const end = Date.now() + 10_000; Date.now() < end && !(await evicted(admin));) await sleep(50);
      expect(await evicted(admin)).toBe(true);
    },
  });
  admin.disconnect();
  expect(wrongs).toMatchObject(NOTHING_WRONG);
});

test('Memcached evicts for want of memory: nothing old is believed', async () => {
  const server = await started('memcached', { args: ['-m', '8'] });
  const { wrongs } = await tried({
    kind: 'memcached', server, keys: 150, bytes: 100_000, fault: async (load) => {
      load.isJudged = true;
      for (const end = Date.now() + 10_000; Date.now() < end && (await evictions(server)) <= 20;) await sleep(50);
      expect(await evictions(server)).toBeGreaterThan(20);
    },
  });
  expect(wrongs).toMatchObject(NOTHING_WRONG);
});

async function evictions({ port }: OwnCacheServer): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.write('stats\r\nquit\r\n');
  let said = '';
  for await (const part of socket) said += String(part);
  return Number(/STAT evictions (\d+)/.exec(said)?.[1] ?? 0);
}

test.each([['redis', 'SIGKILL'], ['redis', 'SIGSTOP'], ['memcached', 'SIGKILL'], ['memcached', 'SIGSTOP']] as const)('%s, %s: what is in memory is answered at once, and the server is not asked', async (kind, signal) => {
  const server = await started(kind);
  const backend = CONNECT[kind](server.url);
  const cache = new NamedCache('hot', { l2: backend, ttl: '10m', prefix: `h-${randomUUID()}`, l1: { maxEntries: 100, ttl: '10m' } });
  open.push(cache, backend);
  const keys = Array.from({ length: 50 }, (_, at) => `hot:${String(at)}`);
  await cache.setMany(keys.map((key) => [key, key]));
  server.signal(signal);
  for (const when of ['at first', 'when it is known']) {
    const { calls, refused } = cache.stats().shared ?? {};
    const answers = Promise.all(keys.map((key) => cache.getOrSet(key, () => Promise.reject(new Error('loaded')))));
    // Whoever waits for nothing but memory is served before the next turn of the event loop.
    expect(await Promise.race([answers, new Promise((resolve) => setImmediate(() => resolve(`late, ${when}`)))])).toEqual(keys);
    expect(cache.stats().shared).toMatchObject({ calls, refused });
    if (when === 'at first') while (cache.stats().shared?.isUp === true) await cache.get('cold');
  }
  // Who is stopped does not hear that it is to end.
  if (signal === 'SIGSTOP') server.signal('SIGKILL');
});

async function evicted(admin: Redis): Promise<boolean> {
  return Number(/evicted_keys:(\d+)/.exec(await admin.info('stats'))?.[1] ?? 0) > 20;
}

test('with nobody there from the start, a cache is its memory and its loader', async () => {
  const backend = redis('redis://127.0.0.1:1');
  const cache = new NamedCache('nobody', { l2: backend, ttl: '1m' });
  open.push(cache, backend);
  const began = performance.now();
  expect(await cache.getOrSet('k', () => 1)).toBe(1);
  await cache.set('other', 2);
  expect([await cache.get('k'), await cache.get('other'), await cache.get('none')]).toEqual([1, 2, undefined]);
  expect(await cache.delete('k')).toBe(true);
  await cache.clear();
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(cache.stats().shared).toMatchObject({ isUp: false, outages: 1 });
});

test('without a first level, memory stands in while the server is away, and only then', async () => {
  const server = await started('redis');
  const backend = redis(server.url);
  const cache = new NamedCache('falls-back', { l2: backend, l1: false, fallback: 'memory', ttl: '1m' });
  open.push(cache, backend);
  await cache.get('k');
  const states: string[] = [];
  cache.on('state', ({ state }) => states.push(state));
  await cache.set('k', 'there');
  expect(cache.stats().size).toBe(0);
  server.signal('SIGKILL');
  while (cache.stats().shared?.isUp === true) await sleep(10);
  await cache.set('k', 'here');
  expect(await cache.get('k')).toBe('here');
  const another = await started('redis', { port: server.port });
  while (cache.stats().shared?.isUp !== true) await sleep(10);
  expect(cache.stats().size).toBe(0);
  expect(await cache.get('k')).toBeUndefined();
  expect(states).toEqual(['away', 'up']);
  another.stop();
});

test('more writes in vain than are remembered give up all that the server holds, once it is back', async () => {
  const server = await started('redis');
  const { one } = caches('redis', server.url, `v-${randomUUID()}`);
  const reader = one();
  const backend = redis(server.url);
  const writer = new NamedCache('faults', { l2: backend, prefix: 'given-up', ttl: '10m', l1: false, maxUnsure: 5 });
  const other = new NamedCache('faults', { l2: backend, prefix: 'given-up', ttl: '10m', l1: false });
  open.push(writer, other, backend);
  await reader.get('k');
  const keys = Array.from({ length: 20 }, (_, at) => `k${String(at)}`);
  await writer.setMany([...keys, 'untouched'].map((key) => [key, 'old']));
  expect((await other.getMany(keys)).size).toBe(20);
  server.signal('SIGSTOP');
  while (writer.stats().shared?.isUp === true) await writer.delete('k0');
  for (const key of keys) await writer.delete(key);
  server.signal('SIGCONT');
  while (writer.stats().shared?.isUp !== true || other.stats().shared?.isUp !== true) await sleep(10);
  expect([...(await other.getMany([...keys, 'untouched'])).keys()]).toEqual([]);
  expect(writer.stats().shared?.forgotten).toBe(1);
});
