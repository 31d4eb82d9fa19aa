import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NamedCaches } from '../../src/named-cache/named-caches';
import { openTelemetryMetrics } from '../../src/opentelemetry';

test('a reader of OpenTelemetry collects what the caches did, by cache and model, until it is ended', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  const caches = new NamedCaches({ fast: { maxEntries: 10 } });
  await caches.get('fast').getOrSet('city:1', () => 'Ghent');
  await caches.get('fast').get('city:1');
  const end = openTelemetryMetrics(caches, { meter: provider.getMeter('test'), attributes: { database: 'main' } });
  const shown = async (): Promise<readonly { readonly name: string; readonly unit: string; readonly points: readonly unknown[] }[]> => {
    exporter.reset();
    await reader.forceFlush();
    return exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics.map(({ descriptor: { name, unit }, dataPoints }) => ({ name, unit, points: dataPoints.map(({ value, attributes }) => ({ value, ...attributes })) }))));
  };
  const all = await shown();
  const of = (name: string): unknown => all.find((metric) => metric.name === name);
  expect(of('ormolu.cache.hits')).toEqual({ name: 'ormolu.cache.hits', unit: '', points: [{ value: 1, cache: 'fast', model: 'city', database: 'main' }] });
  expect(of('ormolu.cache.items')).toMatchObject({ points: [{ value: 1, cache: 'fast', model: 'city' }] });
  expect(of('ormolu.cache.bytes')).toMatchObject({ unit: 'By' });
  expect(of('ormolu.cache.answer')).toMatchObject({ unit: 's', points: [{ quantile: '0.5' }, { quantile: '0.95' }, { quantile: '0.99' }] });
  end();
  await caches.get('fast').get('city:1');
  // The SDK goes on showing what it saw last.
  expect((await shown()).find(({ name }) => name === 'ormolu.cache.hits')?.points ?? []).not.toContainEqual(expect.objectContaining({ value: 2 }));
  await provider.shutdown();
});

test('without an SDK nothing happens', () => {
  openTelemetryMetrics(new NamedCaches({ fast: { maxEntries: 10 } }))();
});
