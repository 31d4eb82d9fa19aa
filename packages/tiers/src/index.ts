export { Histogram, type DurationSummary } from './histogram';
export { MeasuredRung, type MeasuredStats } from './measured-rung';
export { type NamedCacheStats } from './named-cache/cache-counts';
export { NamedCache, type PlainCache } from './named-cache/named-cache';
export { NamedCaches } from './named-cache/named-caches';
export { type CacheEvents, type EntryOptions, type Lifetime, type NamedCacheOptions, type RemovalReason } from './named-cache/options';
export { type BoundedStore, type BoundedStoreOptions, type Bounds, type EvictionReason } from './policies/bounded-store';
export { POLICY_NAMES, storeWith, type PolicyName } from './policies/policies';
