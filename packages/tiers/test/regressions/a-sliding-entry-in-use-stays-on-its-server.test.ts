import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sharedCacheServer, type CacheServerKind } from '@ormolu/test-support';
import type { Backend } from '../../src/backend/backend';
import { memcached } from '../../src/memcached';
import { NamedCache } from '../../src/named-cache/named-cache';
import type { FirstLevelOptions } from '../../src/named-cache/options';
import { redis } from '../../src/redis';

const CONNECT: Readonly<Record<CacheServerKind, (url: string) => Backend>> = { redis: (url) => redis(url), memcached: (url) => memcached(url) };
const TTL_MS = 2_000;
const FIRST_LEVELS: readonly (readonly [string, (FirstLevelOptions & { readonly ttl?: number }) | false])[] = [
  ['a memory that serves longer', { ttl: 60_000 }], ['a memory that serves for half of it', { ttl: TTL_MS / 2 }], ['a memory that serves without end', { ttl: 0 }], ['no memory', false],
];

// Side by side: they mostly wait.
test.concurrent.each(['redis', 'memcached'] as const)('a sliding entry that is used stays on %s, whatever is kept in memory; one that is not goes', async (kind) => {
  const l2 = CONNECT[kind](await sharedCacheServer(kind));
  const prefix = `sliding-${randomUUID()}`;
  const caches = FIRST_LEVELS.map(([of, l1], at) => ({ of, cache: new NamedCache(`c${String(at)}`, { prefix, l2, l1, ttl: TTL_MS, sliding: true, deadline: '5s' }) }));
  const found = async (): Promise<readonly string[]> => {
    const values = await Promise.all(caches.map(({ cache }) => cache.get('used')));
    return caches.flatMap(({ of }, at) => (values[at] === 1 ? [of] : []));
  };
  const all = caches.map(({ of }) => of);
  await Promise.all(caches.map(({ cache }) => cache.setMany([['used', 1], ['unused', 1]])));
  for (const endMs = performance.now() + 1.4 * TTL_MS; performance.now() < endMs;) {
    expect(await found()).toEqual(all);
    await sleep(TTL_MS / 20);
  }
  // What was read from memory last counts as well.
  await sleep(0.6 * TTL_MS);
  expect(await found()).toEqual(all);
  expect((await Promise.all(caches.map(({ cache }) => cache.get('unused')))).every((value) => value === undefined)).toBe(true);
  // Memcached counts whole seconds.
  await sleep(TTL_MS + 1_500);
  expect(await found()).toEqual([]);
  await Promise.all(caches.map(({ cache }) => cache.close()));
  await l2.close();
}, 30_000);
