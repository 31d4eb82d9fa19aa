// A configuration for production: one truth, a server that all workers share, secrets sealed, alerts, and nobody who waits when the server is away.
import { openOrmolu, pglite, postgres } from 'ormolu';
import { randomBytes } from 'node:crypto';
import { loadBenelux, models, say } from './cookbook/benelux';
import { cacheServer } from './cookbook/cache-server';

async function main(): Promise<void> {
  const server = await cacheServer();
  const url = process.env['ORMOLU_EXAMPLE_DATABASE'];
  const db = await openOrmolu({
    models,
    storage: url === undefined ? pglite() : postgres(url),
    caches: {
      shared: {
        // redis('rediss://user:password@cache:6379') in production.
        l2: server.connect(), prefix: server.prefix,
        serializer: 'msgpack', compress: { above: 4_096 }, ttl: '1h', sliding: true,
        // Commits and fills do not wait for it, so that it may take its time for a large one.
        deadline: '2s',
        // All that it keeps there is sealed, records and plain values; the first key seals, all of them open.
        keys: [{ id: '2026-2', key: process.env['CACHE_KEY'] ?? randomBytes(32).toString('base64') }],
      },
      rates: {
        l2: server.connect(), prefix: server.prefix,
        ttl: '5m', jitter: 0.1, earlyRefresh: 0.8, grace: '1h',
        deadline: '40ms', breakAfter: 3, lease: '2s',
        l1: { maxEntries: 10_000, ttl: '2s' },
        thresholds: { minHitRatio: 0.5, maxLatency: '50ms', maxErrorRate: 0.05 },
      },
    },
    // What one worker has read, the others need not ask the database for.
    records: 'shared',
    healthCheckEvery: '30s',
  });
  db.on('alert', ({ kind, state }) => process.stderr.write(`${kind} ${state}\n`));
  await db.migrate();
  await db.transaction(loadBenelux);

  // As in a worker that begins: its memory knows nothing, the server does.
  const read = async (): Promise<string> => db.transaction(async (env) => {
    const countries = await env.model('country').search({}, { order: ['name'] });
    return env.run(() => [...countries].map(({ name }) => name).join());
  });
  const askedBy = async (): Promise<{ readonly names: string; readonly questions: number }> => {
    db.localCache.invalidate();
    const before = db.stats().rungs.at(-1)?.questions ?? 0;
    return { names: await read(), questions: (db.stats().rungs.at(-1)?.questions ?? 0) - before };
  };
  let last = await askedBy();
  // Nobody waited until the server had it: a moment later it does.
  for (let times = 0; last.questions > 0 && times < 100; times += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    last = await askedBy();
  }
  say(`${last.names}: ${String(last.questions)} questions to the database`);

  // A service that fails for a while: yesterday's rate, and one call of it.
  const rates = db.caches.get('rates');
  await rates.getOrSet('rate:EUR', () => 1.09, { ttl: '10ms', jitter: 0 });
  await new Promise((resolve) => setTimeout(resolve, 30));
  say(`the service is away: ${String(await rates.getOrSet<number>('rate:EUR', () => Promise.reject(new Error('no answer'))))}`);
  say(`healthy: ${String((await db.health()).isHealthy)}`);
  await db.close();
  server.stop();
}

void main();
