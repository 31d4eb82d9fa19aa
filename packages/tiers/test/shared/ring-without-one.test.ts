import { randomUUID } from 'node:crypto';
import { ownCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../src/backend/backend';
import { memcached } from '../../src/memcached';
import { NamedCache } from '../../src/named-cache/named-cache';
import type { NamedCacheOptions } from '../../src/named-cache/options';

let servers: OwnCacheServer[] = [];
let stopped: OwnCacheServer | undefined;
let open: (NamedCache | Backend)[] = [];
beforeEach(async () => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  servers = await Promise.all([ownCacheServer('memcached'), ownCacheServer('memcached'), ownCacheServer('memcached')]);
});
afterEach(async () => {
  jest.restoreAllMocks();
  // Who is stopped does not hear that it is to end.
  stopped?.signal('SIGCONT');
  stopped = undefined;
  await Promise.all(open.map((one) => one.close()));
  open = [];
  for (const server of servers) server.stop();
});

const KEYS = Array.from({ length: 300 }, (_, at) => `key:${String(at)}`);

/** Two caches as two processes have them, at default options but for those that are given; `away` is at the same place of the ring for both. */
function two(options: NamedCacheOptions = {}): { readonly a: NamedCache; readonly b: NamedCache; readonly isOf: (server: number, key: string) => boolean } {
  const prefix = `ring-${randomUUID()}`;
  const urls = servers.map(({ url }) => url);
  const rings = [memcached(urls), memcached(urls)];
  const [a, b] = rings.map((l2) => new NamedCache('ring', { l2, prefix, l1: false, ttl: '10m', ...options })) as [NamedCache, NamedCache]; // one each
  open.push(a, b, ...rings);
  return { a, b, isOf: (server, key) => rings[0]?.nodeOf?.(`${prefix}:ring:k:${key}`) === server };
}

function lose(server: number, signal: 'SIGSTOP' | 'SIGKILL'): void {
  servers[server]?.signal(signal);
  if (signal === 'SIGSTOP') stopped = servers[server];
}

const found = async (cache: NamedCache): Promise<ReadonlySet<string>> => new Set((await cache.getMany(KEYS)).keys());

describe.each([0, 1, 2])('a ring of three without server %i', (away) => {
  test.each(['SIGSTOP from the start', 'SIGKILL from the start', 'SIGSTOP while it is used'])('%s: the keys of the others are kept, found, taken out by tag, and emptied as if nothing was; its own are loaded', async (how) => {
    const isLater = how.endsWith('used');
    const signal = how.startsWith('SIGSTOP') ? 'SIGSTOP' : 'SIGKILL';
    if (!isLater) lose(away, signal);
    const { a, b, isOf } = two();
    if (isLater) {
      await a.setMany(KEYS.map((key) => [key, 'before']));
      await found(b);
      lose(away, signal);
    }
    const its = new Set(KEYS.filter((key) => isOf(away, key)));
    const others = new Set(KEYS.filter((key) => !its.has(key)));
    expect(its.size).toBeGreaterThan(20);
    // A busy machine may take longer to connect than first calls wait.
    for (const cache of [a, b]) while ((await found(cache)).size < others.size) await a.setMany(KEYS.map((key) => [key, 0]));
    await a.setMany(KEYS.map((key) => [key, 1]), { tags: ['t'] });
    expect(await found(b)).toEqual(others);
    let loads = 0;
    const load = (): string => {
      loads += 1;
      return 'loaded';
    };
    expect(new Set(await Promise.all(KEYS.map((key) => b.getOrSet<unknown>(key, load))))).toEqual(new Set([1, 'loaded']));
    expect(loads).toBe(its.size);
    expect((await b.getMany<unknown>(KEYS, (missing) => missing.map((key) => [key, load()]))).size).toBe(KEYS.length);
    expect(loads).toBe(2 * its.size);
    await a.deleteByTag('t');
    expect(await found(b)).toEqual(new Set());
    await a.setMany(KEYS.map((key) => [key, 2]));
    expect(await found(b)).toEqual(others);
    await b.clear();
    expect(await found(a)).toEqual(new Set());
    await a.setMany(KEYS.map((key) => [key, 3]));
    expect(await found(b)).toEqual(others);
    if (signal === 'SIGKILL') return;
    servers[away]?.signal('SIGCONT');
    for (const cache of [a, b]) while (cache.stats().shared?.isUp !== true || cache.stats().shared?.unsure !== 0) await sleep(5);
    // What it had been told, or not, is over.
    expect(await found(b)).toEqual(others);
    await a.setMany(KEYS.map((key) => [key, 4]));
    expect(await found(b)).toEqual(new Set(KEYS));
  });
});

test('where memory stands in for a server that is away, it does for no other: what others write there is read', async () => {
  const { a, b, isOf } = two({ fallback: 'memory' });
  // Kept in memory: nothing is known of the servers yet.
  await Promise.all([a, b].map((cache) => cache.setMany(KEYS.map((key) => [key, 'at first']))));
  for (const cache of [a, b]) while (cache.stats().shared?.isUp !== true) await sleep(5);
  await a.setMany(KEYS.map((key) => [key, 'newer']));
  lose(0, 'SIGKILL');
  for (const cache of [a, b]) while (cache.stats().shared?.isUp === true) await sleep(5);
  expect([...(await a.getMany(KEYS)).values()]).not.toContain('at first');
  await a.setMany(KEYS.map((key) => [key, 'of a']));
  await b.setMany(KEYS.map((key) => [key, 'of b']));
  const its = KEYS.filter((key) => isOf(0, key));
  expect([...await a.getMany(KEYS)].filter(([, value]) => value === 'of a').map(([key]) => key)).toEqual(its);
  expect([a.stats().size, b.stats().size]).toEqual([its.length, its.length]);
  const port = servers[0]?.port ?? 0;
  servers[0] = await ownCacheServer('memcached', { port });
  while (a.stats().shared?.isUp !== true) await sleep(5);
  expect(a.stats().size).toBe(0);
});

test('what stood on a server that is away stands in for a loader that fails, as if all were', async () => {
  const { a } = two({ l1: { maxEntries: 1_000, ttl: 1 }, ttl: '1h', grace: '1h' });
  await a.setMany(KEYS.map((key) => [key, 'old']));
  lose(0, 'SIGKILL');
  await sleep(5);
  const fails = (): Promise<never> => Promise.reject(new Error('down'));
  const outcomes = await Promise.allSettled(KEYS.map((key) => a.getOrSet(key, fails)));
  expect(new Set(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : String(outcome.reason))))).toEqual(new Set(['old']));
});

test('what stands on a server that is away is nothing that is found, and no hole among the answers: records are told of each', async () => {
  const { a } = two();
  await a.setMany(KEYS.map((key) => [key, 1]));
  lose(0, 'SIGKILL');
  while (a.stats().shared?.isUp === true) await sleep(5);
  const told: boolean[] = [];
  for (const one of (await a.server?.find(KEYS, []))?.map((found) => found === undefined) ?? []) told.push(one);
  expect(told.filter((isAway) => typeof isAway !== 'boolean')).toEqual([]);
  expect([told.length, new Set(told)]).toEqual([KEYS.length, new Set([true, false])]);
});
