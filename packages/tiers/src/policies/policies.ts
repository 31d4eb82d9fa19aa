import { MisuseError } from '@ormolu/kernel';
import type { BoundedStore, BoundedStoreOptions } from './bounded-store';
import { FifoStore } from './fifo';
import { LfuStore } from './lfu';
import { LruStore } from './lru';
import { S3Fifo } from './s3-fifo';

/**
 * Who leaves when a cache is full.
 *
 * - `s3fifo`: who was not used again soon after it came. Best on nearly everything, scans among it; the default.
 * - `lru`: who was used longest ago.
 * - `lfu`: who was used least, of late: every ten uses an entry, counts are halved.
 * - `ttl`: who came first; for caches that live by expiry.
 */
export type PolicyName = 's3fifo' | 'lru' | 'lfu' | 'ttl';

/** The policies, by name. */
export const POLICY_NAMES: readonly PolicyName[] = ['s3fifo', 'lru', 'lfu', 'ttl'];

/** A store with a policy. @throws {MisuseError} TIER_POLICY for one that does not exist; TIER_BOUNDS */
export function storeWith<K extends string | number | bigint | symbol | object, V>(policy: PolicyName, options: BoundedStoreOptions<K, V>): BoundedStore<K, V> {
  switch (policy) {
    case 's3fifo':
      return new S3Fifo(options);
    case 'lru':
      return new LruStore(options);
    case 'lfu':
      return new LfuStore(options);
    case 'ttl':
      return new FifoStore(options);
    default:
      // For callers whom no compiler checks.
      throw new MisuseError('TIER_POLICY', `There is no policy ${JSON.stringify(policy)}. Give ${POLICY_NAMES.map((name) => `'${name}'`).join(', ')}, or leave it out.`);
  }
}
