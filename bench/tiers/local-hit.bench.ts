import { LRUCache } from 'lru-cache';
import { NamedCache } from '@ormolu/tiers';
import { aim, atLeast, bench, timeCase, type Side } from '../harness';
import { layeredLoader, TIERED, type PeerCache, type PeerParts } from './support/tiered-peers';

const KEYS = 10_000;
const OPERATIONS = 20_000;
const names = Array.from({ length: KEYS }, (_, at) => `city:${String(at)}`);
/** The same keys in an order that is not that in which they were put in. */
const asked = Array.from({ length: OPERATIONS }, (_, at) => names[(at * 7_919) % KEYS] ?? '');

function filled(): NamedCache {
  const cache = new NamedCache('bench', { maxEntries: 2 * KEYS });
  void cache.setMany(names.map((name, at) => [name, at]));
  return cache;
}

const load = (name: string): Promise<number> => Promise.resolve(Number(name.slice('city:'.length)));

async function filledPeer(make: (parts: PeerParts) => Promise<PeerCache>): Promise<PeerCache> {
  const peer = await make({ load, maxEntries: 2 * KEYS, prefix: 'bench' });
  for (const name of names) await peer.load(name);
  return peer;
}

const loading = (make: (parts: PeerParts) => Promise<PeerCache>): Side => async () => {
  const peer = await filledPeer(make);
  return async () => {
    let sum = 0;
    for (const name of asked) sum += Number(await peer.load(name));
    return sum;
  };
};

/** As its README, "fetch". */
const lruFetch: Side = () => {
  const cache = new LRUCache<string, number>({ max: 2 * KEYS, fetchMethod: load });
  names.forEach((name, at) => cache.set(name, at));
  return async () => {
    let sum = 0;
    for (const name of asked) sum += (await cache.fetch(name)) ?? 0;
    return sum;
  };
};

export default bench({
  title: 'What does a hit in memory cost?',
  cases: [
    timeCase({
      name: 'a hit at once, × lru-cache get', target: aim(atLeast(0.6)), compare: 'speed', operations: OPERATIONS, clock: 'cpu',
      base: () => {
        const cache = new LRUCache<string, number>({ max: 2 * KEYS });
        names.forEach((name, at) => cache.set(name, at));
        return () => {
          let sum = 0;
          for (const name of asked) sum += cache.get(name) ?? 0;
          return sum;
        };
      },
      ours: () => {
        const cache = filled();
        return () => {
          let sum = 0;
          for (const name of asked) sum += Number(cache.peek(name));
          return sum;
        };
      },
      peers: {
        // The others answer with promises only.
        'layered-loader': async () => {
          const { peek } = await filledPeer(layeredLoader);
          return () => {
            let sum = 0;
            for (const name of asked) sum += Number(peek?.(name));
            return sum;
          };
        },
        'a Map': () => {
          const map = new Map(names.map((name, at) => [name, at]));
          return () => {
            let sum = 0;
            for (const name of asked) sum += map.get(name) ?? 0;
            return sum;
          };
        },
      },
    }),
    timeCase({
      name: 'a hit of getOrSet, × an async function over a Map', target: aim(atLeast(0.7)), compare: 'speed', operations: OPERATIONS, clock: 'cpu',
      base: () => {
        const map = new Map(names.map((name, at) => [name, at]));
        // eslint-disable-next-line @typescript-eslint/require-await -- what a program without a cache would write
        const get = async (name: string): Promise<number> => map.get(name) ?? 0;
        return async () => {
          let sum = 0;
          for (const name of asked) sum += await get(name);
          return sum;
        };
      },
      ours: () => {
        const cache = filled();
        return async () => {
          let sum = 0;
          for (const name of asked) sum += await cache.getOrSet(name, () => 0);
          return sum;
        };
      },
      peers: { ...Object.fromEntries(Object.entries(TIERED).map(([name, make]) => [name, loading(make)])), 'lru-cache fetch': lruFetch },
    }),
  ],
});
