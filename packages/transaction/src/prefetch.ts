import type { Id } from '@ormolu/kernel';

/**
 * The records that travel together: a miss on one of them fetches all.
 *
 * A group is either a list of ids, or follows from another group through a relation. The second kind is worked out only when a
 * miss needs it, from what is cached along the path, so that handing out a related record costs nothing, and one miss fetches the
 * related records of the whole first group.
 */
export class PrefetchGroup {
  readonly #ids: () => readonly Id[];
  readonly #next = new Map<object, PrefetchGroup>();

  /** @param ids - gives the group's ids when a miss asks; repeats allowed */
  constructor(ids: () => readonly Id[]) {
    this.#ids = ids;
  }

  static of(ids: readonly Id[]): PrefetchGroup {
    return new PrefetchGroup(() => ids);
  }

  /** The ids of the group as they are known now. */
  ids(): readonly Id[] {
    return this.#ids();
  }

  /** The group on the other side of a relation; the same object for the same relation. */
  through(relation: object, follow: (ids: readonly Id[]) => readonly Id[]): PrefetchGroup {
    let next = this.#next.get(relation);
    if (!next) this.#next.set(relation, (next = new PrefetchGroup(() => follow(this.#ids()))));
    return next;
  }
}
