import { setTimeout as sleep } from 'node:timers/promises';
import { ownCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import type { Backend } from '../../src/backend/backend';
import { NamedCache } from '../../src/named-cache/named-cache';
import { redis } from '../../src/redis';

let server: OwnCacheServer;
let open: (NamedCache | Backend)[] = [];
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

test('Redis stands still: deleting by pattern ends, and what fitted is gone for all when it goes on', async () => {
  const caches = [redis(server.url), redis(server.url)].map((l2) => {
    const cache = new NamedCache('pattern', { l2, l1: false, ttl: '1h' });
    open.push(cache, l2);
    return cache;
  });
  const [a, b] = caches as [NamedCache, NamedCache]; // two were made
  await a.set('city:1', 1);
  expect(await b.get('city:1')).toBe(1);
  server.signal('SIGSTOP');
  const beganMs = performance.now();
  const outcome = await Promise.race([a.deleteByPattern('city:*'), sleep(5_000, 'still waiting', { ref: false })]);
  const tookMs = performance.now() - beganMs;
  server.signal('SIGCONT');
  expect(outcome).toBe(0);
  // Three tries, and telling the server that all is given up, of 40 ms each.
  expect(tookMs).toBeLessThan(1_000);
  expect(a.stats().shared?.failures).toBeGreaterThan(0);
  const endMs = performance.now() + 5_000;
  while (performance.now() < endMs && (await b.get('city:1')) !== undefined) await sleep(20);
  expect(await b.get('city:1')).toBeUndefined();
  expect(await a.get('city:1')).toBeUndefined();
  // The cache goes on.
  while (performance.now() < endMs && a.stats().shared?.isUp !== true) await sleep(20);
  await a.set('city:2', 2);
  while (performance.now() < endMs && (await b.get('city:2')) === undefined) await a.set('city:2', 2);
  expect(await b.get('city:2')).toBe(2);
}, 20_000);
