import { condition, isStoredId, type Id, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { fetchWithFellows, inverseOf, rememberLists } from '../reading/fetch';
import { fetchAbove, fetchBelow, holdersAmong, leadsToItself, LongWay } from '../reading/long-way';
import { fetchPairs, readPairs } from '../reading/fetch-pairs';
import { fire } from './modified';
import type { PendingTrigger } from './pending-triggers';
import { reversed, sideOf } from '../lists/relation-tables';
import { meetCompany } from '../environment/keyed-fields';
import { putFetched } from '../reading/put-fetched';
import type { Transaction } from '../transaction';
import { cachedList, cachedReference } from '../values';

/**
 * Finds the dependents of every pending trigger, from the writer's side, and marks them.
 *
 * @remarks One round trip per (relation, state of it) and level of the trigger trees, whatever the number of triggers and records.
 */
export async function resolveTriggers(tx: Transaction): Promise<void> {
  const way = new LongWay(tx);
  const found = new Map<PendingTrigger['side'], Map<Field, ReadonlyMap<Id, ReadonlySet<Id>>>>();
  let moment = tx.triggers.sequence;
  while (tx.triggers.size > 0) {
    // Who has written meanwhile may have moved records: those who hold one now are others.
    if (tx.triggers.sequence !== moment) found.clear();
    moment = tx.triggers.sequence;
    const batch = tx.triggers.snapshot();
    for (const [key, side] of keysOf(batch)) {
      const ids = new Set(batch.filter((trigger) => trigger.key === key && trigger.side === side).flatMap((trigger) => [...trigger.ids]));
      const ofSide = found.get(side) ?? new Map<Field, ReadonlyMap<Id, ReadonlySet<Id>>>();
      found.set(side, ofSide);
      const known = ofSide.get(key);
      // Who walks down a long way has found all holders there are, in one go.
      if (known && [...ids].every((id) => known.has(id))) continue;
      ofSide.set(key, await findHolders(tx, { key, side, isLong: goesOn(tx, batch, key) && walksOn(tx, way, { key, ids: [...ids] }) }, [...ids]));
    }
    // Whoever waited for the same meanwhile may have resolved some, and what these marked may have been computed, or written by hand, since.
    const still = new Set(tx.triggers.snapshot());
    for (const trigger of batch) {
      if (!still.has(trigger)) continue;
      const holders = found.get(trigger.side)?.get(trigger.key);
      const dependents = new Set<Id>();
      const isLeft = trigger.side === 'stored';
      for (const id of trigger.ids) for (const holder of holders?.get(id) ?? []) if (!isLeft || holder !== trigger.to) dependents.add(holder);
      fire(tx, isLeft ? { ...trigger.firing, isUnseen: false } : trigger.firing, trigger.tree, dependents);
    }
    tx.triggers.drop(batch);
  }
}

/** Whether going back through this key comes upon recursive fields of the same model, which lead through it again. */
function goesOn(tx: Transaction, batch: readonly PendingTrigger[], key: Field): boolean {
  return leadsToItself(key) && batch.some(({ key: own, tree }) => own === key && tree.targets.some((target) => target.isRecursive && tx.registry.triggersOf(target).branches.has(key)));
}

/** Going back through a many2one leads down, and back through a list up, by the many2one of its members. */
function walksOn(tx: Transaction, way: LongWay, { key, ids }: { readonly key: Field; readonly ids: readonly Id[] }): boolean {
  return key.relation?.kind === 'many2one' ? way.reachesBack(key, ids) : key.relation?.kind === 'one2many' && way.reaches(inverseOf(tx, key), ids);
}

function keysOf(batch: readonly PendingTrigger[]): readonly (readonly [Field, PendingTrigger['side']])[] {
  const keys = new Map<Field, Set<PendingTrigger['side']>>();
  for (const { key, side } of batch) keys.set(key, (keys.get(key) ?? new Set()).add(side));
  return [...keys].flatMap(([key, sides]) => [...sides].map((side) => [key, side] as const));
}

/** For each record, the records that hold it through `key`: as stored, or as they are now with pending writes. */
async function findHolders(tx: Transaction, { key, side, isLong }: { readonly key: Field; readonly side: PendingTrigger['side']; readonly isLong: boolean }, ids: readonly Id[]): Promise<Map<Id, Set<Id>>> {
  const stored = ids.filter(isStoredId);
  if (isLong && key.relation?.kind === 'many2one') {
    const below = await fetchBelow(tx, key, stored);
    return holdersAmong(tx, key, { ids: [...new Set<Id>([...stored, ...below])], candidates: below });
  }
  if (isLong && key.relation?.kind === 'one2many' && side === 'current') await fetchAbove(tx, inverseOf(tx, key), stored);
  if (key.relation?.kind === 'many2one') return holdersByReference(tx, key, stored);
  if (key.relation?.kind === 'many2many') return holdersByPairs(tx, key, stored);
  return side === 'stored' ? holdersAsStored(tx, key, stored) : holdersByList(tx, key, stored);
}

async function holdersByReference(tx: Transaction, key: Field, ids: readonly StoredId[]): Promise<Map<Id, Set<Id>>> {
  const env = tx.rootEnv;
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
  return holdersAmong(tx, key, { ids, candidates: answer.ids });
}

async function holdersByList(tx: Transaction, key: Field, ids: readonly StoredId[]): Promise<Map<Id, Set<Id>>> {
  const [inverse] = tx.registry.inversesOf(key);
  if (!inverse) return new Map();
  await fetchWithFellows(tx, [inverse], ids);
  // One that is due to be computed was not fetched: who holds it as it stands may hold it afterwards, and any other will be told by the relation itself.
  const holders = await holdersAsStored(tx, key, ids.filter((id) => inverse.compute && tx.toCompute.has(inverse, id) && !tx.unseen.isBorn(inverse.model, id) && cachedReference(tx.rootEnv, inverse, id) === undefined));
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
