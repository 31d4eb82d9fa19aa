import { NamedCache } from '@ormolu/tiers';
import { memcached } from '@ormolu/tiers/memcached';
import { redis } from '@ormolu/tiers/redis';
import { MEMCACHED_CLIENTS } from './memcached-clients';
import { TIERED, type PeerCache, type PeerParts } from './tiered-peers';
import type { City } from './cities';

export type ServerKind = 'redis' | 'memcached';

/** A cache that loads what it does not have, of which only that is asked. */
export type AskedCache = Pick<PeerCache, 'load' | 'close'>;

/** What a cache with a level in memory and one on a server is made of. */
export interface AskedParts extends Required<Omit<PeerParts, 'maxEntries'>> {
  readonly kind: ServerKind;
}

export const OURS = 'ours';
const MAX_ENTRIES = 10_000;

/** Ours with nothing but a server, a prefix and a ttl given. */
function ours({ kind, url, prefix, load }: AskedParts): AskedCache {
  const backend = kind === 'redis' ? redis(url) : memcached(url);
  const cache = new NamedCache('bench', { l2: backend, prefix, ttl: '1h' });
  return {
    load: (key) => cache.getOrSet(key, () => load(key)),
    close: async () => {
      await cache.close();
      await backend.close();
    },
  };
}

/** As a program writes it that has a client of Memcached and no cache: get, else load and set. None of the tiered caches here keeps anything on Memcached. */
function byHand(client: string, { url, prefix, load }: AskedParts): AskedCache {
  const server = MEMCACHED_CLIENTS[client]?.(url);
  if (server === undefined) throw new Error(`There is no client '${client}' in this bench.`);
  return {
    load: async (key) => {
      const found = await server.get(prefix + key);
      if (found !== undefined) return found;
      const loaded = await load(key);
      await server.set(prefix + key, loaded as City); // any value that JSON can say
      return loaded;
    },
    close: () => server.close(),
  };
}

/** Who is asked beside us, by kind of server. */
export const PEERS: Readonly<Record<ServerKind, readonly string[]>> = { redis: Object.keys(TIERED), memcached: Object.keys(MEMCACHED_CLIENTS).map((name) => `${name}, get or load and set`) };

/** @param name - `ours`, or one of {@link PEERS} */
export async function askedCache(name: string, parts: AskedParts): Promise<AskedCache> {
  if (name === OURS) return ours(parts);
  if (parts.kind === 'memcached') return byHand(name.split(',')[0] ?? '', parts);
  const make = TIERED[name];
  if (make === undefined) throw new Error(`There is no cache '${name}' in this bench.`);
  return make({ ...parts, maxEntries: MAX_ENTRIES });
}
