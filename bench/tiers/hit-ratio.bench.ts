import { storeWith, type PolicyName } from '@ormolu/tiers';
import { aim, atLeast, bench, figureCase } from '../harness';
import { CAPACITY, TRACES } from './traces';

const REQUESTS = 300_000;

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

const overLru = (policy: PolicyName, trace: string, target?: number) =>
  figureCase({
    name: `${policy} over lru: ${trace}`, unit: 'points', rounds: 5,
    ...(target === undefined ? {} : { target: aim(atLeast(target)) }),
    measure: () => hitRatio(policy, trace) - hitRatio('lru', trace),
  });

export default bench({
  title: 'How many more requests does a cache of 1,000 answer than with LRU?',
  cases: [
    overLru('s3fifo', 'zipf .7', -1.5), overLru('s3fifo', 'zipf .9', 9), overLru('s3fifo', 'zipf 1.1', -1.5), overLru('s3fifo', 'zipf .9 with 30 % scans', 8),
    overLru('s3fifo', 'a loop over one and a half times what fits', -1.5), overLru('s3fifo', 'a hot set that moves', -1.5),
    overLru('lfu', 'zipf .9'), overLru('lfu', 'zipf .9 with 30 % scans'),
  ],
});
