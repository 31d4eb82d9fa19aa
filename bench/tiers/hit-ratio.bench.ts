import { storeWith, type PolicyName } from '@ormolu/tiers';
import { atLeast, bench, trialCase, type Target, type TrialCase } from '../harness';
import { CAPACITY, TRACES } from './traces';

const REQUESTS = 1_000_000;
/** What the default may lose to LRU anywhere, in points. */
const WORST = atLeast(-1.5);

/** Hits in a hundred requests. */
function hitRatio(policy: PolicyName, trace: string): number {
  const store = storeWith<number, true>(policy, { maxEntries: CAPACITY });
  let hits = 0;
  for (const key of TRACES[trace]?.(REQUESTS) ?? []) {
    if (store.get(key) === undefined) store.set(key, true);
    else hits += 1;
  }
  return (100 * hits) / REQUESTS;
}

/** The traces are drawn from fixed seeds: each comes out the same every time. */
const comparison = (trace: string, target: Target = WORST): TrialCase =>
  trialCase({
    name: `s3fifo over lru: ${trace}`, rounds: 1,
    figures: { 'over lru': { unit: 'points', target }, s3fifo: { unit: '%' }, lru: { unit: '%' }, lfu: { unit: '%' }, ttl: { unit: '%' } },
    ours: () => Promise.resolve(() => {
      const [s3fifo, lru, lfu, ttl] = [hitRatio('s3fifo', trace), hitRatio('lru', trace), hitRatio('lfu', trace), hitRatio('ttl', trace)];
      return Promise.resolve({ 'over lru': s3fifo - lru, s3fifo, lru, lfu, ttl });
    }),
  });

export default bench({
  title: 'How many requests does a cache of 1,000 answer, by policy?',
  cases: [
    comparison('zipf .7'), comparison('zipf .9', atLeast(9)), comparison('zipf 1.1'), comparison('zipf .9 with 30 % scans', atLeast(8)),
    comparison('a loop over one and a half times what fits'), comparison('a hot set that moves'), comparison('an ORM mix'),
  ],
});
