import { storeWith, type PolicyName } from '../../src/policies/policies';

const NEWCOMERS = 50_000;

/** Processor time that a full store of so many entries takes for the newcomers. */
function churned(policy: PolicyName, entries: number): number {
  const store = storeWith<number, number>(policy, { maxEntries: entries });
  for (let key = 0; key < 2 * entries; key += 1) store.set(key, key);
  const began = process.cpuUsage();
  for (let key = 0; key < NEWCOMERS; key += 1) store.set(2 * entries + key, key);
  const { user, system } = process.cpuUsage(began);
  return user + system;
}

// What looks for the oldest behind all that left before it takes a hundred times as long in a store that is a hundred times as large.
test.each(['s3fifo', 'lru', 'lfu', 'ttl'] as const)('a newcomer to a full store costs about the same however large the store is, with %s', (policy) => {
  churned(policy, 1_000);
  expect(churned(policy, 100_000) / churned(policy, 1_000)).toBeLessThan(25);
});
