import { ownCacheServer, type CacheServerKind, type OwnCacheServer } from '@ormolu/test-support';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../src/backend/backend';
import { memcached } from '../../src/memcached';
import { NamedCache } from '../../src/named-cache/named-cache';
import { redis } from '../../src/redis';

const CONNECT: Readonly<Record<CacheServerKind, (url: string) => Backend>> = { redis: (url) => redis(url), memcached: (url) => memcached(url) };

let server: OwnCacheServer | undefined;
let open: (NamedCache | Backend)[] = [];
beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  server?.signal('SIGCONT');
  await Promise.all(open.map((one) => one.close()));
  open = [];
  server?.stop();
});

test.each(['redis', 'memcached'] as const)('%s takes connections and answers nothing when a process begins: its first calls wait for a deadline, those after them for nothing', async (kind) => {
  server = await ownCacheServer(kind);
  server.signal('SIGSTOP');
  const l2 = CONNECT[kind](server.url);
  const cache = new NamedCache('first', { l2, l1: false, ttl: '1m' });
  open.push(cache, l2);
  let loads = 0;
  const load = (): number => (loads += 1);
  expect(await Promise.all([cache.getOrSet('a', load), cache.get('b'), cache.getMany(['c', 'd']), cache.delete('e')])).toEqual([1, undefined, new Map(), false]);
  // That it is away is known, and told, after a second.
  expect(cache.stats().shared).toMatchObject({ outages: 0, calls: 0 });
  const turns = Promise.all([cache.getOrSet('a', load), cache.get('b'), cache.set('c', 1)]);
  expect(await Promise.race([turns, new Promise((resolve) => setImmediate(() => setImmediate(() => resolve('waits'))))])).toEqual([2, undefined, undefined]);
  server.signal('SIGCONT');
  while (cache.stats().shared?.isUp !== true) await sleep(5);
  while ((await cache.get('c')) !== 2) await cache.set('c', 2);
  expect(await cache.get('b')).toBeUndefined();
});
