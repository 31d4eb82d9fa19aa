import * as fc from 'fast-check';
import { lawRuns } from '@ormolu/test-support';
import { MemoryBackend } from '../../src/backend/memory-backend';
import { NamedCache } from '../../src/named-cache/named-cache';

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');

/** Somebody asks for keys, some at a time, when others have been asking for a while. */
const caller = fc.record({ process: fc.nat({ max: 2 }), keys: fc.uniqueArray(key, { minLength: 1 }), isSingle: fc.boolean(), afterTurns: fc.nat({ max: 12 }), tookMs: fc.integer({ min: 0, max: 6 }) });

/** What there is: of one key a loader finds nothing. */
const there = (of: string): string | undefined => (of === 'c' ? undefined : `value of ${of}`);

test.each([['in memory alone', false], ['on a server that three processes share', true]])('law: whoever asks for which keys at once, each is loaded once, and all are told what there is: %s', async (_, isShared) => {
  await fc.assert(
    fc.asyncProperty(fc.array(caller, { minLength: 1, maxLength: 12 }), async (callers) => {
      const l2 = new MemoryBackend();
      const caches = Array.from({ length: 3 }, () => new NamedCache('law', isShared ? { l2, deadline: '5s', jitter: 0 } : { maxEntries: 100 }));
      const loaded: string[] = [];
      await caches[0]?.clear();
      await Promise.all(callers.map(async ({ process, keys, isSingle, afterTurns, tookMs }) => {
        for (let turn = 0; turn < afterTurns; turn += 1) await Promise.resolve();
        const cache = caches[isShared ? process : 0];
        const load = async (missing: readonly string[]): Promise<(readonly [string, string | undefined])[]> => {
          loaded.push(...missing);
          await new Promise((resolve) => setTimeout(resolve, tookMs));
          return missing.map((one) => [one, there(one)]);
        };
        if (isSingle) for (const one of keys) expect(await cache?.getOrSet<unknown>(one, async () => (await load([one]))[0]?.[1])).toBe(there(one));
        else expect(await cache?.getMany<unknown>(keys, load)).toEqual(new Map(keys.flatMap((one) => (there(one) === undefined ? [] : [[one, there(one)] as const]))));
      }));
      expect(loaded.sort()).toEqual([...new Set(callers.flatMap(({ keys }) => keys))].sort());
      await Promise.all(caches.map((cache) => cache.close()));
    }),
    { numRuns: lawRuns(60) },
  );
});

test('a loader that fails for some fails for those alone who asked for them; its keys are asked for anew by the next', async () => {
  const cache = new NamedCache('some', { maxEntries: 10 });
  const [bad, good] = [cache.getMany(['a', 'b'], () => Promise.reject(new Error('no'))), cache.getMany(['c'], (keys) => keys.map((one) => [one, 1]))];
  const mixed = cache.getMany(['b', 'c', 'd'], (keys) => keys.map((one) => [one, 2]));
  await expect(bad).rejects.toThrow('no');
  await expect(mixed).rejects.toThrow('no');
  expect(await good).toEqual(new Map([['c', 1]]));
  expect(await cache.getMany(['a', 'b', 'c', 'd'], (keys) => keys.map((one) => [one, 3]))).toEqual(new Map([['a', 3], ['b', 3], ['c', 1], ['d', 2]]));
  expect(cache.stats()).toMatchObject({ loadFailures: 1, loads: { count: 3 } });
});

test('what is written or deleted while it is loaded with others stays so', async () => {
  const cache = new NamedCache('overtaken', { maxEntries: 10 });
  const asked = cache.getMany<number>(['a', 'b', 'c'], async (keys) => {
    await cache.set('a', 100);
    await cache.delete('b');
    return keys.map((one) => [one, 1]);
  });
  expect(await asked).toEqual(new Map([['a', 1], ['b', 1], ['c', 1]]));
  expect(await cache.getMany(['a', 'b', 'c'])).toEqual(new Map([['a', 100], ['c', 1]]));
});
