import type { Backend } from '../../src/backend/backend';
import { MemoryBackend } from '../../src/backend/memory-backend';
import { NamedCache } from '../../src/named-cache/named-cache';

const CALLS = ['getMany', 'setMany', 'add', 'replace', 'deleteMany', 'touch', 'deleteByPattern'] as const satisfies readonly (keyof Backend)[];

/** Fails as ioredis does between the end of a connection and the news of it. */
function failing(call: (typeof CALLS)[number], isFailing: () => boolean): Backend {
  const memory = new MemoryBackend();
  return new Proxy<Backend>(memory, {
    get: (_, name) => {
      if (name === call && isFailing()) return () => Promise.reject(new Error("Stream isn't writeable and enableOfflineQueue options is false"));
      const value: unknown = Reflect.get(memory, name, memory);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(memory) : value;
    },
  });
}

beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
});

test.each(CALLS)('%s fails with an error of the driver: the cache does without, and no caller hears of it', async (call) => {
  let isFailing = false;
  const cache = new NamedCache('driver', { l2: failing(call, () => isFailing), l1: false, ttl: '1m', sliding: true });
  await cache.set('there', 'was there');
  isFailing = true;
  expect(await cache.getOrSet('new', () => 'loaded')).toBe('loaded');
  expect(await cache.getOrSet('there', () => 'loaded')).toMatch(/was there|loaded/);
  expect(await cache.getMany(['a', 'b'], (keys) => keys.map((key) => [key, key]))).toEqual(new Map([['a', 'a'], ['b', 'b']]));
  await cache.set('set', 1);
  await cache.delete('set');
  await cache.deleteByTag('tag');
  await cache.deleteByPattern('s*');
  await cache.clear();
  await expect(cache.getOrSet('failing', () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  await cache.close();
});
