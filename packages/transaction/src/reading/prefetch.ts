import type { SlotIndex } from '@ormolu/cache';
import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { Environment } from '../environment/environment';
import type { RecordClass } from '../records/keeping-class';
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
  /** The environment of all its records. */
  readonly env: Environment;
  readonly #ids: () => readonly Id[];
  #next: Map<Field, PrefetchGroup> | undefined;
  /** By slot, and of the slots that hold now: a clear of the cache begins new ones, and records keep nothing of that. */
  #singles: RecordSet[] | undefined;
  #slots: SlotIndex | undefined;
  #sight: Sight = NOTHING_SEEN;
  // The list given out last, which computes ask for again and again.
  #lastList: readonly Id[] | undefined;
  #lastSet: RecordSet | undefined;
  // The relation followed last: a loop follows the same one again and again.
  #lastRelation: Field | undefined;
  #last: PrefetchGroup | undefined;
  /** Records that keep values, and their class. */
  keeping: RecordSet[] | undefined;
  keepers: RecordClass | undefined;
  /** Single records handed out, and values of theirs that were found in the cache since a moment. */
  handedOut = 0;
  found = 0;
  moment = -1;

  /** Whether it is one record that was browsed by itself. */
  readonly isAlone: boolean;

  /** Whether somebody named its ids, so that nothing says that there are such records. */
  readonly isBrowsed: boolean;

  /** @param ids - gives the group's ids when a miss asks; repeats allowed */
  constructor(env: Environment, ids: () => readonly Id[], { isAlone = false, isBrowsed = false }: { readonly isAlone?: boolean; readonly isBrowsed?: boolean } = {}) {
    this.env = env;
    this.#ids = ids;
    this.isAlone = isAlone;
    this.isBrowsed = isBrowsed;
  }

  static of(env: Environment, ids: readonly Id[]): PrefetchGroup {
    return new PrefetchGroup(env, () => ids, { isAlone: ids.length === 1 });
  }

  /** A group of ids that somebody has named. */
  static browsed(env: Environment, ids: readonly Id[]): PrefetchGroup {
    return new PrefetchGroup(env, () => ids, { isAlone: ids.length === 1, isBrowsed: true });
  }

  /** The ids of the group as they are known now. */
  ids(): readonly Id[] {
    return this.#ids();
  }

  /** The record of the group with an id: the same object as before, because many records lead to the same one. */
  single(model: string, id: Id): RecordSet {
    const { env } = this;
    this.#keepUp();
    this.#slots ??= env.transaction.cache.slots(model);
    const slot = this.#slots.slotOf(id);
    const known = this.#singles?.[slot];
    if (known) return known;
    const made = this.make(env.recordClass(model), id);
    if (slot >= 0) (this.#singles ??= [])[slot] = made;
    return made;
  }

  /** The records of a list, which lists in the cache are never changed in place: the same set as before, with the same records, when it is the list asked for last. */
  list(model: string, ids: readonly Id[]): RecordSet {
    this.#keepUp();
    if (ids === this.#lastList && this.#lastSet) return this.#lastSet;
    const set = this.env.recordsOf(this.env.registry.model(model), ids, this);
    this.#lastList = ids;
    this.#lastSet = set;
    return set;
  }

  /** Records given out before are those of slots and of classes that may not hold any more. */
  #keepUp(): void {
    if (this.#sight.life.isCurrent) return;
    this.#sight = this.env.sight;
    this.#slots = undefined;
    this.#singles = undefined;
    this.#lastList = undefined;
    this.#lastSet = undefined;
  }

  /** A new record of the group. */
  make(recordClass: RecordClass, id: Id): RecordSet {
    this.handedOut += 1;
    return new recordClass(this, id);
  }

  /** The group on the other side of a relation; the same object for the same relation. */
  through(relation: Field): PrefetchGroup {
    if (relation === this.#lastRelation && this.#last) return this.#last;
    this.#next ??= new Map();
    let next = this.#next.get(relation);
    if (!next) this.#next.set(relation, (next = new PrefetchGroup(this.env, () => relatedIds(this.env, relation, this.#ids()))));
    this.#lastRelation = relation;
    this.#last = next;
    return next;
  }

  /** Its records let go of the values they keep. */
  letGo(): void {
    const { keeping } = this;
    this.keeping = undefined;
    if (keeping) this.keepers?.letGo?.(keeping);
  }
}
