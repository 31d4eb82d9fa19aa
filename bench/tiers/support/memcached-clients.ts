import { MemcacheClient } from 'memcache-client';
import Memcached from 'memcached';
import { Client as MemJs } from 'memjs';
import type { City } from './cities';

/** A client of Memcached, which knows bytes and texts; what is made of them is ours to do, and the same for all. */
export interface MemcachedClient {
  readonly get: (key: string) => Promise<City | undefined>;
  readonly getMany: (keys: readonly string[]) => Promise<Iterable<City>>;
  readonly set: (key: string, value: City) => Promise<unknown>;
  readonly close: () => unknown;
}

// What was put in.
const parsed = (text: string): City => JSON.parse(text) as City;

/** As its README: `memjs.Client.create(servers)`; of many keys it knows nothing, so that they are as many gets at once. */
export function memjs(server: string): MemcachedClient {
  const client = MemJs.create(server, { logger: { log: () => undefined } });
  const get = async (key: string): Promise<City | undefined> => {
    const { value } = await client.get(key);
    return value === null ? undefined : parsed(value.toString());
  };
  return {
    get, getMany: async (keys) => (await Promise.all(keys.map(get))).filter((city) => city !== undefined),
    set: (key, value) => client.set(key, JSON.stringify(value), { expires: 600 }), close: () => client.close(),
  };
}

/** As its README: `new Memcached(servers)`, get, getMulti; ten connections, its default. */
export function memcachedPackage(server: string): MemcachedClient {
  const client = new Memcached(server);
  const asked = <T>(ask: (done: (error: unknown, answer: T) => void) => void): Promise<T> =>
    new Promise((resolve, reject) => {
      ask((error, answer) => {
        if (error === undefined || error === null) resolve(answer);
        else reject(error instanceof Error ? error : new Error(JSON.stringify(error)));
      });
    });
  return {
    get: async (key) => {
      const text = await asked<string | undefined>((done) => client.get(key, done));
      return text === undefined ? undefined : parsed(text);
    },
    getMany: async (keys) => Object.values(await asked<Readonly<Record<string, string>>>((done) => client.getMulti([...keys], done))).map(parsed),
    set: (key, value) => asked((done) => client.set(key, JSON.stringify(value), 600, done)), close: () => client.end(),
  };
}

/** As its README: `new MemcacheClient({ server })`, get of a key and of an array; one connection, its default. */
export function memcacheClient(server: string): MemcachedClient {
  const client = new MemcacheClient({ server: { server } });
  const from = (found: unknown): City => parsed(String((found as { readonly value: unknown }).value)); // its answer to a text
  return {
    get: async (key) => {
      const found: unknown = await client.get(key);
      return found === undefined ? undefined : from(found);
    },
    getMany: async (keys) => Object.values(await client.get([...keys])).map(from),
    set: (key, value) => client.set(key, JSON.stringify(value), { lifetime: 600 }), close: () => client.shutdown(),
  };
}

/** Clients of Memcached, by name. */
export const MEMCACHED_CLIENTS: Readonly<Record<string, (server: string) => MemcachedClient>> = { memjs, memcached: memcachedPackage, 'memcache-client': memcacheClient };
