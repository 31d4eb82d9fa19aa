import { MISS } from '@ormolu/cache';
import { condition, isStoredId, type Id, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { fetchPairs } from './fetch-pairs';
import type { Environment } from '../environment/environment';
import { insertFetched } from './insert-fetched';
import { putFetched } from './put-fetched';
import type { Transaction } from '../transaction';
import { cachedReference, IdsOf, recordsOf } from '../values';

/**
 * Reads stored fields of one model from the next rung and puts what is missing into the cache.
 *
 * @param fields - of one model, stored; those cached for every id are left out
 * @param env - who asks, which matters where values differ by company or language
 * @remarks One round trip at most. Ids that do not exist are remembered as absent. A value that is to be recomputed is no reason to ask,
 * but comes along when others are asked for: an equal result need not be written then.
 */
export function fetchColumns(tx: Transaction, fields: readonly Field[], ids: readonly Id[], env: Environment = tx.rootEnv): Promise<void> {
  return fetchAnyway(env, fields, ids, NOBODY);
}

const NOBODY: ReadonlySet<Id> = new Set();

/** The same. @param anyway - those of the ids of which what is to be recomputed is wanted, too */
export async function fetchAnyway(env: Environment, fields: readonly Field[], ids: readonly Id[], anyway: ReadonlySet<Id>): Promise<void> {
  const tx = env.transaction;
  const [first] = fields;
  if (!first) return;
  if (fields.some(({ keyedBy }) => keyedBy === 'company')) await env.meetCompany();
  if (!fields.some((field) => ids.some(lackOf(env, field, anyway)))) return;
  const who = fields.some(isAskedBy) ? env : tx.rootEnv;
  await tx.rounds.join(who, first.model, { fields, ids, anyway, ask: (all, others, too) => askColumns(who, all, others, too) });
}

/** Whether a field's values differ by who asks. */
export function isAskedBy({ keyedBy, isServed, dependsContext }: Field): boolean {
  return keyedBy !== undefined || (isServed && dependsContext.length > 0);
}

async function askColumns(env: Environment, fields: readonly Field[], ids: readonly Id[], anyway: ReadonlySet<Id>): Promise<void> {
  const tx = env.transaction;
  const asked = lacking(env, fields, ids, anyway);
  const [first] = fields;
  if (asked.length === 0 || !first) return;
  const wanted = fields.filter((field) => {
    const column = env.column(field);
    return asked.some((id) => column.of(id) === MISS);
  });
  const stored = wanted.filter(({ isServed, isStored }) => isStored || !isServed);
  const computed = wanted.filter(({ isServed, isStored }) => isServed && !isStored);
  for (const { question, of } of [
    ...stored.length > 0 ? [{ of: stored, question: (names: readonly string[]) => tx.below.read({ model: first.model, ids: asked, fields: names }) }] : [],
    ...computed.length > 0 ? [{ of: computed, question: (names: readonly string[]) => tx.below.compute({ model: first.model, ids: asked, fields: names, context: env.context }) }] : [],
  ]) {
    const answer = await question(of.map((field) => field.name));
    for (const [place, field] of of.entries()) putFetched(env, field, answer.ids, answer.columns[place] ?? []);
    if (answer.ids.length === asked.length) continue;
    const there = new Set(answer.ids);
    tx.absent.add(first.model, asked.filter((id) => !there.has(id)));
  }
}

/**
 * The same, and with those asked for come the other columns that travel together: what needs one of a record usually needs more of it
 * next.
 */
export async function fetchWithFellows(tx: Transaction, fields: readonly Field[], ids: readonly Id[], env: Environment = tx.rootEnv): Promise<void> {
  const asked = lacking(env, fields, ids);
  const [first] = fields;
  if (asked.length === 0 || !first) return;
  const fellows = fields.some(({ isPrefetched }) => isPrefetched) ? [...tx.registry.model(first.model).fields.values()].filter(({ isPrefetched }) => isPrefetched) : [];
  await fetchColumns(tx, [...new Set([...fields, ...fellows])], asked, env);
}

/** The records that lack a value of these fields which is not to be recomputed anyway. */
function lacking(env: Environment, fields: readonly Field[], ids: readonly Id[], anyway?: ReadonlySet<Id>): readonly StoredId[] {
  const missing = new Set<StoredId>();
  for (const field of fields) {
    const lack = lackOf(env, field, anyway);
    const found = ids.filter(lack);
    // No other field can add to all of them.
    if (found.length === ids.length) return found;
    for (const id of found) missing.add(id);
  }
  return [...missing];
}

/** Tells whether a record lacks a value of a field which the database has and which is not to be recomputed, unless it is wanted anyway. */
function lackOf(env: Environment, field: Field, anyway?: ReadonlySet<Id>): (id: Id) => id is StoredId {
  const { absent, toCompute } = env.transaction;
  const column = env.column(field);
  return (id): id is StoredId => column.of(id) === MISS && isStoredId(id) && !absent.has(field.model, id) && !(field.compute && anyway?.has(id) !== true && toCompute.has(field, id));
}

/** Reads lists of either kind from the next rung, corrected by what is pending before anyone sees them. One round trip at most. */
export function fetchList(tx: Transaction, field: Field, ids: readonly Id[]): Promise<void> {
  const ask = (all: readonly Id[]): Promise<void> => (field.relation?.kind === 'many2many' ? fetchPairs(tx, field, all) : fetchOtherSide(tx, field, all));
  // What is there already is no reason to wait for others.
  if (tx.cache.getMissingIds(recordsOf(tx.rootEnv, field, ids.filter(isStoredId)), field).length === 0) return Promise.resolve();
  return tx.rounds.join(tx.rootEnv, field.toString(), { fields: [field], ids, ask: (_, all) => ask(all) });
}

/**
 * Reads one2many lists from the next rung, corrected by what is pending on the other side before anyone sees them.
 *
 * @remarks One round trip at most; it also brings the inverse of every record found.
 */
async function fetchOtherSide(tx: Transaction, field: Field, ids: readonly Id[]): Promise<void> {
  const env = tx.rootEnv;
  const missing = [...tx.cache.getMissingIds(recordsOf(env, field, ids.filter(isStoredId)), field)].filter(isStoredId).filter((id) => !tx.absent.has(field.model, id));
  if (missing.length === 0) return;
  const inverse = inverseOf(tx, field);
  const answer = await tx.below.query({
    model: inverse.model,
    filter: condition([inverse.name], 'in', missing),
    fields: [inverse.name],
  });
  const parents = (answer.columns[0] ?? []).map((value) => inverse.fromColumn(value));
  insertFetched(tx, new IdsOf(env, inverse.model, answer.ids), inverse, { values: parents, undoable: tx.below.fetchesAreUndoable, from: answer.ids });
  rememberLists(tx, field, { ids: missing, members: answer.ids });
}

/**
 * Puts one2many lists into the cache, corrected by what is pending on the other side.
 *
 * @param found - owners, and all stored members of their lists in the model's order, with their many2ones in the cache
 */
export function rememberLists(tx: Transaction, field: Field, { ids, members }: { readonly ids: readonly StoredId[]; readonly members: readonly StoredId[] }): void {
  const env = tx.rootEnv;
  const inverse = inverseOf(tx, field);
  const lists = new Map<Id, Id[]>(ids.map((id) => [id, []]));
  const dirty = tx.cache.getDirtyRecords(new IdsOf(env, inverse.model, []), inverse).ids;
  const isDirty = new Set<Id>(dirty);
  for (const id of [...members.filter((member) => !isDirty.has(member)), ...dirty]) {
    // The cache is asked, not the answer: a pending write may have moved the record elsewhere, where it comes last.
    const parent = cachedReference(env, inverse, id);
    if (parent !== undefined && parent !== null) lists.get(parent)?.push(id);
  }
  // A list that a pending write has corrected is not what storage says: it must not outlive that write.
  const undoable = tx.below.fetchesAreUndoable || dirty.length > 0;
  insertFetched(tx, recordsOf(env, field, ids), field, { values: ids.map((id) => Object.freeze(lists.get(id) ?? [])), undoable, from: members });
}

/** The many2one on the other side of a one2many. */
export function inverseOf(tx: Transaction, field: Field): Field {
  return tx.registry.field(field.relation?.comodel ?? '', field.relation?.inverseName ?? '');
}
