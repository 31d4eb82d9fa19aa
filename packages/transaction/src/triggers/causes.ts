import type { Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { Environment } from '../environment/environment';
import { isDue } from '../computing/layers';
import { SetWhenAsked } from './set-when-asked';
import { settleForReading } from './settle';
import type { Transaction } from '../transaction';
import { relatedIds } from '../values';

/** Fields with records to look at, each pair once: relations lead back, and chains of values that are not stored are long. */
class Walk {
  #seen: Map<Field, SetWhenAsked> | undefined;
  readonly #work: { readonly field: Field; readonly ids: readonly Id[] }[] = [];

  add(field: Field, ids: readonly Id[]): void {
    const known = (this.#seen ??= new Map<Field, SetWhenAsked>()).get(field);
    if (!known) {
      this.#seen.set(field, new SetWhenAsked(() => ids));
      if (ids.length > 0) this.#work.push({ field, ids });
      return;
    }
    const fresh = ids.filter((id) => !known.has(id));
    for (const id of fresh) known.add(id);
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
      for (const [place, cause] of path.entries()) {
        if (here.length === 0 || !path.some((other, at) => at >= place && mayBePending(tx, other, cycle))) break;
        if (cause.compute && !cycle.has(cause)) {
          if (cause.isStored) {
            if (tx.triggers.size > 0) for (const id of here) settleForReading(env, cause, id, () => here);
            const pending = duePairs(env, cause, here);
            if (pending.length > 0) compute(cause, pending);
          } else walk.add(cause, here);
        }
        if (cause.relation) here = relatedIds(env, cause, here);
      }
    }
  }
}

/** Whether there is anything to compute of a field: where nothing is left on the way, the walk ends. */
function mayBePending(tx: Transaction, field: Field, cycle: ReadonlySet<Field>): boolean {
  return field.compute !== undefined && !cycle.has(field) && (!field.isStored || tx.triggers.size > 0 || !tx.drafts.isEmpty || tx.toCompute.isMarked(field));
}

function duePairs(env: Environment, field: Field, ids: readonly Id[]): readonly Id[] {
  const tx = env.transaction;
  return tx.drafts.isEmpty && !tx.toCompute.isMarked(field) ? [] : ids.filter((id) => isDue(env, field, id));
}

/**
 * Whether a recomputed value that a compute reads came out different after a moment, failed, or cannot be told from memory.
 * Values that are not stored cannot be compared, so it looks through them.
 */
export function mayHaveChanged(tx: Transaction, { field, since }: { field: Field; since: number }, id: Id): boolean {
  const walk = new Walk();
  for (let step: ReturnType<Walk['next']> = { field, ids: [id] }; step; step = walk.next()) {
    for (const path of tx.registry.dependsOn(step.field)) for (const one of step.ids) if (hasChangedAlong(tx, { path, since, walk }, 0, one)) return true;
  }
  return false;
}

/** The same of what one path leads to from a record. @returns false also where it leads on through values that are not stored: the walk is told of them */
function hasChangedAlong(tx: Transaction, way: { readonly path: readonly Field[]; readonly since: number; readonly walk: Walk }, at: number, id: Id): boolean {
  const cause = way.path[at];
  if (!cause) return false;
  const env = tx.rootEnv;
  if (cause.compute && cause.isStored) {
    if (tx.toCompute.hasChangedSince(cause, id, way.since) || tx.unseen.hasSince(cause, id, way.since) || isDue(env, cause, id)) return true;
  } else if (cause.compute) way.walk.add(cause, [id]);
  if (!cause.relation) return false;
  const related = env.peek(cause, id);
  if (related === undefined) return true;
  // A relation is cached as an id, null or a list of ids.
  if (Array.isArray(related)) return (related as readonly Id[]).some((other) => hasChangedAlong(tx, way, at + 1, other));
  return related !== null && hasChangedAlong(tx, way, at + 1, related as Id);
}
