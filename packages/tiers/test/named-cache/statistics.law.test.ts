import * as fc from 'fast-check';
import { ManualClock } from '@ormolu/kernel';
import { lawRuns } from '@ormolu/test-support';
import { NamedCache } from '../../src/named-cache/named-cache';
import type { NamedCacheOptions } from '../../src/named-cache/options';
import { POLICY_NAMES } from '../../src/policies/policies';

const key = fc.oneof(fc.stringMatching(/^(city|country):[0-9]$/), fc.constantFrom('plain', ':x'));
const step = fc.oneof(
  fc.record({ do: fc.constant('set' as const), key, size: fc.integer({ min: 0, max: 300 }) }),
  fc.record({ do: fc.constantFrom('get' as const, 'delete' as const, 'getOrSet' as const), key, size: fc.constant(5) }),
  fc.record({ do: fc.constantFrom('clear' as const, 'expire' as const, 'deleteByPattern' as const, 'deleteByTag' as const), key: fc.constant(''), size: fc.constant(0) }),
);
const bounds: fc.Arbitrary<NamedCacheOptions> = fc.record({ policy: fc.constantFrom(...POLICY_NAMES) }).chain(({ policy }) => fc.constantFrom<NamedCacheOptions>(
  { policy, maxEntries: 5 }, { policy, maxBytes: 2_000 }, { policy, maxEntries: 50, maxEntryBytes: 200 },
));

test('law: for every script, the figures of the models add up to those of the cache, and to what is there', async () => {
  await fc.assert(fc.asyncProperty(bounds, fc.array(step, { maxLength: 60 }), async (options, steps) => {
    const clock = new ManualClock();
    const cache = new NamedCache('figures', { ...options, ttl: 1_000, clock });
    let asked = 0;
    for (const { do: what, key: of, size } of steps) {
      if (what === 'set') await cache.set(of, 'x'.repeat(size), { tags: ['t'] });
      else if (what === 'get' || what === 'getOrSet') {
        asked += 1;
        await (what === 'get' ? cache.get(of) : cache.getOrSet(of, () => 'loaded'));
      } else if (what === 'delete') await cache.delete(of);
      else if (what === 'clear') await cache.clear();
      else if (what === 'expire') clock.advance(1_001);
      else await (what === 'deleteByTag' ? cache.deleteByTag('t') : cache.deleteByPattern('city:*'));
    }
    const { models, requests, hits, misses, size, bytes, evictions } = cache.stats();
    const all = Object.values(models);
    const sum = (of: (one: (typeof all)[number]) => number): number => all.reduce((total, one) => total + of(one), 0);
    expect({ asked, hits: hits + misses, requests: sum((one) => one.requests), byModel: sum((one) => one.hits) }).toEqual({ asked: requests, hits: requests, requests, byModel: hits });
    expect({ items: sum((one) => one.items), evictions: sum((one) => one.evictions) }).toEqual({ items: size, evictions });
    expect(Math.abs(sum((one) => one.bytes) - bytes)).toBeLessThanOrEqual(all.length);
    expect(size === 0 ? bytes : Math.sign(bytes)).toBe(size === 0 ? 0 : 1);
    if (options.maxBytes !== undefined) expect(bytes).toBeLessThanOrEqual(options.maxBytes);
  }), { numRuns: lawRuns(300) });
});
