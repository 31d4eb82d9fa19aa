import { ManualClock } from '@ormolu/kernel';
import * as fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { MemoryBackend } from '../../src/backend/memory-backend';
import { NamedCache } from '../../src/named-cache/named-cache';

const TTL = 100;

/** A cache whose loaders answer when they are told to, with the moment they were called at. */
function slowCache(grace: number): { readonly clock: ManualClock; readonly loads: (() => void)[]; readonly ask: () => Promise<number>; readonly cache: NamedCache } {
  const clock = new ManualClock();
  const cache = new NamedCache('slow', { maxEntries: 3, ttl: TTL, grace, jitter: 0, clock });
  const loads: (() => void)[] = [];
  const load = (): Promise<number> => {
    const readAt = clock.now();
    return new Promise((resolve) => loads.push(() => resolve(readAt)));
  };
  return { clock, loads, ask: () => cache.getOrSet('country:2', load), cache };
}

/** Whoever asks again does so in the next turn of the event loop, with the others who do. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise(setImmediate);
}

test('who asks when a load has been under way for longer than the ttl gets what was read since, and what the slow one brings later is not kept', async () => {
  const { clock, loads, ask, cache } = slowCache(30);
  const first = ask();
  await settle();
  clock.advance(52);
  const joins = ask();
  clock.advance(79);
  const second = ask();
  await settle();
  expect(loads.length).toBe(2);
  loads[1]?.();
  expect(await second).toBe(131);
  loads[0]?.();
  expect([await first, await joins]).toEqual([0, 0]);
  expect(await cache.get('country:2')).toBe(131);
});

test('law: of a loader slower than the ttl two calls at most are under way for a key, whoever asks when; nobody gets what was too old when he asked', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(fc.constant('ask' as const), fc.constant('finish' as const), fc.integer({ min: 1, max: 150 })), { maxLength: 60 }), async (steps) => {
      const { clock, loads, ask } = slowCache(0);
      const asked: Promise<void>[] = [];
      for (const step of steps) {
        if (step === 'ask') {
          const askedAt = clock.now();
          asked.push(ask().then((readAt) => expect(readAt).toBeGreaterThan(askedAt - TTL)));
        } else if (step === 'finish') loads.splice(Math.floor(loads.length / 2), 1)[0]?.();
        else clock.advance(step);
        await settle();
        expect(loads.length).toBeLessThanOrEqual(2);
      }
      // Who waits for a place begins when there is one.
      while (loads.length > 0) {
        loads.shift()?.();
        await settle();
      }
      await Promise.all(asked);
    }),
    { numRuns: lawRuns(200) },
  );
});

test('of processes that wait for the loader of one, which is slower than the ttl, all take what was read since they asked: they do not load one after the other', async () => {
  const l2 = new MemoryBackend();
  const caches = Array.from({ length: 6 }, () => new NamedCache('many', { l2, ttl: 30, jitter: 0, deadline: '5s' }));
  let loads = 0;
  const load = async (): Promise<number> => {
    loads += 1;
    await new Promise((resolve) => setTimeout(resolve, 90));
    return loads;
  };
  try {
    await Promise.all(caches.map((cache) => cache.get('another')));
    const began = performance.now();
    await Promise.all(caches.map((cache) => cache.getOrSet('k', load)));
    // The first may have begun before the others asked.
    expect(loads).toBeLessThanOrEqual(2);
    expect(performance.now() - began).toBeLessThan(6 * 90);
  } finally {
    await Promise.all(caches.map((cache) => cache.close()));
  }
});
