import { isStoredId, type Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { isDue } from '../computing/layers';
import { inverseOf } from '../reading/fetch';
import type { Need } from '../running/run';
import type { Transaction } from '../transaction';
import { isList } from '../values';

/** Whether something that a value is computed from came out different, as far as memory can tell, and what it lacks to tell. */
export interface Judgement {
  readonly isChanged: boolean;
  readonly needs: readonly Need[];
}

/**
 * The same question as `mayHaveChanged`, asked of a value that may have been written by hand: then what memory cannot tell is no answer, and what
 * was put unseen is no change until the value before is known.
 */
export function judge(tx: Transaction, { field, since }: { readonly field: Field; readonly since: number }, id: Id): Judgement {
  const judging = new Judging(tx, since);
  return { isChanged: judging.reads(field, id), needs: judging.needs };
}

/** Whether values of a field that another is computed from have changed, or may have, of whichever records. */
function mayAnyHaveChanged(tx: Transaction, field: Field, since: number, seen: ReadonlySet<Field> = new Set([field])): boolean {
  return tx.registry.dependsOn(field).some((path) => path.some((cause) => {
    if (cause.compute && !cause.isStored) return seen.has(cause) || mayAnyHaveChanged(tx, cause, since, new Set([...seen, cause]));
    if (tx.toCompute.isMarked(cause)) return true;
    const kept = cause.relation?.kind === 'one2many' && cause.isPersistent ? [cause, inverseOf(tx, cause)] : [cause];
    return kept.some((one) => tx.toCompute.isMarked(one) || tx.toCompute.hasAnyChangedSince(one, since) || tx.unseen.has(one));
  }));
}

/** Drops the marks of those of which memory shows that nothing has changed. */
export function dropUnchanged(tx: Transaction, field: Field, ids: readonly Id[]): void {
  if (tx.triggers.size > 0) return;
  tx.toCompute.unmark(field, ids.filter((id) => {
    const since = tx.toCompute.possibleSince(field, id);
    if (since === undefined) return false;
    if (!mayAnyHaveChanged(tx, field, since)) return true;
    const { isChanged, needs } = judge(tx, { field, since }, id);
    return !isChanged && needs.length === 0;
  }));
}

class Judging {
  readonly needs: Need[] = [];
  readonly #tx: Transaction;
  readonly #since: number;
  readonly #seen = new Map<Field, Set<Id>>();

  constructor(tx: Transaction, since: number) {
    this.#tx = tx;
    this.#since = since;
  }

  /** Whether anything that a value reads has changed. Values that are not stored cannot be compared, so it looks through them. */
  reads(field: Field, id: Id): boolean {
    const work = [{ field, id }];
    for (let pair = work.pop(); pair; pair = work.pop()) {
      const seen = this.#seen.get(pair.field) ?? new Set<Id>();
      this.#seen.set(pair.field, seen);
      if (seen.has(pair.id)) continue;
      seen.add(pair.id);
      for (const path of this.#tx.registry.dependsOn(pair.field)) {
        let here: readonly Id[] = [pair.id];
        for (const cause of path) {
          if (here.some((each) => this.#hasChanged(cause, each))) return true;
          if (cause.compute && !cause.isStored) work.push(...here.map((each) => ({ field: cause, id: each })));
          if (cause.relation) here = here.flatMap((each) => this.#related(cause, each));
        }
      }
    }
    return false;
  }

  #hasChanged(cause: Field, id: Id): boolean {
    const { absent, toCompute, unseen, rootEnv } = this.#tx;
    if (cause.compute && cause.isStored && isDue(rootEnv, cause, id)) return true;
    if (toCompute.hasChangedSince(cause, id, this.#since)) return true;
    if (unseen.hasSince(cause, id, this.#since)) {
      // Of a record that is not there nobody will ever know what stood before.
      if (absent.has(cause.model, id)) return true;
      this.needs.push({ field: cause, ids: [id], isBefore: true });
    }
    if (!isList(cause) || !cause.isPersistent || cause.relation?.kind !== 'one2many') return false;
    // Who has come into a list has changed his many2one; of who has left it the owner is told.
    const inverse = inverseOf(this.#tx, cause);
    return this.#related(cause, id).some((member) => this.#hasChanged(inverse, member));
  }

  #related(relation: Field, id: Id): readonly Id[] {
    const related = this.#tx.rootEnv.peek(relation, id);
    if (related === undefined) {
      // A record that is not there leads nowhere.
      if (isKnownBelow(this.#tx, relation, id) && !this.#tx.absent.has(relation.model, id)) this.needs.push({ field: relation, ids: [id] });
      return [];
    }
    // A relation is cached as an id, null or a list of ids.
    if (Array.isArray(related)) return related as readonly Id[];
    return related === null ? [] : [related as Id];
  }
}

/** Whether the database says where a relation leads: one that is computed is not fetched where it is to be computed, or being so. */
function isKnownBelow({ toCompute }: Transaction, relation: Field, id: Id): boolean {
  return !relation.compute || (relation.isStored && isStoredId(id) && !toCompute.has(relation, id));
}
