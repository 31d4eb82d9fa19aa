import { ManualClock, MisuseError } from '@ormolu/kernel';
import { NamedCache } from '../../src/named-cache/named-cache';
import type { CacheEvents, NamedCacheOptions } from '../../src/named-cache/options';

function made(options: NamedCacheOptions = {}): { cache: NamedCache; clock: ManualClock } {
  const clock = new ManualClock();
  return { clock, cache: new NamedCache('fast', { maxEntries: 100, jitter: 0, clock, ...options }) };
}

test('a thousand that ask at once make one load, and share it', async () => {
  const { cache } = made();
  let loads = 0;
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => cache.getOrSet('k', async () => {
    loads += 1;
    await Promise.resolve();
    return { loads };
  })));
  expect(loads).toBe(1);
  expect(new Set(answers).size).toBe(1);
});

test('a failure is shared by those who wait, is not kept, and the next asks anew', async () => {
  const { cache } = made();
  let loads = 0;
  const failing = (): Promise<never> => {
    loads += 1;
    return Promise.reject(new Error(`failure ${String(loads)}`));
  };
  const answers = await Promise.allSettled([cache.getOrSet('k', failing), cache.getOrSet('k', failing)]);
  expect(answers.map((answer) => (answer.status === 'rejected' ? String(answer.reason) : 'answered'))).toEqual(['Error: failure 1', 'Error: failure 1']);
  expect(await cache.getOrSet('k', () => 7)).toBe(7);
  expect(cache.stats()).toMatchObject({ loadFailures: 1, misses: 3, size: 1 });
});

test('an entry is a miss from the moment its ttl has passed, and 0 never expires', async () => {
  const { cache, clock } = made({ ttl: '1s' });
  await cache.set('short', 1);
  await cache.set('ever', 2, { ttl: 0 });
  clock.advance(999);
  expect(await cache.get('short')).toBe(1);
  clock.advance(1);
  expect(await cache.get('short')).toBeUndefined();
  clock.advance(1e12);
  expect(await cache.get('ever')).toBe(2);
});

test('jitter takes at most its share off the ttl', async () => {
  const { cache, clock } = made({ ttl: 1_000, jitter: 0.5, random: () => 1 });
  await cache.set('k', 1);
  clock.advance(499);
  expect(await cache.get('k')).toBe(1);
  clock.advance(1);
  expect(await cache.get('k')).toBeUndefined();
});

test('a hit begins a sliding ttl anew', async () => {
  const { cache, clock } = made({ ttl: 100, sliding: true });
  await cache.set('k', 1);
  for (let hit = 0; hit < 10; hit += 1) {
    clock.advance(99);
    expect(await cache.get('k')).toBe(1);
  }
  clock.advance(100);
  expect(await cache.get('k')).toBeUndefined();
});

test('within its grace an expired entry stands in for a loader that fails, and only then', async () => {
  const { cache, clock } = made({ ttl: 100, grace: 50 });
  await cache.set('k', 'old');
  clock.advance(120);
  expect(await cache.get('k')).toBeUndefined();
  expect(await cache.getOrSet('k', () => Promise.reject(new Error('down')))).toBe('old');
  expect(cache.stats()).toMatchObject({ requests: 2, hits: 0, misses: 2, staleHits: 1, loadFailures: 1 });
  clock.advance(30);
  await expect(cache.getOrSet('k', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
});

test('an early refresh answers at once and loads in the background', async () => {
  const { cache, clock } = made({ ttl: 100, earlyRefresh: 0.5 });
  await cache.set('k', 'old');
  clock.advance(60);
  expect(await cache.getOrSet('k', () => 'new')).toBe('old');
  await new Promise(setImmediate);
  expect(await cache.get('k')).toBe('new');
});

test('that there is nothing is remembered for the negative ttl', async () => {
  const { cache, clock } = made({ ttl: 1_000, negativeTtl: 10 });
  let loads = 0;
  const nothing = (): string | undefined => {
    loads += 1;
    return undefined;
  };
  expect([await cache.getOrSet('k', nothing), await cache.getOrSet('k', nothing), loads]).toEqual([undefined, undefined, 1]);
  expect(await cache.get('k')).toBeUndefined();
  clock.advance(10);
  await cache.getOrSet('k', nothing);
  expect(loads).toBe(2);
  const { cache: forgetful } = made({ negativeTtl: 0 });
  await forgetful.getOrSet('k', () => null);
  expect(forgetful.stats().size).toBe(0);
});

test('what is written or deleted during a load is not overwritten by it', async () => {
  const { cache } = made();
  const calls: (readonly [() => Promise<unknown>, unknown])[] = [
    [() => cache.set('city:1', 'written'), 'written'], [() => cache.delete('city:1'), undefined], [() => cache.deleteByTag('geo'), undefined],
    [() => cache.deleteByPattern('city:*'), undefined], [() => cache.clear(), undefined],
  ];
  for (const [call, expected] of calls) {
    await cache.clear();
    let answer: (value: string) => void = () => undefined;
    const asked = cache.getOrSet('city:1', () => new Promise<string>((resolve) => (answer = resolve)), { tags: ['geo'] });
    await new Promise(setImmediate);
    await call();
    answer('read before');
    expect(await asked).toBe('read before');
    expect(await cache.get('city:1')).toBe(expected);
  }
});

test('tags and patterns take out what they name, and nothing else', async () => {
  const { cache } = made();
  await cache.setMany([['city:1', 1], ['city:2', 2]], { tags: ['geo'] });
  await cache.set('tag:1', 3, { tags: ['words', 'geo'] });
  await cache.set('city:2', 4, { tags: ['words'] });
  expect(await cache.deleteByTag('geo')).toBe(2);
  expect([...(await cache.getMany(['city:1', 'city:2', 'tag:1']))]).toEqual([['city:2', 4]]);
  expect([await cache.deleteByPattern('country:*'), await cache.deleteByPattern('city:*')]).toEqual([0, 1]);
});

test('what is too large is not kept, and counted; the whole stays within its bytes', async () => {
  const { cache } = made({ maxEntryBytes: 1_000, maxBytes: 5_000 });
  await cache.set('large', 'x'.repeat(1_000));
  for (let at = 0; at < 100; at += 1) await cache.set(`k${String(at)}`, 'x'.repeat(100));
  const { removals, bytes, size } = cache.stats();
  expect(removals).toMatchObject({ 'too large': 1, bound: 100 - size });
  expect(bytes).toBeLessThanOrEqual(5_000);
});

test('listeners hear of everything until they no longer want to, and their failures are their own', async () => {
  const { cache } = made();
  const heard: string[] = [];
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const events: readonly Exclude<keyof CacheEvents, 'state' | 'alert' | 'bus'>[] = ['hit', 'miss', 'set', 'remove', 'load', 'error'];
  const ends = events.map((event) => cache.on(event, ({ key }) => void heard.push(`${event} ${key}`)));
  cache.on('miss', () => {
    throw new Error('mine');
  });
  await cache.getOrSet('a', () => 1);
  await cache.get('a');
  await cache.delete('a');
  await cache.getOrSet('b', () => Promise.reject(new Error('no'))).catch(() => undefined);
  for (const end of ends) end();
  await cache.get('a');
  expect(heard).toEqual(['miss a', 'load a', 'set a', 'hit a', 'remove a', 'miss b', 'error b']);
  expect(warned).toHaveBeenCalledTimes(3);
  warned.mockRestore();
});

test.each([{ ttl: 'soon' }, { ttl: -1 }, { grace: '1y' }, { jitter: 2 }, { earlyRefresh: -1 }, { maxEntries: 0 }, { maxEntries: undefined }])('options that are none are refused: %j', (options) => {
  // As plain JavaScript may give them.
  expect(() => made(options as NamedCacheOptions)).toThrow(MisuseError);
});
