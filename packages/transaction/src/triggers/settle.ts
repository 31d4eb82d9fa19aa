import { isStoredId, type Id } from '@ormolu/kernel';
import type { Field, TriggerTree } from '@ormolu/registry';
import { hasOwnRelation, isReadThrough } from '../drafts/read-through';
import type { Environment } from '../environment/environment';
import { TriggerPendingError } from '../errors';
import { fire } from './modified';
import type { PendingTrigger } from './pending-triggers';
import { reachOf } from './reach';
import type { Need } from '../running/run';
import type { Transaction } from '../transaction';
import { cachedAnywhere, cachedList, cachedReference } from '../values';

/**
 * Makes sure that no pending trigger makes this value stale unnoticed: from the reader's side, in memory.
 *
 * The path of each trigger that may reach the field is followed from the reading record to the changed ones. Where memory shows
 * that it leads there, the pair is marked; where it shows that it does not, the value stands; where it cannot tell, the running
 * function suspends for the relations of the whole group, or the reader gets an error that says what to do.
 * @throws {TriggerPendingError} TX_TRIGGER_PENDING outside `env.run`
 */
export function settleForReading(env: Environment, field: Field, id: Id, group: () => readonly Id[]): void {
  const tx = env.transaction;
  for (const trigger of tx.triggers.snapshot()) {
    if (!reachOf(tx, trigger.tree).concerned.has(field) || trigger.settled.get(field)?.has(id)) continue;
    const { stale, needs } = trace(tx, trigger, field, [id]);
    if (needs.length > 0) {
      if (!tx.execution) throw new TriggerPendingError({ model: field.model, field: field.name, id }, trigger.firing.cause);
      tx.execution.suspend(trace(tx, trigger, field, group()).needs);
    }
    if (stale.length > 0) markWithReaders(tx, trigger, stale);
    tx.triggers.settle(trigger, field, id);
  }
}

/**
 * Marks stale values, and those that read them on any way to who asked. What stands behind one that is stored may come out as it was:
 * it comes last, because who reads a stale value by another way as well is certain to be stale.
 */
function markWithReaders(tx: Transaction, trigger: PendingTrigger, stale: readonly Pair[]): void {
  const [direct, indirect]: readonly [Pair[], Pair[]] = trigger.firing.isIndirect === true ? [[], [...stale]] : [[...stale], []];
  const marked = new Set<Pair>();
  for (const work of [direct, indirect]) for (const pair of work) {
    if (marked.has(pair)) continue;
    marked.add(pair);
    const { field, id, readers } = pair;
    fire(tx, { ...firingFor(tx, trigger, id), isIndirect: work === indirect }, { targets: [field], branches: new Map() }, [id]);
    const next = field.isStored ? indirect : work;
    for (const reader of readers) next.push(reader);
  }
}

/** A draft that was given no relation reads what its origin reads, and follows that. */
function firingFor(tx: Transaction, { firing }: PendingTrigger, id: Id): PendingTrigger['firing'] {
  return isStoredId(id) || hasOwnRelation(tx, id) ? firing : { ...firing, isFollowing: true };
}

/** A value, and those that read it on the way back to who asked. */
interface Pair {
  readonly field: Field;
  readonly id: Id;
  readonly readers: Pair[];
}

interface Trace {
  /** Stale values, from which their readers lead up to the one asked for. */
  readonly stale: readonly Pair[];
  /** What memory lacks to tell. */
  readonly needs: readonly Need[];
}

/**
 * Follows dependencies from some records to what a trigger changed.
 *
 * The trigger's tree tells the way for all but recursive fields, which it expands by one level: from those, the walk goes on from
 * value to value.
 */
function trace(tx: Transaction, trigger: PendingTrigger, field: Field, ids: readonly Id[]): Trace {
  const lack: Lack = { needs: [], isLost: false };
  const stale: Pair[] = [];
  const seen = new Map<Field, Map<Id, Pair>>();
  const work: Pair[] = [];
  const visit = (next: Field, nextIds: readonly Id[], reader?: Pair): void => {
    let known = seen.get(next);
    if (!known) seen.set(next, (known = new Map<Id, Pair>()));
    for (const id of nextIds) {
      let pair = known.get(id);
      if (!pair) {
        known.set(id, (pair = { field: next, id, readers: [] }));
        work.push(pair);
      }
      if (reader) pair.readers.push(reader);
    }
  };
  visit(field, ids);
  for (let pair = work.pop(); pair; pair = work.pop()) {
    const { field: here, id } = pair;
    lack.isLost = false;
    let isStale = routesTo(trigger.tree, here).some((route) => leadsTo(tx, trigger, follow(tx, route, [id], lack), lack));
    if (!isStale) for (const recursive of reachOf(tx, trigger.tree).recursive) {
      for (const route of routesTo(tx.registry.triggersOf(recursive), here)) visit(recursive, follow(tx, route, [id], lack), pair);
    }
    isStale ||= lack.isLost;
    if (isStale) stale.push(pair);
  }
  return { stale, needs: lack.needs };
}

/** What memory has not on the way from a value to what was changed. */
interface Lack {
  readonly needs: Need[];
  /** A relation that is computed and not stored, or has a value for each company: nobody knows any more where it led. */
  isLost: boolean;
}

/** Whether the records at the end of a route hold, through the trigger's key, one of those that changed. */
function leadsTo(tx: Transaction, trigger: PendingTrigger, ends: readonly Id[], lack: Lack): boolean {
  if (trigger.side === 'current') return follow(tx, [trigger.key], ends, lack).some((id) => trigger.ids.has(id));
  // What was held before and is not in memory is what the database holds, and it knows no drafts.
  const open = ends.filter((id) => isStoredId(id) && !trigger.spared.has(id));
  const [inverse] = tx.registry.inversesOf(trigger.key);
  // One that is due to be computed is fetched as it was: that it will be another is why it has no value.
  if (open.length > 0 && inverse) lack.needs.push({ field: inverse, ids: [...trigger.ids], isBefore: inverse.compute !== undefined });
  return false;
}

/** The records that relations lead to from some records, as far as memory knows; what it lacks is added to `lack`. */
function follow(tx: Transaction, route: readonly Field[], ids: readonly Id[], lack: Lack): readonly Id[] {
  const env = tx.rootEnv;
  let here: readonly Id[] = ids;
  for (const field of route) {
    const next = new Set<Id>();
    const missing: Id[] = [];
    for (const id of here) {
      if (field.keyedBy) {
        const related = cachedAnywhere(tx, field, id);
        if (!related) lack.isLost = true;
        else for (const one of related) next.add(one);
        continue;
      }
      if (field.relation?.kind === 'many2one') {
        const related = cachedReference(env, field, id);
        if (related === undefined) missing.push(id);
        else if (related !== null) next.add(related);
        continue;
      }
      const list = cachedList(env, field, id);
      if (!list) missing.push(id);
      else for (const related of list) next.add(related);
    }
    // What a draft has not computed yet no value of its own has read.
    const present = missing.filter((id) => (typeof id === 'object' ? !field.compute || isReadThrough(tx, field, id) : !tx.absent.has(field.model, id)));
    if (present.length > 0 && field.isPersistent) lack.needs.push({ field, ids: present });
    else if (present.length > 0) lack.isLost = true;
    here = [...next];
  }
  return here;
}

const routesOfTree = new WeakMap<TriggerTree, Map<Field, readonly (readonly Field[])[]>>();

/** Where a field stands in a tree: for each place, the relations from the field's record down to the tree's root. */
function routesTo(tree: TriggerTree, field: Field): readonly (readonly Field[])[] {
  let known = routesOfTree.get(tree);
  if (!known) routesOfTree.set(tree, (known = new Map<Field, readonly (readonly Field[])[]>()));
  const before = known.get(field);
  if (before) return before;
  const routes: (readonly Field[])[] = [];
  const work: { tree: TriggerTree; route: readonly Field[] }[] = [{ tree, route: [] }];
  for (let step = work.pop(); step; step = work.pop()) {
    if (step.tree.targets.includes(field)) routes.push(step.route);
    for (const [key, branch] of step.tree.branches) work.push({ tree: branch, route: [key, ...step.route] });
  }
  known.set(field, routes);
  return routes;
}
