import { ManualClock, MisuseError } from '@ormolu/kernel';
import type { CacheAlert, HealthThresholds } from '../../src/named-cache/health-watch';
import { NamedCache } from '../../src/named-cache/named-cache';

function watched(thresholds: HealthThresholds): { cache: NamedCache; clock: ManualClock; told: string[] } {
  const clock = new ManualClock();
  const cache = new NamedCache('watched', { maxEntries: 1_000, clock, thresholds: { minRequests: 10, ...thresholds } });
  const told: string[] = [];
  cache.on('alert', ({ kind, state }: CacheAlert) => told.push(`${kind} ${state}`));
  return { cache, clock, told };
}

async function asked(cache: NamedCache, { hits = 0, misses = 0 }: { readonly hits?: number; readonly misses?: number }): Promise<void> {
  await cache.set('hit', 1);
  for (let at = 0; at < hits; at += 1) await cache.get('hit');
  for (let at = 0; at < misses; at += 1) await cache.get('miss');
}

test('a hit ratio below its threshold is told once, and once when it is over; each check judges what came since', async () => {
  const { cache, told } = watched({ minHitRatio: 0.5 });
  await asked(cache, { misses: 10 });
  expect((await cache.health()).alerts).toEqual([{ kind: 'hit ratio', state: 'raised', value: 0, limit: 0.5 }]);
  await asked(cache, { hits: 4, misses: 6 });
  expect((await cache.health()).alerts).toMatchObject([{ value: 0.4 }]);
  expect(told).toEqual(['hit ratio raised']);
  await asked(cache, { hits: 9, misses: 1 });
  expect((await cache.health()).alerts).toEqual([]);
  expect(told).toEqual(['hit ratio raised', 'hit ratio over']);
});

test('of few requests nothing is said, however often it is asked; they count with those that follow', async () => {
  const { cache, told } = watched({ minHitRatio: 0.5 });
  for (let turn = 0; turn < 9; turn += 1) {
    await asked(cache, { misses: 1 });
    await cache.health();
  }
  expect(told).toEqual([]);
  await asked(cache, { misses: 1 });
  await cache.health();
  expect(told).toEqual(['hit ratio raised']);
});

test('slow answers, failing loads and too much memory have thresholds, too', async () => {
  const { cache, clock, told } = watched({ maxLatency: '20ms', maxErrorRate: 0.1, maxBytes: 5_000 });
  for (let at = 0; at < 10; at += 1) {
    await cache.getOrSet(`slow:${String(at)}`, () => {
      clock.advance(30);
      return 'x'.repeat(1_000);
    });
  }
  const { alerts } = await cache.health();
  expect(told).toEqual(['latency raised', 'memory raised']);
  expect(alerts.find(({ kind }) => kind === 'latency')?.value).toBeGreaterThanOrEqual(30);
  await cache.clear();
  for (let at = 0; at < 10; at += 1) await cache.getOrSet(`bad:${String(at)}`, () => Promise.reject(new Error('no'))).catch(() => undefined);
  await cache.health();
  expect(told.slice(2)).toEqual(['latency over', 'error rate raised', 'memory over']);
});

test('the interval checks by itself, until the cache is closed', async () => {
  jest.useFakeTimers();
  try {
    const cache = new NamedCache('watched', { maxEntries: 10, healthCheckEvery: '1s', thresholds: { maxBytes: 0 } });
    const told: CacheAlert[] = [];
    cache.on('alert', (alert) => told.push(alert));
    await cache.set('k', 1);
    await jest.advanceTimersByTimeAsync(999);
    expect(told).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(told).toMatchObject([{ kind: 'memory', state: 'raised', limit: 0 }]);
    await cache.close();
    await cache.clear();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(told).toHaveLength(1);
  } finally {
    jest.useRealTimers();
  }
});

test.each<[HealthThresholds, RegExp]>([
  [{ minHitRatio: 1.5 }, /minHitRatio is 1.5. Give a share/],
  [{ maxErrorRate: -1 }, /maxErrorRate is -1/],
  [{ maxBytes: Number.NaN }, /maxBytes is NaN/],
  [{ minRequests: 0 }, /minRequests is 0/],
  // As a program without types would write it.
  [{ hitRatio: 0.5 } as HealthThresholds, /no threshold 'hitRatio'. There are minHitRatio/],
])('a threshold that is none is refused: %j', (thresholds, message) => {
  const made = (): NamedCache => new NamedCache('watched', { maxEntries: 1, thresholds });
  expect(made).toThrow(MisuseError);
  expect(made).toThrow(message);
});
