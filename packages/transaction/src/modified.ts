import { isStoredId, type Id, type NewId } from '@ormolu/kernel';
import type { Field, TriggerTree } from '@ormolu/registry';
import Denque from 'denque';
import { tellChange } from './events';
import { goBack } from './go-back';
import type { Firing, PendingTrigger } from './pending-triggers';
import type { Transaction } from './transaction';
import { recordsOf } from './values';

/** Starts a firing: what the triggers found later need to know of this moment. */
export function startFiring(tx: Transaction, cause: Field): Firing {
  return { cause, sequence: tx.triggers.nextSequence(), shield: tx.protection.snapshot() };
}

/** Marks everything that depends on a field of some records whose values have changed by other ways than assignment. */
export function fireModified(tx: Transaction, field: Field, ids: readonly Id[]): void {
  if (ids.length > 0) fire(tx, startFiring(tx, field), tx.registry.triggersOf(field), ids);
}

/**
 * Walks a trigger tree from changed records to their dependents and marks these.
 *
 * A branch goes back through a relation: in memory where the other side is known, as a pending trigger for the rest. A recursive
 * field's tree is one level deep, so what gets marked fires it again; the walk is a worklist, because such chains are long.
 * @param ids - the changed records
 */
export function fire(tx: Transaction, firing: Firing, tree: TriggerTree, ids: Iterable<Id>): void {
  const work = new Denque<{ tree: TriggerTree; ids: Iterable<Id>; isDirect: boolean }>([{ tree, ids, isDirect: true }]);
  const seen = new Map<Field, Set<Id>>();
  for (let step = work.shift(); step; step = work.shift()) {
    const here = [...step.ids];
    if (here.length === 0) continue;
    for (const target of step.tree.targets) {
      const next = touch(tx, { firing, target, isDirect: step.isDirect, seen }, here);
      if (target.isRecursive && next.length > 0) work.push({ tree: tx.registry.triggersOf(target), ids: next, isDirect: false });
    }
    for (const [key, branch] of step.tree.branches) {
      const { known, unknown } = goBack(tx, key, here);
      if (known.size > 0) work.push({ tree: branch, ids: known, isDirect: step.isDirect });
      if (unknown.length > 0) tx.triggers.add(pendingAt({ firing, key, tree: branch }, unknown));
    }
  }
}

/** A trigger that stops here. */
export function pendingAt(where: Pick<PendingTrigger, 'firing' | 'key' | 'tree'>, ids: Iterable<Id>, stored?: { spared: ReadonlySet<Id> }): PendingTrigger {
  return { ...where, ids: new Set(ids), side: stored ? 'stored' : 'current', spared: stored?.spared ?? new Set(), settled: new Map() };
}

/** Whether a tree concerns nobody. */
export function isEmpty(tree: TriggerTree): boolean {
  return tree.targets.length === 0 && tree.branches.size === 0;
}

interface Touch {
  readonly firing: Firing;
  readonly target: Field;
  readonly isDirect: boolean;
  readonly seen: Map<Field, Set<Id>>;
}

/** Marks one dependent field, or forgets its values when it is not stored. @returns the ids concerned for the first time */
function touch(tx: Transaction, { firing, target, isDirect, seen }: Touch, ids: readonly Id[]): readonly Id[] {
  const concerned = ids.filter((id) => !tx.triggers.isExempt(firing, target, id));
  if (target.isStored) {
    const isCertain = isDirect && readsDirectly(tx, firing.cause).has(target);
    const drafts = concerned.filter((id): id is NewId => !isStoredId(id));
    const marked = tx.toCompute.mark(target, drafts.length === 0 ? concerned : concerned.filter(isStoredId), isCertain ? 'certain' : firing.sequence);
    tellChange('mark', target, marked.length);
    return drafts.length === 0 ? marked : [...marked, ...forgetOf(tx, target, firstSeen(seen, target, drafts))];
  }
  return forgetOf(tx, target, firstSeen(seen, target, concerned));
}

/** Values that nobody waits to write are computed again when they are read: those that are not stored, and those of drafts. */
function forgetOf(tx: Transaction, target: Field, fresh: readonly Id[]): readonly Id[] {
  if (!tx.drafts.isEmpty) for (const id of fresh) if (!isStoredId(id)) tx.drafts.keep(target, id, undefined);
  if (fresh.length > 0) tx.cache.invalidate([[target, recordsOf(tx.rootEnv, target, fresh).ids]]);
  return fresh;
}

function firstSeen(seen: Map<Field, Set<Id>>, field: Field, ids: readonly Id[]): readonly Id[] {
  let ofField = seen.get(field);
  if (!ofField) seen.set(field, (ofField = new Set()));
  const known = ofField;
  const fresh = ids.filter((id) => !known.has(id));
  for (const id of fresh) known.add(id);
  return fresh;
}

const direct = new WeakMap<Field, ReadonlySet<Field>>();

/** The stored fields whose compute reads a field itself, or through values that are not stored and so cannot be compared. */
function readsDirectly(tx: Transaction, cause: Field): ReadonlySet<Field> {
  const known = direct.get(cause);
  if (known) return known;
  const found = new Set<Field>();
  const seen = new Set<Field>([cause]);
  const work = [tx.registry.directTriggersOf(cause)];
  for (let tree = work.pop(); tree; tree = work.pop()) {
    for (const target of tree.targets) {
      if (target.isStored) found.add(target);
      else if (!seen.has(target)) {
        seen.add(target);
        work.push(tx.registry.directTriggersOf(target));
      }
    }
    work.push(...tree.branches.values());
  }
  direct.set(cause, found);
  return found;
}
