import { context, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { randomUUID } from 'node:crypto';
import { StorageRung } from '@ormolu/storage';
import { sharedCacheServer } from '@ormolu/test-support';
import { MeasuredRung } from '../../src/measured-rung';
import { traceLoad } from '../../src/named-cache/load-trace';
import { NamedCache } from '../../src/named-cache/named-cache';
import { openTelemetryTraces } from '../../src/opentelemetry';
import { redis } from '../../src/redis';
import { worldOf } from '../support/small-world';

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const tracer = provider.getTracer('test');
let end: () => void;

beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(async () => {
  context.disable();
  await provider.shutdown();
});
beforeEach(() => {
  exporter.reset();
  end = openTelemetryTraces({ tracer });
});
afterEach(() => end());

const spans = () => exporter.getFinishedSpans();
const names = () => spans().map(({ name }) => name);
const spanOf = (wanted: string) => spans().find(({ name }) => name === wanted);

test('a load has a span, and what the loader begins belongs to it; an answer from memory has none', async () => {
  const cache = new NamedCache('rates', { maxEntries: 10 });
  const load = (): Promise<number> => tracer.startActiveSpan('of the loader', async (span) => {
    await Promise.resolve();
    span.end();
    return 1.09;
  });
  expect(await cache.getOrSet('rate:USD', load)).toBe(1.09);
  expect(await cache.getOrSet('rate:USD', load)).toBe(1.09);
  expect(names()).toEqual(['of the loader', 'ormolu.load']);
  expect(spanOf('ormolu.load')).toMatchObject({ kind: SpanKind.INTERNAL, attributes: { 'ormolu.cache': 'rates', 'ormolu.model': 'rate', 'ormolu.keys': 1 }, status: { code: SpanStatusCode.UNSET } });
  expect(spanOf('of the loader')?.parentSpanContext?.spanId).toBe(spanOf('ormolu.load')?.spanContext().spanId);
  await cache.getMany(['a', 'b'], (missing) => missing.map((key) => [key, key]));
  expect(spans().at(-1)?.attributes).toEqual({ 'ormolu.cache': 'rates', 'ormolu.model': '*', 'ormolu.keys': 2 });
});

test('a loader that fails, or throws at once, has a span that says so, and its caller the error', async () => {
  const cache = new NamedCache('rates', { maxEntries: 10 });
  await expect(cache.getOrSet('rate:USD', () => Promise.reject(new Error('no rate today')))).rejects.toThrow('no rate today');
  const thrown = cache.getOrSet('rate:EUR', () => {
    throw new Error('nor tomorrow');
  });
  await expect(thrown).rejects.toThrow('nor tomorrow');
  expect(spans().map(({ status, events }) => [status.code, status.message, events[0]?.name])).toEqual([
    [SpanStatusCode.ERROR, 'no rate today', 'exception'], [SpanStatusCode.ERROR, 'nor tomorrow', 'exception'],
  ]);
});

test('each call of a cache server has a span', async () => {
  const backend = redis(await sharedCacheServer('redis'));
  const cache = new NamedCache('pages', { l2: backend, l1: false, ttl: '1m', prefix: `traced-${randomUUID()}`, deadline: '10s' });
  try {
    await cache.set('page:home', 'hello');
    await cache.get('page:home');
    await cache.delete('page:home');
    const calls = spans().map(({ name, kind, attributes }) => [name, kind, attributes['db.operation.name']]);
    expect(calls).toContainEqual(['redis setMany', SpanKind.CLIENT, 'setMany']);
    expect(calls).toContainEqual(['redis getMany', SpanKind.CLIENT, 'getMany']);
    expect(calls).toContainEqual(['redis deleteMany', SpanKind.CLIENT, 'deleteMany']);
    // Keys may be anybody's business.
    expect(JSON.stringify(spans().map(({ attributes }) => attributes))).not.toContain('home');
  } finally {
    await cache.close();
    await backend.close();
  }
});

test('a question to a rung has a span, within which those are that it asks below', async () => {
  const { session } = await worldOf({ group: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] });
  const ladder = new MeasuredRung(new MeasuredRung(new StorageRung()));
  exporter.reset();
  await tracer.startActiveSpan('a request', async (span) => {
    await ladder.read(session, { model: 'group', ids: [1, 2], fields: ['name'] });
    span.end();
  });
  const [below, above, request] = spans();
  expect(names()).toEqual(['ormolu.storage.read', 'ormolu.storage.read', 'a request']);
  expect(below?.parentSpanContext?.spanId).toBe(above?.spanContext().spanId);
  expect(above?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
  expect(below?.attributes).toEqual({ 'ormolu.rung': 'storage', 'ormolu.model': 'group' });
});

test('two who trace see the same, and none does after he has ended it', async () => {
  const endOther = openTelemetryTraces({ tracer });
  const cache = new NamedCache('rates', { maxEntries: 10 });
  await cache.getOrSet('a', () => 1);
  expect(names()).toEqual(['ormolu.load', 'ormolu.load']);
  endOther();
  await cache.getOrSet('b', () => 1);
  expect(names()).toHaveLength(3);
  end();
  await cache.getOrSet('c', () => 1);
  expect(names()).toHaveLength(3);
});

test('while nobody traces, a load is called as it is: nothing is made around it, and nothing is asked of its keys', () => {
  end();
  const keys = new Proxy<string[]>([], { get: () => { throw new Error('its keys were looked at'); } });
  const loaded = { of: 'the loader' };
  expect(traceLoad('rates', keys, () => loaded)).toBe(loaded);
  const promised = Promise.resolve(loaded);
  expect(traceLoad('rates', keys, () => promised)).toBe(promised);
  end = openTelemetryTraces({ tracer });
  expect(() => traceLoad('rates', keys, () => loaded)).toThrow('its keys were looked at');
});
