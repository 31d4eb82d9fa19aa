import { randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ownCacheServer, sharedCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import type { Backend } from '../../src/backend/backend';
import { memcached } from '../../src/memcached';
import { NamedCache } from '../../src/named-cache/named-cache';
import { redis } from '../../src/redis';

const PREFIX = `damaged-${randomUUID()}`;
const KEY = `${PREFIX}:pages:k:page`;
const SUM_BYTES = 4;

let memcachedServer: OwnCacheServer;
beforeAll(async () => {
  memcachedServer = await ownCacheServer('memcached');
});
afterAll(() => memcachedServer.stop());

/** Whoever can write to the server can make the sum right again. */
function summed(bytes: Buffer): Buffer {
  const whole = Buffer.from(bytes);
  whole.writeUInt32LE(crc32(whole.subarray(0, -SUM_BYTES)), whole.length - SUM_BYTES);
  return whole;
}

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = value;
  return changed;
}

const DAMAGES: Readonly<Record<string, (entry: Buffer) => Uint8Array>> = {
  'cut off': (entry) => entry.subarray(0, entry.length - 7),
  'a byte changed': (entry) => withByte(entry, entry.length - 9, 0x21),
  'nothing at all': () => new Uint8Array(0),
  'of another program': () => Buffer.from('{"name":"Ghent","__proto__":{"isAdmin":true}}'),
  'of an older version of the form': (entry) => summed(withByte(entry, 0, 1)),
  'of a version to come': (entry) => summed(withByte(entry, 0, 99)),
  'of a kind there is not': (entry) => summed(withByte(entry, 1, 77)),
  'of a serializer there is not': (entry) => summed(withByte(entry, 2, 7)),
  'not of what its serializer writes': (entry) => summed(Buffer.concat([entry.subarray(0, 28), Buffer.from('function () { throw 1 }'), Buffer.alloc(SUM_BYTES)])),
  'with more tags than it holds': (entry) => summed(withByte(entry, 3, 200)),
};

const SERVERS: Readonly<Record<string, () => Promise<Backend>>> = { redis: async () => redis(await sharedCacheServer('redis')), memcached: () => Promise.resolve(memcached(memcachedServer.url)) };

describe.each(Object.entries(SERVERS))('an entry on %s', (_, connect) => {
  describe.each(['json', 'msgpack', 'v8'] as const)('as %s', (serializer) => {
    test.each(Object.entries(DAMAGES))('%s: a miss, and counted', async (_name, damage) => {
      const backend = await connect();
      const cache = new NamedCache('pages', { l2: backend, l1: false, ttl: '1h', prefix: PREFIX, serializer, deadline: '10s' });
      try {
        await cache.set('page', { name: 'Ghent', rank: 3 });
        expect(await cache.get('page')).toEqual({ name: 'Ghent', rank: 3 });
        const [entry] = await backend.getMany([KEY]);
        expect(entry?.byteLength).toBeGreaterThan(28);
        await backend.setMany([{ key: KEY, value: damage(Buffer.from(entry ?? [])), ttlMs: 60_000 }]);
        expect(await cache.get('page')).toBeUndefined();
        expect(cache.stats().shared).toMatchObject({ unreadable: 1, failures: 0 });
        // The loader is asked, and what it gives takes the place of what is there.
        expect(await cache.getOrSet('page', () => 'loaded')).toBe('loaded');
        expect(await cache.get('page')).toBe('loaded');
        expect({}).not.toHaveProperty('isAdmin');
      } finally {
        await cache.close();
        await backend.close();
      }
    });
  });
});
