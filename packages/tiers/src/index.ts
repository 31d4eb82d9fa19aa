export { Histogram, type DurationSummary } from './histogram';
export { MeasuredRung, type MeasuredStats } from './measured-rung';
export { type BoundedStore, type BoundedStoreOptions, type Bounds, type EvictionReason } from './policies/bounded-store';
export { POLICY_NAMES, storeWith, type PolicyName } from './policies/policies';
