import { randomUUID } from 'node:crypto';
import { sharedCacheServer } from '@ormolu/test-support';
import { NamedCache, type Backend } from '@ormolu/tiers';
import { memcached } from '@ormolu/tiers/memcached';
import { redis } from '@ormolu/tiers/redis';
import { Redis } from 'ioredis';
import { MemcacheClient } from 'memcache-client';
import { Client as MemJs } from 'memjs';
import { aim, atLeast, bench, timeCase, type Side } from '../harness';
import { cities, names, populationOf, someNames, type City } from './support/cities';

const IN_FLIGHT = 64;
const MANY = 100;
const TURNS = 20;

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

function rawRedis(asking: Asking): Side {
  return async () => {
    const client = new Redis(await sharedCacheServer('redis'));
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

function memJs(asking: Asking): Side {
  return async () => {
    const client = MemJs.create(await sharedCacheServer('memcached'));
    for (const [at, name] of names.entries()) await client.set(`js:${name}`, JSON.stringify(cities[at]), {});
    const one = async (name: string): Promise<City> => JSON.parse((await client.get(`js:${name}`)).value?.toString() ?? 'null') as City; // what was put in
    return { run: asking({ one, many: (some) => Promise.all(some.map(one)) }), close: () => client.close() };
  };
}

function memcacheClient(asking: Asking): Side {
  return async () => {
    const client = new MemcacheClient({ server: { server: await sharedCacheServer('memcached') } });
    for (const [at, name] of names.entries()) await client.set(`mc:${name}`, JSON.stringify(cities[at]));
    const parsed = (found: { readonly value: unknown } | undefined): City => JSON.parse(String(found?.value)) as City; // what was put in
    return {
      run: asking({
        one: async (name) => parsed(await client.get(`mc:${name}`)),
        many: async (some) => Object.values(await client.get(some.map((name) => `mc:${name}`))).map((found) => parsed(found as { readonly value: unknown })),
      }),
      close: () => client.shutdown(),
    };
  };
}

export default bench({
  title: 'What does a hit on a cache server cost?',
  needsServers: true,
  cases: [
    timeCase({ name: 'Redis, one after the other, × ioredis get and JSON.parse', target: aim(atLeast(0.9)), compare: 'speed', operations: TURNS, rounds: 9, base: rawRedis(oneByOne), ours: ours(ourRedis, oneByOne) }),
    timeCase({ name: 'Redis, 64 in flight, × ioredis get and JSON.parse', target: aim(atLeast(1.2)), compare: 'speed', operations: TURNS * IN_FLIGHT, rounds: 9, base: rawRedis(atOnce), ours: ours(ourRedis, atOnce) }),
    timeCase({ name: 'Redis, getMany of 100, × ioredis mget and JSON.parse', target: aim(atLeast(1.1)), compare: 'speed', operations: TURNS * MANY, rounds: 9, base: rawRedis(together), ours: ours(ourRedis, together) }),
    timeCase({ name: 'Memcached, 64 in flight, × memjs', target: aim(atLeast(2)), compare: 'speed', operations: TURNS * IN_FLIGHT, rounds: 9, base: memJs(atOnce), ours: ours(ourMemcached, atOnce) }),
    timeCase({ name: 'Memcached, getMany of 100, × memcache-client, processor time', target: aim(atLeast(1.5)), compare: 'speed', operations: TURNS * MANY, rounds: 9, clock: 'cpu', base: memcacheClient(together), ours: ours(ourMemcached, together) }),
  ],
});
