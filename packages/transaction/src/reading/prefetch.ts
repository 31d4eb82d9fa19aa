import type { SlotIndex } from '@ormolu/cache';
import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { Environment } from '../environment/environment';
import type { RecordSet } from '../records/recordset';
import { NOTHING_SEEN, type Sight } from '../environment/sight';
import { relatedIds } from '../values';

/**
 * The records that travel together: a miss on one of them fetches all.
 *
 * A group is either a list of ids, or follows from another group through a relation. The second kind is worked out only when a
 * miss needs it, from what is cached along the path, so that handing out a related record costs nothing, and one miss fetches the
 * related records of the whole first group.
 */
export class PrefetchGroup {
  readonly #ids: () => readonly Id[];
  #next: Map<Field, PrefetchGroup> | undefined;
  /** By slot, and of the slots that hold now: a clear of the cache begins new ones, and records keep nothing of that. */
  #singles: RecordSet[] = [];
  #slots: SlotIndex | undefined;
  #sight: Sight = NOTHING_SEEN;
  // The relation followed last: a loop follows the same one again and again.
  #lastRelation: Field | undefined;
  #last: PrefetchGroup | undefined;

  /** Whether it is one record that was browsed by itself. */
  readonly isAlone: boolean;

  /** Whether somebody named its ids, so that nothing says that there are such records. */
  readonly isBrowsed: boolean;

  /** @param ids - gives the group's ids when a miss asks; repeats allowed */
  constructor(ids: () => readonly Id[], { isAlone = false, isBrowsed = false }: { readonly isAlone?: boolean; readonly isBrowsed?: boolean } = {}) {
    this.#ids = ids;
    this.isAlone = isAlone;
    this.isBrowsed = isBrowsed;
  }

  static of(ids: readonly Id[]): PrefetchGroup {
    return new PrefetchGroup(() => ids, { isAlone: ids.length === 1 });
  }

  /** A group of ids that somebody has named. */
  static browsed(ids: readonly Id[]): PrefetchGroup {
    return new PrefetchGroup(() => ids, { isAlone: ids.length === 1, isBrowsed: true });
  }

  /** The ids of the group as they are known now. */
  ids(): readonly Id[] {
    return this.#ids();
  }

  /**
   * The record of the group with an id: the same object as before, because many records lead to the same one.
   *
   * @param env - always the same one for a group, which belongs to records of one environment
   */
  single(env: Environment, model: string, id: Id): RecordSet {
    if (!this.#sight.life.isCurrent || !this.#slots) {
      this.#sight = env.sight;
      this.#slots = env.transaction.cache.slots(model);
      this.#singles = [];
    }
    const slot = this.#slots.slotOf(id);
    const known = this.#singles[slot];
    if (known) return known;
    const made = new (env.recordClass(model))(env, [id], this);
    if (slot >= 0) this.#singles[slot] = made;
    return made;
  }

  /** The group on the other side of a relation, as an environment sees it; the same object for the same relation. */
  through(relation: Field, env: Environment): PrefetchGroup {
    if (relation === this.#lastRelation && this.#last) return this.#last;
    this.#next ??= new Map();
    let next = this.#next.get(relation);
    if (!next) this.#next.set(relation, (next = new PrefetchGroup(() => relatedIds(env, relation, this.#ids()))));
    this.#lastRelation = relation;
    this.#last = next;
    return next;
  }
}
