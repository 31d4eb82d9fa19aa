import { MISS } from '@ormolu/cache';
import { isStoredId, NewId, type Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { changeLists, knownLists, listChange } from '../lists/change-lists';
import { givenIn, putCached } from '../drafts/draft-values';
import { followOrigins } from '../drafts/follow-origins';
import type { Environment } from '../environment/environment';
import { MissingRecordError } from '../errors';
import { tellChange } from '../events';
import { refuseMissing } from '../reading/meet-records';
import { moveBetweenLists, type Move } from '../lists/inverse-lists';
import { sideOf } from '../lists/relation-tables';
import { placeOf, recordsAt, refuseWithoutCompany, sourceLanguage } from '../environment/keyed-fields';
import { fire, isEmpty, pendingAt, startFiring } from '../triggers/modified';
import { originKey } from '../reading/origins';
import type { Transaction } from '../transaction';
import { isAskedFor } from '../triggers/unseen';
import { cachedReference } from '../values';

/**
 * Puts one value into a field of several records and marks what depends on it, before and after where a relation changes.
 *
 * @param cached - in the cache's form, checked
 * @remarks Records that hold the value already are left alone: equal values mark nothing and are not written.
 */
export function assignCached(env: Environment, field: Field, ids: readonly Id[], cached: unknown): void {
  if (sideOf(field)) {
    assignLists(env, field, ids, cached);
    return;
  }
  const tx = env.transaction;
  refuseAbsent(tx, field, ids);
  refuseMissing(tx, field, cached);
  refuseWithoutCompany(env, field);
  const value = tx.drafts.isEmpty ? cached : current(tx, field, cached);
  const { changed, seen, unseen } = changedBy(env, field, ids, value);
  if (changed.length === 0) {
    if (field.compute) tx.triggers.noteAssigned(field, ids);
    return;
  }
  const tree = tx.registry.triggersOf(field);
  tx.execution?.written.add(field);
  const firings = [{ ...startFiring(tx, field, seen), isUnseen: false }, { ...startFiring(tx, field, unseen), isUnseen: true }].filter((firing) => firing.ids.length > 0);
  for (const firing of firings) {
    if (firing.isUnseen) tx.unseen.note(field, unseen, { time: firing.sequence, value });
    if (field.relation?.kind === 'many2one') changeReference(tx, field, firing.ids, { cached: value, firing });
  }
  putCached(env, field, changed, new Array<unknown>(changed.length).fill(value));
  tx.origins?.note(field, changed, { what: 'assigned', key: originKey(env, field) });
  tellChange('write', field, changed.length);
  if (field.keyedBy === 'lang') carryOver(env, field, changed, value);
  if (field.compute) {
    tx.toCompute.give(field, changed);
    // Also who is given by hand what he has already: what has fired before, and may yet be found to concern him, does not.
    tx.triggers.noteAssigned(field, ids);
  }
  if (!isEmpty(tree)) for (const firing of firings) fire(tx, firing, tree, firing.ids);
  followOrigins(tx, field, changed);
}

interface Changed {
  /** The records whose value is another, or pending. */
  readonly changed: readonly Id[];
  /** Of these, those whose value before was in memory and is another. */
  readonly seen: readonly Id[];
  /** Those whose value before nobody knows, where somebody asks. */
  readonly unseen: readonly Id[];
}

function changedBy(env: Environment, field: Field, ids: readonly Id[], value: unknown): Changed {
  const tx = env.transaction;
  const column = env.column(field);
  const { slots } = column;
  const changed: Id[] = [];
  const seen: Id[] = [];
  const unseen: Id[] = [];
  const isMarked = field.compute !== undefined && tx.toCompute.isMarked(field);
  const asks = field.isStored && field.keyedBy === undefined && isAskedFor(tx, field);
  for (const id of ids) {
    const before = column.at(slots.slotOf(id));
    // What a draft has only read is not its own, whether it was read or not.
    const isNotOwn = !isStoredId(id) && givenIn(env, field, id) === undefined;
    const isUnknown = before === MISS || before === undefined;
    const isOther = isNotOwn || isUnknown || (before !== value && !field.isEqual(before, value)) || isFallback(env, field, id);
    // Whoever reads a value that was to be computed has been marked with it: giving it the value it had changes nothing for them.
    if (!isOther && !(isMarked && tx.toCompute.has(field, id))) continue;
    changed.push(id);
    if (!isOther) continue;
    (asks && isUnknown && isStoredId(id) ? unseen : seen).push(id);
  }
  return { changed, seen, unseen };
}

/** A draft that has been saved stands for its record. */
function current(tx: Transaction, field: Field, cached: unknown): unknown {
  if (field.relation && Array.isArray(cached)) return Object.freeze((cached as readonly Id[]).map((id) => tx.drafts.current(id))); // a list is kept as an array of ids
  return field.relation && cached instanceof NewId ? tx.drafts.current(cached) : cached;
}

/** The same for a list that a relation table keeps, which must be in memory: what is written is the difference. */
function assignLists(env: Environment, field: Field, ids: readonly Id[], cached: unknown): void {
  const tx = env.transaction;
  refuseAbsent(tx, field, ids);
  const known = knownLists(env, field, ids);
  // A list's canonical form is an array of ids.
  changeLists(tx, field, ids.flatMap((id) => listChange(known.get(id) ?? [], cached as readonly Id[], id) ?? []));
}

/** Whether what is cached is the source language's, for want of a translation: writing the same makes it one. */
function isFallback(env: Environment, field: Field, id: Id): boolean {
  return field.keyedBy === 'lang' && env.transaction.fallbacks.has(field, placeOf(env, 'lang') ?? '', id);
}

/** A translation was written; or the source, which the languages without one show too. */
function carryOver(env: Environment, field: Field, ids: readonly Id[], cached: unknown): void {
  const tx = env.transaction;
  const place = placeOf(env, 'lang') ?? '';
  tx.fallbacks.end(field, place, ids);
  if (place !== sourceLanguage(tx)) return;
  for (const [lang, following] of tx.fallbacks.of(field, ids)) {
    const missing = new Set(tx.cache.getMissingIds(recordsAt(field, lang, following), field));
    const present = following.filter((id) => !missing.has(id));
    tx.cache.update(recordsAt(field, lang, present), field, present.map(() => cached));
  }
}

/** @throws {MissingRecordError} TX_RECORD_MISSING */
export function refuseAbsent(tx: Transaction, field: Field, ids: readonly Id[]): void {
  if (tx.absent.areStaying(field.model, ids)) return;
  const gone = ids.filter((id) => isStoredId(id) && tx.absent.isGoing(field.model, id));
  if (gone.length > 0) throw new MissingRecordError(field.model, gone, `${field.name} was assigned`);
}

/**
 * What changes besides the value when a many2one changes: those who depended through the old one, and the lists on the other side.
 */
export function changeReference(tx: Transaction, field: Field, ids: readonly Id[], { cached, firing }: { cached: unknown; firing: ReturnType<typeof startFiring> }): void {
  const env = tx.rootEnv;
  // A many2one's canonical form is an id or null.
  const next = cached as Id | null;
  // What a draft was given it keeps, whether it has been looked at or not; so does who stands for a member of a draft's list.
  const ownerOf = (id: Id): Id | null | undefined => {
    const cached = cachedReference(env, field, id);
    return cached !== undefined || isStoredId(id) ? cached : (tx.drafts.given(id).get(field) as Id | null | undefined); // kept in the same form
  };
  const moves: Move[] = ids.map((id) => ({ id, from: ownerOf(id), to: next }));
  const inverses = tx.registry.inversesOf(field);
  const tree = tx.registry.triggersOf(field);
  for (const [key, branch] of tree.branches) {
    if (!inverses.includes(key)) continue;
    const left = new Set<Id>();
    // What is in the database knows nothing of drafts.
    for (const { id, from } of moves) if (from !== undefined && from !== null && (isStoredId(id) || !isStoredId(from))) left.add(from);
    fire(tx, firing, branch, left);
    const unseen = moves.flatMap(({ id, from }) => (from === undefined && isStoredId(id) ? [id] : []));
    if (unseen.length === 0) continue;
    // A list that was in memory and did not hold the record proves that its owner is not concerned.
    const spared = new Set<Id>();
    for (const [, owner] of tx.cache.entries(key)) spared.add(owner);
    tx.triggers.add(pendingAt({ firing, key, tree: branch }, unseen, { spared, to: next }));
  }
  for (const inverse of inverses) moveBetweenLists(tx, inverse, moves);
}
