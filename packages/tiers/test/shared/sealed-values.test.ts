import { randomBytes, randomUUID } from 'node:crypto';
import { ownCacheServer, sharedCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import type { Backend } from '../../src/backend/backend';
import { memcached } from '../../src/memcached';
import { NamedCache } from '../../src/named-cache/named-cache';
import type { SharedKey } from '../../src/shared/key-ring';
import { redis } from '../../src/redis';

const [OLD, YOUNG] = ['old', 'young'].map((id): SharedKey => ({ id, key: randomBytes(32) })) as [SharedKey, SharedKey]; // of two
const SECRET = 'Iban BE68 5390 0754 7034';

let memcachedServer: OwnCacheServer;
beforeAll(async () => {
  memcachedServer = await ownCacheServer('memcached');
});
afterAll(() => memcachedServer.stop());

const SERVERS: Readonly<Record<string, () => Promise<Backend>>> = { redis: async () => redis(await sharedCacheServer('redis')), memcached: () => Promise.resolve(memcached(memcachedServer.url)) };

describe.each(Object.entries(SERVERS))('what a program keeps on %s', (_, connect) => {
  let backend: Backend;
  let prefix: string;
  const caches: NamedCache[] = [];
  beforeEach(async () => {
    backend = await connect();
    prefix = `sealed-${randomUUID()}`;
  });
  afterEach(async () => {
    await Promise.all(caches.splice(0).map((cache) => cache.close()));
    await backend.close();
  });

  /** Of a process of its own. */
  function cacheWith(keys: readonly SharedKey[] | undefined): NamedCache {
    const cache = new NamedCache('pages', { l2: backend, l1: false, ttl: '1h', prefix, keys, deadline: '10s', lease: '10s' });
    caches.push(cache);
    return cache;
  }

  const physical = (key: string): string => `${prefix}:pages:k:${key}`;

  async function bytesAt(key: string): Promise<Buffer> {
    const [bytes] = await backend.getMany([physical(key)]);
    return Buffer.from(bytes ?? []);
  }

  test('lies there sealed: values, and what a loader said when it failed; other processes with the key read both', async () => {
    const [a, b] = [cacheWith([OLD]), cacheWith([OLD])];
    await a.set('set', { account: SECRET }, { tags: ['accounts'] });
    await a.getOrSet('loaded', () => [SECRET]);
    await a.getOrSet('absent', () => undefined);
    await expect(a.getOrSet('failed', () => Promise.reject(new Error(SECRET)))).rejects.toThrow(SECRET);
    for (const key of ['set', 'loaded', 'failed']) {
      const bytes = await bytesAt(key);
      expect(bytes.length).toBeGreaterThan(28);
      expect(bytes.includes('Iban')).toBe(false);
    }
    expect([await b.get('set'), await b.getOrSet('loaded', () => 'again'), await b.getOrSet('absent', () => 'again')]).toEqual([{ account: SECRET }, [SECRET], undefined]);
    await expect(b.getOrSet('failed', () => 'again')).rejects.toMatchObject({ code: 'TIER_LOAD_FAILED', details: { reason: SECRET } });
    await a.deleteByTag('accounts');
    expect(await b.get('set')).toBeUndefined();
    expect(b.stats().shared).toMatchObject({ unreadable: 0 });
  });

  test('what lay there open is a miss, and counted, and is written anew; so is what is sealed, for who has no keys', async () => {
    const [open, sealed] = [cacheWith(undefined), cacheWith([OLD])];
    await open.set('page', 'open');
    expect(await sealed.get('page')).toBeUndefined();
    expect(await sealed.getOrSet('page', () => 'sealed')).toBe('sealed');
    expect(await sealed.get('page')).toBe('sealed');
    expect(await open.get('page')).toBeUndefined();
    expect([sealed, open].map((cache) => cache.stats().shared?.unreadable)).toEqual([2, 1]);
  });

  test('who can write to the server but has no key can put an entry nowhere else', async () => {
    const cache = cacheWith([OLD]);
    await cache.setMany([['mine', 'mine'], ['yours', 'yours']]);
    await backend.setMany([{ key: physical('yours'), value: await bytesAt('mine'), ttlMs: 60_000 }]);
    expect([...(await cache.getMany(['mine', 'yours']))]).toEqual([['mine', 'mine']]);
    expect(cache.stats().shared).toMatchObject({ unreadable: 1 });
  });

  test('keys are rotated without a pause: what the old one sealed is read as long as it is on the ring, and is a miss then', async () => {
    const steps = [[OLD], [OLD, YOUNG], [YOUNG, OLD], [YOUNG]].map(cacheWith);
    for (const [writer, cache] of steps.entries()) {
      await cache.set('page', writer);
      const read = await Promise.all(steps.map((each) => each.get('page')));
      // Of two steps that follow each other, each reads what the other has written.
      for (const next of [writer - 1, writer, writer + 1]) if (next >= 0 && next < steps.length) expect(read[next]).toBe(writer);
    }
    expect(await steps[0]?.get('page')).toBeUndefined();
  });
});
