import { memcached } from '../../src/memcached';
import { MemoryBackend } from '../../src/backend/memory-backend';
import { NamedCache } from '../../src/named-cache/named-cache';
import type { NamedCacheOptions } from '../../src/named-cache/options';

const server = (): NamedCacheOptions => ({ l2: new MemoryBackend() });
/** As a program without types gives them. */
const made = (options: unknown): NamedCache => new NamedCache('fast', options as NamedCacheOptions);
const refusal = (error: object): Error => expect.objectContaining(error) as Error; // what is matched is one
const UNKNOWN = 'TIER_OPTION_UNKNOWN';
const INVALID = 'TIER_OPTION_INVALID';

test.each<[object, string, RegExp]>([
  [{ tll: '5m' }, UNKNOWN, /'fast' has no option 'tll'\. Did you mean 'ttl'\?/],
  [{ maxEntry: 3 }, UNKNOWN, /./],
  [{ healthCheckEvry: '1s' }, UNKNOWN, /'healthCheckEvery'/],
  [{ dedline: '1s' }, UNKNOWN, /'deadline'/],
  [{ serialiser: 'json' }, UNKNOWN, /'serializer'/],
  [{ policy: 'lfru' }, INVALID, /'lfru'\. Give 's3fifo', 'lru', 'lfu', 'ttl'/],
  [{ sliding: 'no' }, INVALID, /true or false/],
  [{ jitter: '0.5' }, INVALID, /a number/],
  [{ jitter: Number.NaN }, 'TIER_LIFETIME', /jitter/],
  [{ maxEntryBytes: '10kb' }, INVALID, /bytes/],
  [{ maxEntryBytes: Number.NaN }, INVALID, /bytes/],
  [{ serializer: 'msgpak' }, INVALID, /'json', 'msgpack', 'v8'/],
  [{ l2: 'redis://127.0.0.1:6379' }, INVALID, /redis\(…\)/],
  [{ bus: 'redis://127.0.0.1:6379' }, INVALID, /redisBus\(…\)/],
  [{ invalidate: { every: '1h' } }, INVALID, /a list/],
  [{ invalidate: [{ every: '1h', tags: 'x' }] }, 'TIER_SCHEDULE', /'tags'/],
  [{ random: 7 }, INVALID, /a function/],
  [{ thresholds: 'low' }, INVALID, /an object/],
  // Also where there is no server yet that they are about.
  [{ deadline: 'soon' }, 'DURATION_INVALID', /deadline/],
  [{ lease: 0 }, 'TIER_SHARED_OPTION', /lease/],
  [{ breakAfter: 0 }, 'TIER_SHARED_OPTION', /breakAfter/],
  [{ maxUnsure: 1.5 }, 'TIER_SHARED_OPTION', /maxUnsure/],
])('%j is refused: %s', (options, code, message) => {
  expect(() => made({ maxEntries: 5, ...options })).toThrow(refusal({ code, message: expect.stringMatching(message) as unknown }));
});

test.each<[object, string]>([
  [{ l1: true }, INVALID],
  [{ l1: { maxEntires: 5 } }, UNKNOWN],
  [{ compress: 'yes' }, INVALID],
  [{ compress: { abov: 10 } }, INVALID],
  [{ compress: { above: 10, below: 20 } }, INVALID],
  [{ maxSharedBytes: '1mb' }, INVALID],
  [{ maxSharedBytes: Number.NaN }, INVALID],
  [{ l1: false, fallback: 'memroy' }, INVALID],
  [{ keys: 'abc' }, INVALID],
  [{ keys: ['abc'] }, INVALID],
  [{ keys: [{ id: 'a', key: 'short' }] }, 'TIER_KEYS'],
  [{ keys: [{ id: 'a', key: undefined }] }, 'TIER_KEYS'],
  [{ l1: false, ttl: '1m', grace: '1h' }, 'TIER_SHARED_OPTION'],
])('of a cache with a server, %j is refused: %s', (options, code) => {
  expect(() => made({ ...server(), ...options })).toThrow(refusal({ code }));
});

test.each([undefined, null, 'fast', 5])('%p is no options', (options) => {
  expect(() => made(options)).toThrow(refusal({ code: INVALID }));
});

test.each<[string, (cache: NamedCache) => Promise<unknown>, string]>([
  ['a misspelt ttl', (cache) => cache.set('k', 1, { tll: '1s' } as object), UNKNOWN],
  ['a misspelt tag', (cache) => cache.getOrSet('k', () => 1, { tag: ['x'] } as object), UNKNOWN],
  ['a text for tags', (cache) => cache.set('k', 1, { tags: 'city' } as object), INVALID],
  ['a misspelt option of many', (cache) => cache.getMany(['k'], () => [['k', 1]], { tgs: [] } as object), UNKNOWN],
  ['a number for a key', (cache) => cache.set(7 as never, 1), INVALID],
  ['nothing for a key', (cache) => cache.get(undefined as never), INVALID],
  ['a text for keys', (cache) => cache.getMany('abc' as never), INVALID],
  ['a key to delete that is none', (cache) => cache.delete(7 as never), INVALID],
  ['a tag that is none', (cache) => cache.deleteByTag(undefined as never), INVALID],
  ['a pattern that is none', (cache) => cache.deleteByPattern(undefined as never), INVALID],
  ['an object for entries', (cache) => cache.setMany({ 'city:1': 1 } as never), INVALID],
  ['a number for entries', (cache) => cache.setMany(5 as never), INVALID],
  ['a list of numbers for entries', (cache) => cache.setMany([1, 2] as never), INVALID],
  ['a key without a value', (cache) => cache.setMany([['k']] as never), INVALID],
  ['an object from a loader of many', (cache) => cache.getMany(['k'], () => ({ k: 1 }) as never), INVALID],
  ['values from a loader of many', (cache) => cache.getMany(['k'], () => [1] as never), INVALID],
  ['no loader', (cache) => cache.getOrSet('k', 5 as never), INVALID],
])('%s is refused by the call, and nothing is kept', async (_, call, code) => {
  for (const options of [{ maxEntries: 5 }, server()]) {
    const cache = made(options);
    await expect(call(cache)).rejects.toMatchObject({ code });
    expect(cache.stats().size).toBe(0);
    await cache.close();
  }
});

test('an entry of a cache without memory has no grace', async () => {
  const cache = made({ ...server(), l1: false });
  await expect(cache.set('k', 1, { ttl: '1m', grace: '1h' })).rejects.toMatchObject({ code: 'TIER_SHARED_OPTION' });
  await cache.close();
});

test('an event there is not is refused, and a listener that is none', () => {
  expect(() => made({ maxEntries: 5 }).on('hitt' as never, () => undefined)).toThrow(refusal({ code: UNKNOWN }));
  expect(() => made({ maxEntries: 5 }).on(undefined as never, () => undefined)).toThrow(refusal({ code: INVALID }));
  expect(() => made({ maxEntries: 5 }).on('hit', 5 as never)).toThrow(refusal({ code: INVALID }));
});

test('memcached() that is given nothing says so', () => {
  expect(() => memcached(undefined as never)).toThrow(refusal({ code: 'TIER_MEMCACHED_SERVER', message: expect.stringContaining('environment variable') as unknown }));
});

test.each<[object, string]>([[{ maxItemByte: 5 }, UNKNOWN], [{ maxItemBytes: '5mb' }, INVALID], [{ maxItemBytes: 5 }, INVALID]])('memcached() refuses %j: %s', (options, code) => {
  expect(() => memcached('127.0.0.1:11211', options)).toThrow(refusal({ code }));
});
