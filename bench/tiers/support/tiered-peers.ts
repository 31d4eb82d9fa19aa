import { createCache as createDedupe } from 'async-cache-dedupe';
import { Cacheable, CacheableMemory } from 'cacheable';
import { createCache as createManager } from 'cache-manager';
import { Redis } from 'ioredis';
import { Keyv } from 'keyv';
import KeyvRedis from '@keyv/redis';
import { Loader, RedisCache } from 'layered-loader';

/** A cache of another make, ready to be asked. */
export interface PeerCache {
  /** What is there under a key. */
  readonly get: (key: string) => Promise<unknown>;
  /** The same, loaded and kept where there is nothing. */
  readonly load: (key: string) => Promise<unknown>;
  /** Absent where there is no such call. */
  readonly getMany?: (keys: readonly string[]) => Promise<Iterable<unknown>>;
  /** At once, from memory. Absent where every answer is a promise. */
  readonly peek?: (key: string) => unknown;
  readonly close: () => unknown;
}

/** What a cache is made of. */
export interface PeerParts {
  readonly load: (key: string) => Promise<unknown>;
  /** Keeps entries in memory: so many at most. Without it every answer comes from the server. */
  readonly maxEntries?: number;
  /** A Redis. */
  readonly url?: string;
  readonly prefix: string;
}

const TTL_S = 3_600;
const TTL_MS = TTL_S * 1_000;
const MOST = 100_000;

/** What is told of a connection is of no interest here: who asks sees what becomes of it. */
function connected(url: string): Redis {
  return new Redis(url).on('error', () => undefined);
}

/** As bentocache.dev begins, "multi-tier": `bentostore().useL1Layer(memoryDriver()).useL2Layer(redisDriver())`, getOrSet; the connection is one of ioredis. */
export async function bentocache({ load, maxEntries, url, prefix }: PeerParts): Promise<PeerCache> {
  const { BentoCache, bentostore } = await import('bentocache');
  const { memoryDriver } = await import('bentocache/drivers/memory');
  const { redisDriver } = await import('bentocache/drivers/redis');
  const connection = url === undefined ? undefined : connected(url);
  const memory = maxEntries === undefined ? bentostore() : bentostore().useL1Layer(memoryDriver({ maxItems: maxEntries }));
  const bento = new BentoCache({ default: 'bench', prefix, ttl: '1h', stores: { bench: connection === undefined ? memory : memory.useL2Layer(redisDriver({ connection })) } });
  return {
    get: (key) => bento.get({ key }), load: (key) => bento.getOrSet({ key, factory: () => load(key) }),
    close: () => connection?.disconnect(),
  };
}

/** As its README begins: `new Cacheable({ primary, secondary })`, and getOrSet; Redis through @keyv/redis, which batches nothing but getMany. Without memory Redis is the primary store. */
export function cacheable({ load, maxEntries, url, prefix }: PeerParts): Promise<PeerCache> {
  const server = url === undefined ? undefined : new Keyv({ store: new KeyvRedis(url, { namespace: prefix }), useKeyPrefix: false });
  const memory = maxEntries === undefined ? undefined : new Keyv({ store: new CacheableMemory({ lruSize: maxEntries }) });
  const primary = memory ?? server;
  const cache = new Cacheable({ ttl: TTL_MS, ...(primary === undefined ? {} : { primary }), ...(memory === undefined || server === undefined ? {} : { secondary: server }) });
  for (const one of [cache, memory, server]) one?.on('error', () => undefined);
  return Promise.resolve({
    get: (key) => cache.get(key), load: (key) => cache.getOrSet(key, () => load(key)), getMany: (keys) => cache.getMany([...keys]),
    close: () => cache.disconnect(),
  });
}

/** As its README, "L1 and L2": `createCache({ stores: [memory, redis] })`, and wrap. */
export function cacheManager({ load, maxEntries, url, prefix }: PeerParts): Promise<PeerCache> {
  const stores = [
    ...(maxEntries === undefined ? [] : [new Keyv({ store: new CacheableMemory({ ttl: TTL_MS, lruSize: maxEntries }) })]),
    ...(url === undefined ? [] : [new Keyv({ store: new KeyvRedis(url, { namespace: prefix }), useKeyPrefix: false })]),
  ];
  for (const store of stores) store.on('error', () => undefined);
  const cache = createManager({ stores, ttl: TTL_MS });
  return Promise.resolve({
    get: (key) => cache.get(key), load: (key) => cache.wrap(key, () => load(key)), getMany: (keys) => cache.mget([...keys]),
    close: () => cache.disconnect(),
  });
}

/** As its README: `new Loader({ inMemoryCache, asyncCache: new RedisCache(redis, { json: true }) })`; the kind of memory that it calls the fastest for texts. */
export function layeredLoader({ load, maxEntries, url, prefix }: PeerParts): Promise<PeerCache> {
  const connection = url === undefined ? undefined : connected(url);
  const loader = new Loader<unknown>({
    logger: { error: () => undefined },
    inMemoryCache: maxEntries === undefined ? false : { cacheType: 'lru-map', ttlInMsecs: TTL_MS, maxItems: maxEntries },
    // Its types are those of ioredis 5; it calls nothing that version 6 has otherwise.
    ...(connection === undefined ? {} : { asyncCache: new RedisCache<unknown>(connection as never, { json: true, ttlInMsecs: TTL_MS, prefix }) }),
    dataSourceGetOneFn: load, dataSourceGetManyFn: (keys) => Promise.all(keys.map(load)),
    // Asked for what a load of many brought; the values of this bench have an id.
    cacheKeyFromValueResolver: (value) => `city:${String((value as { id: number }).id)}`,
  });
  return Promise.resolve({
    get: (key) => loader.get(key), load: (key) => loader.get(key), getMany: (keys) => loader.getMany([...keys]), peek: (key) => loader.getInMemoryOnly(key),
    close: () => connection?.disconnect(),
  });
}

/** As its README: `createCache({ ttl, storage }).define(name, load)`. Its storage is memory or Redis, never both, and there is no call that does not load. */
export function asyncCacheDedupe({ load, maxEntries = MOST, url, prefix }: PeerParts): Promise<PeerCache> {
  const connection = url === undefined ? undefined : connected(url);
  const cache = createDedupe({ ttl: TTL_S, storage: connection === undefined ? { type: 'memory', options: { size: maxEntries } } : { type: 'redis', options: { client: connection } } });
  const defined = cache.define(prefix, load) as unknown as Readonly<Record<string, (key: string) => Promise<unknown>>>; // a method by the name it was given
  const get = (key: string): Promise<unknown> => defined[prefix]?.(key) ?? Promise.resolve();
  return Promise.resolve({ get, load: get, close: () => connection?.disconnect() });
}

/** Caches with a level in memory and one on Redis, by name. */
export const TIERED: Readonly<Record<string, (parts: PeerParts) => Promise<PeerCache>>> = {
  bentocache, cacheable, 'cache-manager': cacheManager, 'layered-loader': layeredLoader, 'async-cache-dedupe': asyncCacheDedupe,
};
