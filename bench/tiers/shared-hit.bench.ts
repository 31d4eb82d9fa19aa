import { randomUUID } from 'node:crypto';
import { sharedCacheServer } from '@ormolu/test-support';
import { NamedCache, type Backend } from '@ormolu/tiers';
import { memcached } from '@ormolu/tiers/memcached';
import { redis } from '@ormolu/tiers/redis';
import { Redis } from 'ioredis';
import { aim, atLeast, bench, timeCase, type Side } from '../harness';
import { cities, names, populationOf, someNames, type City } from './support/cities';
import { MEMCACHED_CLIENTS } from './support/memcached-clients';
import { cacheable, cacheManager, layeredLoader, TIERED, type PeerCache, type PeerParts } from './support/tiered-peers';

const IN_FLIGHT = 64;
const MANY = 100;
const TURNS = 20;
/** Round trips are short beside what else a machine does: many rounds, for the median. */
const ROUNDS = 21;

/** One after the other, so many at a time, or so many in one call. */
type Asking = (ask: { readonly one: (name: string) => Promise<City | undefined>; readonly many: (names: readonly string[]) => Promise<Iterable<City>> }) => () => Promise<number>;

let from = 0;
const next = (count: number): readonly string[] => someNames(count, (from += count));

const oneByOne: Asking = ({ one }) => async () => {
  let sum = 0;
  for (const name of next(TURNS)) sum += populationOf(await one(name));
  return sum;
};
const atOnce: Asking = ({ one }) => async () => {
  let sum = 0;
  for (let turn = 0; turn < TURNS; turn += 1) for (const city of await Promise.all(next(IN_FLIGHT).map(one))) sum += populationOf(city);
  return sum;
};
const together: Asking = ({ many }) => async () => {
  let sum = 0;
  for (let turn = 0; turn < TURNS; turn += 1) for (const city of await many(next(MANY))) sum += populationOf(city);
  return sum;
};

/** Nothing is kept in memory: every answer comes from the server. */
function ours(connect: () => Promise<Backend>, asking: Asking): Side {
  return async () => {
    const backend = await connect();
    const cache = new NamedCache('bench', { l2: backend, l1: false, ttl: '1h', prefix: `bench-${randomUUID()}`, deadline: '10s' });
    await cache.get('connected');
    for (let at = 0; at < names.length; at += 500) await cache.setMany(names.slice(at, at + 500).map((name, place) => [name, cities[at + place]]));
    return {
      run: asking({ one: (name) => cache.get<City>(name), many: async (some) => (await cache.getMany<City>(some)).values() }),
      close: async () => {
        await cache.close();
        await backend.close();
      },
    };
  };
}

const ourRedis = async (): Promise<Backend> => redis(await sharedCacheServer('redis'));
const ourMemcached = async (): Promise<Backend> => memcached(await sharedCacheServer('memcached'));

function rawRedis(asking: Asking, options: { readonly enableAutoPipelining?: boolean } = {}): Side {
  return async () => {
    const client = new Redis(await sharedCacheServer('redis'), options);
    await client.mset(...names.flatMap((name, at) => [`raw:${name}`, JSON.stringify(cities[at])]));
    const parsed = (text: string | null): City => JSON.parse(text ?? 'null') as City; // what was put in
    return {
      run: asking({
        one: async (name) => parsed(await client.get(`raw:${name}`)),
        many: async (some) => (await client.mget(...some.map((name) => `raw:${name}`))).map(parsed),
      }),
      close: () => client.disconnect(),
    };
  };
}

const cityOf = (name: string): Promise<City | undefined> => Promise.resolve(cities[Number(name.slice('city:'.length))]);

/** Without a level in memory, as ours: every answer comes from the server. */
function peer(make: (parts: PeerParts) => Promise<PeerCache>, asking: Asking): Side {
  return async () => {
    const cache = await make({ load: cityOf, url: await sharedCacheServer('redis'), prefix: `peer-${randomUUID()}` });
    for (let at = 0; at < names.length; at += 500) await Promise.all(names.slice(at, at + 500).map((name) => cache.load(name)));
    return {
      run: asking({
        // What was put in.
        one: (name) => cache.get(name) as Promise<City | undefined>,
        many: async (some) => (await cache.getMany?.(some) ?? []) as Iterable<City>,
      }),
      close: () => cache.close(),
    };
  };
}

const onRedis = (asking: Asking, makers: Readonly<Record<string, (parts: PeerParts) => Promise<PeerCache>>> = TIERED): Readonly<Record<string, Side>> =>
  Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, peer(make, asking)]));

function byClient(name: keyof typeof MEMCACHED_CLIENTS, asking: Asking): Side {
  return async () => {
    const client = required(MEMCACHED_CLIENTS[name])(await sharedCacheServer('memcached'));
    const prefix = `${name}:`;
    for (const [at, key] of names.entries()) await client.set(prefix + key, required(cities[at]));
    return { run: asking({ one: (key) => client.get(prefix + key), many: (some) => client.getMany(some.map((key) => prefix + key)) }), close: () => client.close() };
  };
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('There is no such thing in this bench.');
  return value;
}

export default bench({
  title: 'What does a hit on a cache server cost?',
  needsServers: true,
  cases: [
    timeCase({
      name: 'Redis, one after the other, × ioredis get and JSON.parse', target: aim(atLeast(0.9)), compare: 'speed', operations: TURNS, rounds: ROUNDS,
      base: rawRedis(oneByOne), ours: ours(ourRedis, oneByOne), peers: onRedis(oneByOne),
    }),
    timeCase({
      name: 'Redis, 64 in flight, × ioredis get and JSON.parse', target: aim(atLeast(1.2)), compare: 'speed', operations: TURNS * IN_FLIGHT, rounds: ROUNDS,
      base: rawRedis(atOnce), ours: ours(ourRedis, atOnce), peers: { ...onRedis(atOnce), 'ioredis, enableAutoPipelining': rawRedis(atOnce, { enableAutoPipelining: true }) },
    }),
    timeCase({
      name: 'Redis, getMany of 100, × ioredis mget and JSON.parse', target: aim(atLeast(1.1)), compare: 'speed', operations: TURNS * MANY, rounds: ROUNDS,
      // The others have no such call.
      base: rawRedis(together), ours: ours(ourRedis, together), peers: onRedis(together, { cacheable, 'cache-manager': cacheManager, 'layered-loader': layeredLoader }),
    }),
    timeCase({
      name: 'Memcached, 64 in flight, × memjs', target: aim(atLeast(2)), compare: 'speed', operations: TURNS * IN_FLIGHT, rounds: ROUNDS,
      base: byClient('memjs', atOnce), ours: ours(ourMemcached, atOnce), peers: { memcached: byClient('memcached', atOnce), 'memcache-client': byClient('memcache-client', atOnce) },
    }),
    timeCase({
      name: 'Memcached, getMany of 100, × memcache-client, processor time', target: aim(atLeast(1.5)), compare: 'speed', operations: TURNS * MANY, rounds: ROUNDS, clock: 'cpu',
      base: byClient('memcache-client', together), ours: ours(ourMemcached, together), peers: { memjs: byClient('memjs', together), memcached: byClient('memcached', together) },
    }),
  ],
});
