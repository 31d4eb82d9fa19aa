// A configuration for many reads: much memory, refreshed before it expires, values in few bytes, many keys in one round trip, warm from the start.
import { openOrmolu, pglite } from 'ormolu';
import { loadBenelux, models, say } from './cookbook/benelux';
import { cacheServer } from './cookbook/cache-server';

async function main(): Promise<void> {
  const server = await cacheServer();
  const db = await openOrmolu({
    models, storage: pglite(),
    // Weakly held beyond these bounds: what somebody uses stays.
    localCache: { maxEntries: 1_000_000, maxBytes: 512_000_000, commands: { maxEntries: 100_000 } },
    caches: {
      cities: {
        // Bounded by entries alone: weighing each would walk it. S3-FIFO lets scans pass through.
        l1: { maxEntries: 200_000, policy: 's3fifo', ttl: '30s' },
        l2: server.connect(), prefix: server.prefix, serializer: 'msgpack', ttl: '1h', jitter: 0.1, earlyRefresh: 0.8,
      },
    },
  });
  await db.migrate();
  await db.transaction(loadBenelux);
  const cities = db.caches.get('cities');

  // Warm: records by a few queries, values in round trips of 500.
  const { failures } = await db.warm([(env) => env.model('city').where({}).prefetch('country.name')], { concurrency: 4 });
  const all = await db.transaction(async (env) => {
    const found = await env.model('city').search({});
    return env.run(() => [...found].map((city) => [`city:${String(city.id)}`, { name: city.name, country: city.country.name }] as const));
  });
  for (let at = 0; at < all.length; at += 500) await cities.setMany(all.slice(at, at + 500));
  say(`warm: ${String(all.length)} values, ${String(failures.length)} failures`);

  const calls = (): number => cities.stats().shared?.calls ?? 0;
  const asked = async (what: string, ask: () => Promise<number>): Promise<void> => {
    const before = calls();
    const answers = await ask();
    say(`${what}: ${String(answers)} answers, ${String(calls() - before)} round trips`);
  };
  const keys = all.slice(0, 1_000).map(([key]) => key);
  await asked('in memory', async () => (await cities.getMany(keys)).size);
  // A worker that begins has nothing in memory.
  const other = await openOrmolu({ models, storage: pglite(), caches: { cities: { l1: { maxEntries: 200_000 }, l2: server.connect(), prefix: server.prefix, serializer: 'msgpack', ttl: '1h' } } });
  const there = other.caches.get('cities');
  const before = there.stats().shared?.calls ?? 0;
  const [many, ...singles] = await Promise.all([there.getMany(keys.slice(0, 100)), ...keys.slice(100, 164).map((key) => there.get(key))]);
  say(`from the server: ${String(many.size + singles.length)} answers asked in one tick, ${String((there.stats().shared?.calls ?? 0) - before)} round trip`);
  await Promise.all([db.close(), other.close()]);
  server.stop();
}

void main();
