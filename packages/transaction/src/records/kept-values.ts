import type { Cache } from '@ormolu/cache';
import type { PrefetchGroup } from '../reading/prefetch';

/** So many groups keep values at most: a bound for what the list of those that are gone may hold. */
const MOST_GROUPS = 1_024;

/**
 * The values that records keep themselves, beside the cache: a read of one is as fast as that of a plain property.
 *
 * They are copies, and the first change to any value in the cache makes all records of the transaction let go of theirs. So no write has to
 * look for the records of its id, and no read has to ask whether its copy still holds.
 * @remarks Groups are held weakly: a record holds its group, so one that is gone has left no record behind.
 * @see docs/decisions/0046-records-keep-values-while-nothing-changes.md
 */
export class KeptValues {
  /** Grows each time all is let go. */
  moment = 0;
  readonly #cache: Cache;
  #groups: WeakRef<PrefetchGroup>[] = [];

  constructor(cache: Cache) {
    this.#cache = cache;
  }

  /** Remembers a group of which a record begins to keep values. */
  add(group: PrefetchGroup): void {
    if (this.#groups.length === MOST_GROUPS) this.letGo();
    if (this.#groups.length === 0) this.#cache.onNextChange(() => { this.letGo(); });
    this.#groups.push(new WeakRef(group));
  }

  /** Has all records let go of what they keep. @remarks Proportional to what they kept. */
  letGo(): void {
    const groups = this.#groups;
    this.#groups = [];
    this.moment += 1;
    for (const group of groups) group.deref()?.letGo();
  }
}
