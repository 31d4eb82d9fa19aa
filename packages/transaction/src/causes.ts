import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { isDue } from './layers';
import { settleForReading } from './settle';
import type { Transaction } from './transaction';
import { relatedIds } from './values';

/** Fields with records to look at, each pair once: relations lead back, and chains of values that are not stored are long. */
class Walk {
  readonly #seen = new Map<Field, Set<Id>>();
  readonly #work: { readonly field: Field; readonly ids: readonly Id[] }[] = [];

  add(field: Field, ids: readonly Id[]): void {
    let known = this.#seen.get(field);
    if (!known) this.#seen.set(field, (known = new Set()));
    const fresh = [];
    for (const id of ids) {
      if (known.has(id)) continue;
      known.add(id);
      fresh.push(id);
    }
    if (fresh.length > 0) this.#work.push({ field, ids: fresh });
  }

  next(): { readonly field: Field; readonly ids: readonly Id[] } | undefined {
    return this.#work.pop();
  }
}

/**
 * Computes pending values that a field's compute will read, as far as memory leads to them. What fails stays pending.
 *
 * @param cycle - the fields whose values wait for those of this one: they have been put into their order already
 * @param compute - computes pending values of a stored field, and what these wait for
 */
export function pullCauses(tx: Transaction, { field, ids, cycle }: { readonly field: Field; readonly ids: readonly Id[]; readonly cycle: ReadonlySet<Field> }, compute: (field: Field, ids: readonly Id[]) => void): void {
  const env = tx.rootEnv;
  const walk = new Walk();
  walk.add(field, ids);
  for (let step = walk.next(); step; step = walk.next()) {
    for (const path of tx.registry.dependsOn(step.field)) {
      let here = step.ids;
      for (const cause of path) {
        if (here.length === 0) break;
        if (cause.compute && !cycle.has(cause)) {
          if (cause.isStored) {
            if (tx.triggers.size > 0) for (const id of here) settleForReading(env, cause, id, () => here);
            const pending = here.filter((id) => isDue(env, cause, id));
            if (pending.length > 0) compute(cause, pending);
          } else walk.add(cause, here);
        }
        if (cause.relation) here = relatedIds(env, cause, here);
      }
    }
  }
}

/**
 * Whether a recomputed value that a compute reads came out different after a moment, failed, or cannot be told from memory.
 * Values that are not stored cannot be compared, so it looks through them.
 */
export function mayHaveChanged(tx: Transaction, { field, since }: { field: Field; since: number }, id: Id): boolean {
  const env = tx.rootEnv;
  const walk = new Walk();
  walk.add(field, [id]);
  for (let step = walk.next(); step; step = walk.next()) {
    for (const path of tx.registry.dependsOn(step.field)) {
      let here = step.ids;
      for (const cause of path) {
        if (cause.compute && cause.isStored) {
          if (here.some((other) => tx.toCompute.hasChangedSince(cause, other, since) || isDue(env, cause, other))) return true;
        } else if (cause.compute) walk.add(cause, here);
        if (!cause.relation) continue;
        if (here.some((other) => env.peek(cause, other) === undefined)) return true;
        here = relatedIds(env, cause, here);
      }
    }
  }
  return false;
}
