import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Registry, register } from 'prom-client';
import { NamedCaches } from '../../src/named-cache/named-caches';
import { prometheusMetrics } from '../../src/prometheus';

async function used(): Promise<NamedCaches> {
  const caches = new NamedCaches({ fast: { maxEntries: 2 }, idle: { maxEntries: 2 } });
  const fast = caches.get('fast');
  for (const key of ['city:1', 'city:2', 'country:1']) await fast.getOrSet(key, () => key);
  await fast.get('country:1');
  await fast.getOrSet('city:9', () => Promise.reject(new Error('no'))).catch(() => undefined);
  return caches;
}

/** The figures as Prometheus reads them. */
async function shown(registry: Registry): Promise<ReadonlyMap<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}

test('Prometheus is told what the caches did, by cache and model, as of the moment it asks', async () => {
  const registry = new Registry();
  const caches = await used();
  prometheusMetrics(caches, { registry });
  const before = await shown(registry);
  expect(before.get('ormolu_cache_misses_total{cache="fast",model="city"}')).toBe(3);
  expect(before.get('ormolu_cache_hits_total{cache="fast",model="country"}')).toBe(1);
  expect(before.get('ormolu_cache_loads_total{cache="fast"}')).toBe(3);
  expect(before.get('ormolu_cache_load_failures_total{cache="fast"}')).toBe(1);
  expect(before.get('ormolu_cache_sets_total{cache="idle"}')).toBe(0);
  expect((before.get('ormolu_cache_items{cache="fast",model="city"}') ?? 0) + (before.get('ormolu_cache_items{cache="fast",model="country"}') ?? 0)).toBe(2);
  expect(before.get('ormolu_cache_answer_seconds{cache="fast",quantile="0.99"}')).toBeGreaterThan(0);
  expect([...before.keys()].filter((name) => name.includes('server_') || name.includes('rung_'))).toEqual([]);
  await caches.get('fast').get('country:1');
  await new Promise((resolve) => setImmediate(resolve));
  expect((await shown(registry)).get('ormolu_cache_hits_total{cache="fast",model="country"}')).toBe(2);
});

test('figures go to the registry of prom-client itself, under another prefix and with labels, and are taken out again', async () => {
  const caches = await used();
  const end = prometheusMetrics(caches.get('fast'), { prefix: 'mine', labels: { database: 'main' } });
  expect((await shown(register)).get('mine_cache_hits_total{cache="fast",model="country",database="main"}')).toBe(1);
  expect(() => prometheusMetrics(caches, { prefix: 'mine' })).toThrow(/already been registered/);
  end();
  expect([...(await shown(register)).keys()].filter((name) => name.startsWith('mine_'))).toEqual([]);
});

test('neither prom-client, nor OpenTelemetry, nor a client of a server is loaded before it is used', () => {
  const program = "require('@ormolu/tiers'); require('@ormolu/tiers/prometheus'); require('@ormolu/tiers/opentelemetry'); require('@ormolu/tiers/redis'); process.stdout.write(Object.keys(require.cache).filter((file) => /node_modules.(prom-client|@opentelemetry|ioredis)/.test(file)).join());";
  const root = join(__dirname, '..', '..', '..', '..');
  const loaded = execFileSync(process.execPath, ['--conditions=@ormolu/source', '--require', join(root, 'scripts', 'ts-node.cjs'), '-e', program], { cwd: join(root, 'packages', 'ormolu') });
  expect(loaded.toString()).toBe('');
});
