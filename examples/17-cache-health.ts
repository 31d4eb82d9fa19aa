// How caches are: figures, a look at the storage and every server, and alerts when a threshold is crossed and when it no longer is.
import { openOrmolu, pglite } from 'ormolu';
import { loadBenelux, models, say } from './cookbook/benelux';
import { cacheServer } from './cookbook/cache-server';

async function main(): Promise<void> {
  const server = await cacheServer();
  const db = await openOrmolu({
    models, storage: pglite(),
    // Looked at by itself; here, where nobody wants to wait, it is asked for.
    healthCheckEvery: '30s',
    caches: { pages: { l2: server.connect(), prefix: server.prefix, ttl: '1h', thresholds: { minHitRatio: 0.5, minRequests: 50 } } },
  });
  await db.migrate();
  await db.transaction(loadBenelux);
  db.on('alert', (alert) => say(`alert: ${alert.kind} ${alert.state}`));
  const pages = db.caches.get('pages');

  const ask = async (times: number, keyOf: (at: number) => string): Promise<void> => {
    for (let at = 0; at < times; at += 1) await pages.getOrSet(keyOf(at), () => 'a page');
  };
  await db.health();
  await ask(60, (at) => `page:${String(at)}`);
  await db.health();
  await ask(60, () => 'page:0');
  const { isHealthy, storage, caches } = await db.health();
  say(`healthy: ${String(isHealthy)}; ${storage.name} ${storage.isUp ? 'up' : 'away'}; ${caches.map(({ name, server: is }) => `${name} ${is}`).join()}`);

  const { requests, hits, misses, hitRatio, size, evictions, models: byModel, answers, shared } = pages.stats();
  say(`requests ${String(requests)}, hits ${String(hits)}, misses ${String(misses)}, ratio ${hitRatio.toFixed(2)}, size ${String(size)}, evictions ${String(evictions)}, models ${Object.keys(byModel).join()}`);
  say(`a 99th percentile is known: ${String(answers.p99Ms > 0)}; failures of the server: ${String(shared?.failures)}`);
  await db.close();
  server.stop();
}

void main();
