import type { StoredId } from './id';

/** What a durable commit tells the lower rungs: exactly what changed. */
export interface Commit {
  /** Model → ids of rows inserted, updated or deleted. */
  readonly changed: ReadonlyMap<string, ReadonlySet<StoredId>>;
}
