import { isStoredId, type Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { assignComputed } from './assign-computed';
import { changeLists, knownLists, listChange } from './change-lists';
import type { Environment } from './environment';
import { toCache, writable } from './convert';
import { MissingRecordError, NotSingletonError } from './errors';
import { placeOf, recordsAt, refuseWithoutCompany, sourceLanguage } from './keyed-fields';
import { fire, isEmpty, pendingAt, startFiring } from './modified';
import { hasInverse, putWithInverses } from './inverse';
import { moveBetweenLists, type Move } from './inverse-lists';
import type { RecordSet } from './recordset';
import type { Transaction } from './transaction';
import { assertAllowed } from './transaction-state';
import { cachedReference, recordsOf } from './values';

/**
 * Assigns a field of one record: memory only. Marks what depends on it and runs its inverse; the flush writes it.
 *
 * @throws {NotSingletonError} TX_NOT_SINGLETON
 * @throws {WriteRefusedError} TX_WRITE_REFUSED for a field that cannot be written, TX_REQUIRED for null in a required one
 * @throws {FieldValueError} FIELD_VALUE_INVALID for a value of the wrong type
 * @throws {NotLoadedError} TX_NOT_LOADED when its inverse reads what is not in memory, outside `env.run`; then nothing has changed
 */
export function assign(record: RecordSet, field: Field, value: unknown): void {
  const [id] = record.ids;
  if (id === undefined || record.ids.length !== 1) throw new NotSingletonError(record.model, field.name, record.ids.length);
  const { env } = record;
  if (env.transaction.computes.has(field, id)) {
    assignComputed(env, field, id, toCache(field, value));
    return;
  }
  const tx = env.transaction;
  assertAllowed(tx.state, 'write');
  const cached = writable(field, value);
  const put = (): void => {
    assignCached(env, field, [id], cached);
  };
  if (hasInverse(tx, field, id)) putWithInverses(tx, [{ field, records: record }], put);
  else put();
}

/**
 * Puts one value into a field of several records and marks what depends on it, before and after where a relation changes.
 *
 * @param cached - in the cache's form, checked
 * @remarks Records that hold the value already are left alone: equal values mark nothing and are not written.
 */
export function assignCached(env: Environment, field: Field, ids: readonly Id[], cached: unknown): void {
  if (field.relation?.kind === 'many2many') {
    assignLists(env, field, ids, cached);
    return;
  }
  const tx = env.transaction;
  refuseAbsent(tx, field, ids);
  refuseWithoutCompany(env, field);
  const changed = ids.filter((id) => {
    const before = env.peek(field, id);
    return before === undefined || !field.isEqual(before, cached) || tx.toCompute.has(field, id) || isFallback(env, field, id);
  });
  if (changed.length === 0) return;
  const tree = tx.registry.triggersOf(field);
  const firing = startFiring(tx, field);
  if (field.relation) changeReference(tx, field, changed, { cached, firing });
  tx.cache.update(recordsOf(env, field, changed), field, changed.map(() => cached), { dirty: field.isStored });
  if (field.keyedBy === 'lang') carryOver(env, field, changed, cached);
  if (field.compute) {
    tx.toCompute.unmark(field, changed);
    tx.triggers.noteAssigned(field, changed);
  }
  if (!isEmpty(tree)) fire(tx, firing, tree, changed);
}

/** The same for a many2many, whose lists must be in memory: what is written is the difference. */
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

function refuseAbsent(tx: Transaction, field: Field, ids: readonly Id[]): void {
  const gone = ids.filter((id) => isStoredId(id) && tx.absent.has(field.model, id));
  if (gone.length > 0) throw new MissingRecordError(field.model, gone, `${field.name} was assigned`);
}

/**
 * What changes besides the value when a many2one changes: those who depended through the old one, and the lists on the other side.
 */
function changeReference(tx: Transaction, field: Field, ids: readonly Id[], { cached, firing }: { cached: unknown; firing: ReturnType<typeof startFiring> }): void {
  const env = tx.rootEnv;
  // A many2one's canonical form is an id or null.
  const next = cached as Id | null;
  const moves: Move[] = ids.map((id) => ({ id, from: cachedReference(env, field, id), to: next }));
  const inverses = tx.registry.inversesOf(field);
  const tree = tx.registry.triggersOf(field);
  for (const [key, branch] of tree.branches) {
    if (!inverses.includes(key)) continue;
    const left = new Set<Id>();
    for (const { from } of moves) if (from !== undefined && from !== null) left.add(from);
    fire(tx, firing, branch, left);
    const unseen = moves.flatMap(({ id, from }) => (from === undefined && isStoredId(id) ? [id] : []));
    if (unseen.length === 0) continue;
    // A list that was in memory and did not hold the record proves that its owner is not concerned.
    const spared = new Set<Id>();
    for (const [, owner] of tx.cache.entries(key)) spared.add(owner);
    tx.triggers.add(pendingAt({ firing, key, tree: branch }, unseen, { spared }));
  }
  for (const inverse of inverses) moveBetweenLists(tx, inverse, moves);
}
