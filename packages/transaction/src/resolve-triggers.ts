import { condition, isStoredId, type Id, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { fetchWithFellows, rememberLists } from './fetch';
import { fetchPairs, readPairs } from './fetch-pairs';
import { fire } from './modified';
import type { PendingTrigger } from './pending-triggers';
import { reversed, sideOf } from './relation-tables';
import { meetCompany } from './keyed-fields';
import { putFetched } from './put-fetched';
import type { Transaction } from './transaction';
import { cachedList, cachedReference, IdsOf } from './values';

/**
 * Finds the dependents of every pending trigger, from the writer's side, and marks them.
 *
 * @remarks One round trip per (relation, state of it) and level of the trigger trees, whatever the number of triggers and records.
 */
export async function resolveTriggers(tx: Transaction): Promise<void> {
  while (tx.triggers.size > 0) {
    const batch = tx.triggers.snapshot();
    const holders = new Map<Field, Map<Id, Set<Id>>>();
    const storedHolders = new Map<Field, Map<Id, Set<Id>>>();
    for (const [key, side] of keysOf(batch)) {
      const ids = new Set(batch.filter((trigger) => trigger.key === key && trigger.side === side).flatMap((trigger) => [...trigger.ids]));
      const found = await findHolders(tx, key, [...ids], side);
      (side === 'stored' ? storedHolders : holders).set(key, found);
    }
    for (const trigger of batch) {
      const found = (trigger.side === 'stored' ? storedHolders : holders).get(trigger.key);
      const dependents = new Set<Id>();
      for (const id of trigger.ids) for (const holder of found?.get(id) ?? []) dependents.add(holder);
      fire(tx, trigger.firing, trigger.tree, dependents);
    }
    tx.triggers.drop(batch);
  }
}

function keysOf(batch: readonly PendingTrigger[]): readonly (readonly [Field, PendingTrigger['side']])[] {
  const keys = new Map<Field, Set<PendingTrigger['side']>>();
  for (const { key, side } of batch) keys.set(key, (keys.get(key) ?? new Set()).add(side));
  return [...keys].flatMap(([key, sides]) => [...sides].map((side) => [key, side] as const));
}

/** For each record, the records that hold it through `key`: as stored, or as they are now with pending writes. */
function findHolders(tx: Transaction, key: Field, ids: readonly Id[], side: PendingTrigger['side']): Promise<Map<Id, Set<Id>>> {
  const stored = ids.filter(isStoredId);
  if (key.relation?.kind === 'many2one') return holdersByReference(tx, key, stored);
  if (key.relation?.kind === 'many2many') return holdersByPairs(tx, key, stored);
  return side === 'stored' ? holdersAsStored(tx, key, stored) : holdersByList(tx, key, stored);
}

async function holdersByReference(tx: Transaction, key: Field, ids: readonly StoredId[]): Promise<Map<Id, Set<Id>>> {
  const env = tx.rootEnv;
  const holders = new Map<Id, Set<Id>>(ids.map((id) => [id, new Set()]));
  const model = tx.registry.model(key.model);
  // What the dependents' computes read of their own record comes along: it is the next thing asked.
  const fields = [key, ...[...model.fields.values()].filter((field) => field !== key && field.isPrefetched)];
  const answer = await tx.below.query({
    model: key.model, filter: condition([key.name], 'in', ids), fields: fields.map((field) => field.name),
  });
  await meetCompany(env);
  for (const [place, field] of fields.entries()) putFetched(env, field, answer.ids, answer.columns[place] ?? []);
  // All who hold a record are its list on the other side.
  for (const list of tx.registry.inversesOf(key)) rememberLists(tx, list, { ids, members: answer.ids });
  const candidates = new Set<Id>([...answer.ids, ...tx.cache.getDirtyRecords(new IdsOf(env, key.model, []), key).ids]);
  for (const id of candidates) {
    // The cache is asked, not the answer: a pending write may have moved the record elsewhere.
    const held = cachedReference(env, key, id);
    if (held !== undefined && held !== null) holders.get(held)?.add(id);
  }
  return holders;
}

async function holdersByList(tx: Transaction, key: Field, ids: readonly StoredId[]): Promise<Map<Id, Set<Id>>> {
  const [inverse] = tx.registry.inversesOf(key);
  const holders = new Map<Id, Set<Id>>();
  if (!inverse) return holders;
  await fetchWithFellows(tx, [inverse], ids);
  for (const id of ids) {
    const holder = cachedReference(tx.rootEnv, inverse, id);
    if (holder !== undefined && holder !== null) holders.set(id, new Set([holder]));
  }
  return holders;
}

/** Back through a relation table; the lists of the other side come into memory, where there is such a field. */
async function holdersByPairs(tx: Transaction, key: Field, ids: readonly StoredId[]): Promise<Map<Id, Set<Id>>> {
  const side = sideOf(key);
  if (!side || ids.length === 0) return new Map();
  const [inverse] = tx.registry.inversesOf(key);
  if (!inverse) return new Map([...(await readPairs(tx, reversed(side), ids)).lists].map(([id, holders]) => [id, new Set(holders)]));
  await fetchPairs(tx, inverse, ids);
  return new Map(ids.map((id) => [id, new Set(cachedList(tx.rootEnv, inverse, id))]));
}

/** The holders before a write that did not see the old value: the database still has it. */
async function holdersAsStored(tx: Transaction, key: Field, ids: readonly StoredId[]): Promise<Map<Id, Set<Id>>> {
  const [inverse] = tx.registry.inversesOf(key);
  const holders = new Map<Id, Set<Id>>();
  if (!inverse || ids.length === 0) return holders;
  const answer = await tx.below.read({ model: inverse.model, ids, fields: [inverse.name] });
  for (const [place, id] of answer.ids.entries()) {
    // A many2one's canonical form is an id or null.
    const holder = inverse.fromColumn(answer.columns[0]?.[place]) as Id | null;
    if (holder !== null) holders.set(id, new Set([holder]));
  }
  return holders;
}
