import { isStoredId, type Id, type NewId } from '@ormolu/kernel';
import type { Field, TriggerTree } from '@ormolu/registry';
import { forgetReadThrough, isOwn } from '../drafts/read-through';
import { tellChange } from '../events';
import { goBack } from './go-back';
import type { Firing, Met, PendingTrigger } from './pending-triggers';
import type { Transaction } from '../transaction';
import { recordsOf } from '../values';
import { directAt } from './directness';
import { keepsHandWritten } from './keeps-hand-written';
import { reachOf } from './reach';

/** Starts a firing: what the triggers found later need to know of this moment. */
export function startFiring(tx: Transaction, cause: Field, ids: readonly Id[]): Firing {
  return { cause, ids, sequence: tx.triggers.nextSequence(), shield: tx.protection.snapshot() };
}

/** Marks everything that depends on a field of some records whose values have changed by other ways than assignment. */
export function fireModified(tx: Transaction, field: Field, ids: readonly Id[]): void {
  if (ids.length > 0) fire(tx, startFiring(tx, field, ids), tx.registry.triggersOf(field), ids);
}

/**
 * Walks a trigger tree from changed records to their dependents and marks these.
 *
 * A branch goes back through a relation: in memory where the other side is known, as a pending trigger for the rest. Trees end
 * at recursive fields, so what gets marked of one fires its tree; the walk is a worklist, because such chains are long. It goes
 * behind stored values last: they may come out as they were, and who reads the change by another way as well is certain to.
 * @param ids - the changed records
 */
export function fire(tx: Transaction, firing: Firing, tree: TriggerTree, ids: Iterable<Id>): void {
  const isDirect = firing.isIndirect !== true;
  const start: Step = { tree, ids: Array.isArray(ids) ? (ids as readonly Id[]) : [...ids], isDirect };
  const [direct, indirect]: readonly [Step[], Step[]] = isDirect ? [[start], []] : [[], [start]];
  const isPlain = tx.drafts.isEmpty && !tx.origins && !firing.met && tx.triggers.concernsAll(firing);
  let seen: Map<Field, Set<Id>> | undefined;
  const own = ownDrafts(tx, firing, tree, start.ids);
  for (const work of [direct, indirect]) for (let at = 0; at < work.length; at += 1) {
    const step = work[at];
    if (!step || step.ids.length === 0) continue;
    const here = step.ids;
    for (const target of step.tree.targets) {
      if (isPlain && target.isStored && !target.isRecursive) {
        tellChange('mark', target, tx.toCompute.markAll(target, here, sinceOf(tx, firing, target, step), firing.sequence));
        continue;
      }
      const { fresh, marked } = touch(tx, { firing, target, step, seen: (seen ??= new Map<Field, Set<Id>>()), own }, here);
      if (!target.isRecursive) continue;
      // What is not stored cannot be compared: those behind it are as certain as it is.
      const next = target.isStored ? indirect : work;
      if (fresh.length > 0) next.push({ tree: tx.registry.triggersOf(target), ids: fresh, isDirect: next === direct });
      if (marked.length > 0 && leadsToSpared(tx, target)) next.push({ tree: tx.registry.triggersOf(target), ids: firstSeen((seen ??= new Map<Field, Set<Id>>()), target, marked), isDirect: next === direct });
    }
    for (const [key, branch] of step.tree.branches) {
      const { known, unknown } = goBack(tx, key, here);
      if (own) for (const holder of known) if (!isStoredId(holder) && (here.some((id) => own.has(id)) || isOwn(tx, key, holder))) own.add(holder);
      if (known.length > 0) work.push({ tree: branch, ids: known, isDirect: step.isDirect });
      if (unknown.length > 0) tx.triggers.add(pendingAt({ firing: step.isDirect ? firing : { ...firing, isIndirect: true }, key, tree: branch }, unknown));
    }
    // Chains are long: what has been gone through need not be held.
    work[at] = undefined;
  }
}

/** Where a walk through trigger trees is: at some records, before a tree. */
type Step = { readonly tree: TriggerTree; readonly ids: readonly Id[]; readonly isDirect: boolean } | undefined;

/** From when on a changed cause makes a mark of a stored field certain. */
function sinceOf(tx: Transaction, firing: Firing, target: Field, { tree, isDirect }: Pick<NonNullable<Step>, 'tree' | 'isDirect'>): 'certain' | number {
  if (!isDirect || !readsDirectly(tx, firing.cause).has(target)) return firing.sequence;
  // Any other value is no worse for being computed once too often.
  if (keepsHandWritten(target) && (firing.isUnseen === true || directAt(tx, firing.cause).get(tree)?.has(target) === false)) return firing.sequence;
  return 'certain';
}

/** A trigger that stops here. */
export function pendingAt(where: Pick<PendingTrigger, 'firing' | 'key' | 'tree'>, ids: Iterable<Id>, stored?: { readonly spared: ReadonlySet<Id>; readonly to: Id | null }): PendingTrigger {
  return { ...where, ids: new Set(ids), side: stored ? 'stored' : 'current', spared: stored?.spared ?? new Set(), to: stored?.to ?? null, settled: new Map() };
}

/** Whether a tree concerns nobody. */
export function isEmpty(tree: TriggerTree): boolean {
  return tree.targets.length === 0 && tree.branches.size === 0;
}

interface Touch {
  readonly firing: Firing;
  readonly target: Field;
  readonly step: NonNullable<Step>;
  readonly seen: Map<Field, Set<Id>>;
  readonly own: ReadonlySet<Id> | undefined;
}

/** Marks one dependent field, or forgets its values when it is not stored. @returns the ids concerned for the first time, and those marked before */
function touch(tx: Transaction, { firing, target, step, seen, own }: Touch, ids: readonly Id[]): { readonly fresh: readonly Id[]; readonly marked: readonly Id[] } {
  const concerned = tx.triggers.concerned(firing, target, ids);
  if (concerned.length < ids.length) tx.toCompute.spare(target);
  firing.met?.push({ firing, target, ids: concerned, isDirect: step.isDirect, tree: step.tree });
  tx.origins?.note(target, concerned, { what: 'marked', cause: firing.cause, ids: firing.ids });
  if (!target.isStored) return { fresh: forgetOf(tx, target, { fresh: firstSeen(seen, target, concerned), own }), marked: [] };
  if (own && target.isEditable) divergeOf(tx, target, { concerned, own });
  const drafts = tx.drafts.isEmpty ? [] : concerned.filter((id): id is NewId => !isStoredId(id));
  const kept = drafts.length === 0 ? concerned : concerned.filter(isStoredId);
  const fresh = tx.toCompute.mark(target, kept, sinceOf(tx, firing, target, step), firing.sequence);
  tellChange('mark', target, fresh.length);
  const marked = target.isRecursive && fresh.length < kept.length ? without(kept, fresh) : [];
  return { fresh: drafts.length === 0 ? fresh : [...fresh, ...forgetOf(tx, target, { fresh: firstSeen(seen, target, drafts), own })], marked };
}

/**
 * Tells those once more whom firings concerned: what they depend on has changed only now. Who waits to be computed since then, and has not been, hears nothing new.
 *
 * @param met - noted by the firings
 */
export function fireAgain(tx: Transaction, met: readonly Met[]): void {
  const anew = new Map<Firing, Firing>();
  for (const { firing, target, ids, isDirect, tree } of met) {
    if (!target.isStored) {
      forgetOf(tx, target, { fresh: ids, own: undefined });
      continue;
    }
    const computed = ids.filter((id) => !tx.toCompute.has(target, id));
    if (computed.length === 0) continue;
    let now = anew.get(firing);
    if (!now) {
      const { met: _, ...before } = firing;
      anew.set(firing, (now = { ...before, sequence: tx.triggers.nextSequence() }));
    }
    touch(tx, { firing: now, target, step: { tree, ids: computed, isDirect }, seen: new Map(), own: undefined }, computed);
  }
}

function without(ids: readonly Id[], others: readonly Id[]): readonly Id[] {
  const left = new Set(others);
  return ids.filter((id) => !left.has(id));
}

/** Whether anybody behind a marked value may be unmarked: who depends on it was marked with it, save those given a value since, or shielded then. */
function leadsToSpared(tx: Transaction, field: Field): boolean {
  return tx.toCompute.hasSpared(reachOf(tx, tx.registry.triggersOf(field)).concerned);
}

/**
 * Values that nobody waits to write are computed again when they are read: those that are not stored, and those of drafts. What a draft was
 * given by hand it keeps as long as only its origin changes.
 */
function forgetOf(tx: Transaction, target: Field, { fresh, own }: { readonly fresh: readonly Id[]; readonly own: ReadonlySet<Id> | undefined }): readonly Id[] {
  if (own) for (const id of fresh) if (!isStoredId(id) && own.has(id)) tx.drafts.keep(target, id, undefined);
  if (fresh.length > 0) tx.cache.invalidate([[target, recordsOf(tx.rootEnv, target, fresh).ids]]);
  return fresh;
}

/** Drafts that differ from their origins: they, or what leads from them to what changed. Undefined where nobody asks. */
function ownDrafts(tx: Transaction, firing: Firing, tree: TriggerTree, ids: Iterable<Id>): Set<Id> | undefined {
  if (tx.drafts.isEmpty || isEmpty(tree)) return undefined;
  return new Set(firing.isFollowing === true ? [] : [...ids].filter((id) => !isStoredId(id)));
}

/** Computed values of such drafts follow their origins no longer; what others have read of an origin that is marked, they will read anew. */
function divergeOf(tx: Transaction, target: Field, { concerned, own }: { readonly concerned: readonly Id[]; readonly own: ReadonlySet<Id> }): void {
  forgetReadThrough(tx, target, concerned.filter(isStoredId));
  for (const id of concerned) if (!isStoredId(id) && own.has(id)) tx.drafts.diverge(target, id);
}

function firstSeen(seen: Map<Field, Set<Id>>, field: Field, ids: readonly Id[]): readonly Id[] {
  let ofField = seen.get(field);
  if (!ofField) seen.set(field, (ofField = new Set()));
  const known = ofField;
  const fresh = ids.filter((id) => !known.has(id));
  for (const id of fresh) known.add(id);
  return fresh;
}

/** By the cause's own tree, which belongs to one version of the registry. */
const direct = new WeakMap<TriggerTree, ReadonlySet<Field>>();

/** The stored fields whose compute reads a field itself, or through values that are not stored and so cannot be compared. */
export function readsDirectly(tx: Transaction, cause: Field): ReadonlySet<Field> {
  const own = tx.registry.directTriggersOf(cause);
  const known = direct.get(own);
  if (known) return known;
  const found = new Set<Field>();
  const seen = new Set<Field>([cause]);
  const work = [own];
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
  direct.set(own, found);
  return found;
}
