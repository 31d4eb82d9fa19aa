import { isStoredId, type NewId, type Id } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { toCache } from '../records/convert';
import { defaultOf } from '../records/defaults';
import type { Environment } from '../environment/environment';
import { keyOfPlace, placeOf, sourceLanguage } from '../environment/keyed-fields';
import { KeyedValues } from '../environment/keyed-values';
import { isReadThrough, readThrough } from './read-through';
import { fetchColumns, fetchList, inverseOf } from '../reading/fetch';
import type { Transaction } from '../transaction';
import { isList, recordsOf } from '../values';

/**
 * The value of a draft's field that is not computed: as given, as its origin has it, or the default; null or an empty list where there
 * is nothing of these.
 *
 * The lists of drafts hold drafts: new ones, and for every stored record one that has it as its origin.
 * @returns undefined when the origin's value is not in memory
 */
export function draftValue(env: Environment, field: Field, id: NewId): unknown {
  const tx = env.transaction;
  // Nothing is a value like others: who was given it does not show his origin's.
  const own = givenIn(env, field, id);
  const given = own === undefined ? textFollowed(env, field, id) : own;
  if (given !== undefined) return given;
  const { origin } = id;
  const read = origin === undefined ? defaultValue(env, field) : env.peek(field, origin);
  if (read === undefined || !isList(field)) return read;
  // A list is cached as an array of ids and as nothing else.
  const members = (read as readonly Id[]).map((member) => memberOf(env, field, id, member));
  if (field.relation?.kind !== 'one2many') return Object.freeze([...new Set(members)]);
  // One that was given another owner since is in that one's list.
  const inverse = inverseOf(tx, field);
  const staying = members.filter((member) => tx.drafts.given(member).get(inverse) === id);
  return Object.freeze([...new Set([...staying, ...heldBy(tx, inverse, id)])]);
}

/** What a draft was given for a field, in the place of who asks where there is one for each company or language; undefined when it was not. */
export function givenIn(env: Environment, field: Field, id: NewId): unknown {
  const given = env.transaction.drafts.given(id).get(field);
  return given instanceof KeyedValues ? given.get(env.cacheKey(field)) : given;
}

/** The text that a language without one of its own shows: the source's, which a new record has from its first text. Undefined when the origin has one. */
function textFollowed(env: Environment, field: Field, id: NewId): unknown {
  const tx = env.transaction;
  const given = tx.drafts.given(id).get(field);
  if (field.keyedBy !== 'lang' || !(given instanceof KeyedValues)) return undefined;
  const source = given.get(keyOfPlace(sourceLanguage(tx)));
  if (id.origin === undefined) return source === undefined ? given.first : source;
  return tx.fallbacks.has(field, placeOf(env, 'lang') ?? '', id.origin) ? source : undefined;
}

function defaultValue(env: Environment, field: Field): unknown {
  const value = defaultOf(env, field);
  return value === undefined || value === null ? (isList(field) ? NOTHING : null) : toCache(field, value);
}

const NOTHING: readonly Id[] = Object.freeze([]);

/** A record as it stands in a draft's list. */
export function memberOf(env: Environment, field: Field, owner: NewId, member: Id): NewId {
  if (!isStoredId(member)) return member;
  const tx = env.transaction;
  const model = field.relation?.comodel ?? '';
  if (field.relation?.kind !== 'one2many') return tx.drafts.shadowOf(model, member);
  const known = tx.drafts.standIn(field, owner, member);
  if (known) return known;
  const draft = tx.drafts.addStandIn(field, owner, member);
  const inverse = inverseOf(tx, field);
  tx.drafts.keep(inverse, draft, owner);
  // What the owner was given before counts as if its member had been there.
  for (const given of tx.drafts.given(owner).keys()) {
    for (const target of tx.registry.triggersOf(given).branches.get(inverse)?.targets ?? []) if (target.isEditable) tx.drafts.diverge(target, draft);
  }
  return draft;
}

/** The drafts whose many2one was given this owner, and the records that wait for it. Who stands for a member of the origin's list is there or not with that. */
function heldBy(tx: Transaction, inverse: Field, owner: NewId): readonly Id[] {
  return [...waitingFor(tx, inverse, owner), ...tx.drafts.heldBy(inverse, owner).filter((id) => !tx.drafts.isStandIn(id))];
}

/** The list of a draft as it is now, in memory. @returns undefined when the origin's is not in memory */
export function draftList(env: Environment, field: Field, id: NewId): readonly Id[] | undefined {
  // A list is cached as an array of ids and as nothing else.
  const known = (env.peek(field, id) ?? draftValue(env, field, id)) as readonly Id[] | undefined;
  if (known !== undefined && env.peek(field, id) === undefined) env.transaction.cache.set(recordsOf(env, field, [id]), field, known);
  return known;
}

/** Fetches what drafts read of their origins, and puts it into memory as theirs; of one that is gone meanwhile, nothing is known. One round trip at most. */
export async function fetchForDrafts(env: Environment, field: Field, ids: readonly Id[]): Promise<void> {
  const tx = env.transaction;
  const drafts = ids.filter((id): id is NewId => !isStoredId(id) && (id.origin !== undefined || tx.drafts.has(field.model, id)) && env.peek(field, id) === undefined && (!field.compute || isReadThrough(tx, field, id)));
  const origins = drafts.flatMap(({ origin }) => (origin === undefined ? [] : [origin]));
  if (field.isStored) await fetchColumns(tx, [field], origins, env);
  else if (isList(field)) await fetchList(tx, field, origins);
  for (const id of drafts) {
    const value = field.compute ? readThrough(env, field, id) : draftValue(env, field, id);
    if (value !== undefined) tx.cache.set(recordsOf(env, field, [id]), field, value);
  }
}

/** Puts values of records into memory: a stored record's wait to be written, a draft's are kept with it. */
export function putCached(env: Environment, field: Field, ids: readonly Id[], values: readonly unknown[]): void {
  const { cache } = env.transaction;
  if (ids.every(isStoredId)) {
    if (ids.length > 0) cache.update(recordsOf(env, field, ids), field, values, { dirty: field.isStored });
    return;
  }
  const places = ids.map((id, place) => ({ id, value: values[place] }));
  const stored = places.filter(({ id }) => isStoredId(id));
  if (stored.length > 0) cache.update(recordsOf(env, field, stored.map(({ id }) => id)), field, stored.map(({ value }) => value), { dirty: field.isStored });
  for (const { id, value } of places) {
    if (isStoredId(id)) continue;
    putDrafted(env, field, id, value);
  }
}

function putDrafted(env: Environment, field: Field, id: NewId, value: unknown): void {
  const { cache, drafts } = env.transaction;
  if (!field.keyedBy) {
    cache.set(recordsOf(env, field, [id]), field, value);
    drafts.keep(field, id, value);
    return;
  }
  const before = drafts.given(id).get(field);
  const known = before instanceof KeyedValues ? before : new KeyedValues();
  drafts.keep(field, id, value instanceof KeyedValues ? value : known.with(env.cacheKey(field), value));
  // Other languages may follow what has changed.
  cache.invalidate([[field, [id]]]);
}

/** The drafts that hold a record in a relation, as far as memory knows. */
export function draftsHolding(tx: Transaction, key: Field, member: Id): readonly NewId[] {
  return tx.drafts.of(key.model).filter((id) => {
    const value = (key.keyedBy ? undefined : tx.rootEnv.peek(key, id)) ?? tx.drafts.given(id).get(key);
    // A relation is cached as an id or a list of ids.
    if (Array.isArray(value)) return (value as readonly Id[]).includes(member);
    return value instanceof KeyedValues ? value.values().includes(member) : value === member;
  });
}

/** The stored records whose many2one was assigned a draft. */
export function waitingFor(tx: Transaction, key: Field, draft: NewId): readonly Id[] {
  return [...tx.cache.dirtyEntries(key)].flatMap(([, id, value]) => (value === draft ? [id] : []));
}
