import * as fc from 'fast-check';
import { ManualClock } from '@ormolu/kernel';
import { lawRuns } from '@ormolu/test-support';
import { POLICY_NAMES } from '../../src/policies/policies';
import { NamedCache } from '../../src/named-cache/named-cache';

/** What a loader read when: a value is the moment of the truth it tells. */
interface Truth {
  readonly since: Map<string, number>;
}

const TTL = 100;
const GRACE = 30;
const key = fc.constantFrom('city:1', 'city:2', 'country:1', 'country:2');
const tag = fc.constantFrom('a', 'b');

const step = fc.oneof(
  fc.record({ call: fc.constant('load' as const), key, tags: fc.uniqueArray(tag), fails: fc.boolean() }),
  fc.record({ call: fc.constant('loadMany' as const), keys: fc.uniqueArray(key, { minLength: 1 }), tags: fc.uniqueArray(tag), fails: fc.boolean() }),
  fc.record({ call: fc.constant('get' as const), key }),
  fc.record({ call: fc.constant('set' as const), key, tags: fc.uniqueArray(tag) }),
  fc.record({ call: fc.constant('delete' as const), key }),
  fc.record({ call: fc.constant('tag' as const), tag }),
  fc.record({ call: fc.constant('pattern' as const), pattern: fc.constantFrom('city:*', '*:1', '*') }),
  fc.constant({ call: 'clear' as const }),
  fc.record({ call: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 80 }) }),
  fc.record({ call: fc.constant('finish' as const), place: fc.nat({ max: 3 }) }),
);

/** A loader that has read the truth and has not answered yet. */
interface Load {
  readonly answer: () => void;
}

test.each(POLICY_NAMES)('law: no read is older than its ttl, and its grace when its loader fails; what was deleted or written does not come back (%s)', async (policy) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = new ManualClock();
      const cache = new NamedCache('law', { maxEntries: 3, policy, ttl: TTL, grace: GRACE, jitter: 0, clock });
      const truth: Truth = { since: new Map() };
      const loads: Load[] = [];
      const asked: Promise<void>[] = [];
      // A value tells when it was read. It must not be told after a later delete of its key, nor after ttl and grace.
      const check = (of: string, value: unknown, longest: number): void => {
        if (value === undefined) return;
        expect(value).toBeGreaterThanOrEqual(truth.since.get(of) ?? 0);
        expect(clock.now() - Number(value)).toBeLessThan(longest);
      };
      // Two things at one moment could not be told apart.
      const changed = (fits: (of: string) => boolean): void => {
        clock.advance(0.001);
        for (const each of ['city:1', 'city:2', 'country:1', 'country:2']) if (fits(each)) truth.since.set(each, clock.now());
      };
      for (const one of steps) {
        if (one.call === 'wait') clock.advance(one.ms);
        else if (one.call === 'finish') loads.splice(one.place, 1)[0]?.answer();
        else if (one.call === 'get') check(one.key, await cache.get(one.key), TTL);
        else if (one.call === 'set') {
          changed((of) => of === one.key);
          await cache.set(one.key, clock.now(), { tags: one.tags });
        } else if (one.call === 'delete') {
          changed((of) => of === one.key);
          await cache.delete(one.key);
        } else if (one.call === 'tag') await cache.deleteByTag(one.tag);
        else if (one.call === 'pattern') {
          const fits = (of: string): boolean => (one.pattern === '*' ? true : one.pattern === '*:1' ? of.endsWith(':1') : of.startsWith('city:'));
          changed(fits);
          await cache.deleteByPattern(one.pattern);
        } else if (one.call === 'clear') {
          changed(() => true);
          await cache.clear();
        } else if (one.call === 'loadMany') {
          const load = (missing: readonly string[]): Promise<[string, number][]> => {
            const readAt = clock.now();
            return new Promise((resolve, reject) => {
              loads.push({ answer: () => (one.fails ? reject(new Error('no')) : resolve(missing.map((of) => [of, readAt]))) });
            });
          };
          const askedAt = clock.now();
          asked.push(
            cache.getMany(one.keys, load, { tags: one.tags }).then(
              (values) => {
                expect([...values.keys()].sort()).toEqual([...one.keys].sort());
                for (const value of values.values()) expect(value).toBeGreaterThan(askedAt - TTL - 0.01);
              },
              (error: unknown) => expect(error).toEqual(new Error('no')),
            ),
          );
        } else {
          const load = (): Promise<number> => {
            const readAt = clock.now();
            return new Promise((resolve, reject) => {
              loads.push({ answer: () => (one.fails ? reject(new Error('no')) : resolve(readAt)) });
            });
          };
          const askedAt = clock.now();
          asked.push(
            cache.getOrSet(one.key, load, { tags: one.tags }).then(
              // Whoever asked before a change may be told what was true when he asked.
              (value) => expect(value).toBeGreaterThan(askedAt - TTL - GRACE - 0.01),
              (error: unknown) => expect(error).toEqual(new Error('no')),
            ),
          );
        }
        for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
      }
      while (loads.length > 0) loads.shift()?.answer();
      await Promise.all(asked);
      for (const each of ['city:1', 'city:2', 'country:1', 'country:2']) check(each, await cache.get(each), TTL);
    }),
    { numRuns: lawRuns(150) },
  );
});
