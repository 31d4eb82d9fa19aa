import { condition, isStoredId, type Filter, type Id, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { Environment } from '../environment/environment';
import { inverseOf, rememberLists } from './fetch';
import { meetCompany } from '../environment/keyed-fields';
import { putFetched } from './put-fetched';
import type { Transaction } from '../transaction';
import { IdsOf, relatedIds } from '../values';

/** After so many steps along one relation of a model to itself, whoever walks it is taken to walk it to its end. */
const STEPS = 3;

/**
 * Watches who walks level by level along a relation that leads from a model to itself: the whole rest of the way can be fetched at once.
 *
 * Trees of a few levels are fetched a level at a time, which brings nothing that nobody asked for.
 */
export class LongWay {
  readonly #tx: Transaction;
  readonly #walked = new Map<Field, { readonly ids: ReadonlySet<Id>; readonly steps: number }>();

  constructor(tx: Transaction) {
    this.#tx = tx;
  }

  /** Notes that a level has been reached along a relation. @returns whether it is one of many */
  reaches(relation: Field, ids: readonly Id[]): boolean {
    return this.#notes(relation, ids, (before) => isMet(this.#tx, relation, { from: before, to: ids }));
  }

  /** The same, for who goes back through a relation. */
  reachesBack(relation: Field, ids: readonly Id[]): boolean {
    return this.#notes(relation, ids, (before) => isMet(this.#tx, relation, { from: ids, to: before }));
  }

  #notes(relation: Field, ids: readonly Id[], isFurther: (before: readonly Id[]) => boolean): boolean {
    const before = this.#walked.get(relation);
    // Who looks twice at the same records has not moved.
    if (before && ids.every((id) => before.ids.has(id))) return before.steps >= STEPS;
    const steps = before && isFurther([...before.ids]) ? before.steps + 1 : 1;
    this.#walked.set(relation, { ids: new Set(ids), steps });
    return steps >= STEPS;
  }

  /** Fetches all above some records when their model is being climbed. @returns whether it did */
  async climb(model: string, ids: readonly Id[]): Promise<boolean> {
    for (const field of waysUp(this.#tx, model)) {
      if (!this.reaches(field, ids)) continue;
      await fetchAbove(this.#tx, field, ids);
      return true;
    }
    return false;
  }
}

function isMet(tx: Transaction, relation: Field, { from, to }: { readonly from: readonly Id[]; readonly to: readonly Id[] }): boolean {
  const wanted = new Set(to);
  return relatedIds(tx.rootEnv, relation, from).some((id) => wanted.has(id));
}

/** The many2ones by which a model's records have a place above them. */
function waysUp(tx: Transaction, model: string): readonly Field[] {
  return [...tx.registry.model(model).fields.values()].filter((field) => field.isStored && field.relation?.kind === 'many2one' && leadsToItself(field));
}

/** Whether a relation is one between records of one model. */
export function leadsToItself(field: Field): boolean {
  return field.relation?.comodel === field.model && field.isPersistent;
}

/** Brings records, and all that a many2one of the model to itself leads to from them, into memory. One statement. */
export async function fetchAbove(tx: Transaction, key: Field, ids: readonly Id[]): Promise<void> {
  const stored = missing(tx, key, ids);
  if (stored.length === 0) return;
  const found = await fetchFamily(tx, key, { ...condition(['id'], 'parentOf', stored), along: key.name });
  const there = new Set(found);
  tx.absent.add(key.model, stored.filter((id) => !there.has(id)));
}

/**
 * Brings all that refer to some records, and to those, by a many2one of the model to itself into memory, with the lists on its other side.
 *
 * @returns the records themselves and all below them
 * @remarks One statement.
 */
export async function fetchBelow(tx: Transaction, key: Field, ids: readonly StoredId[]): Promise<readonly StoredId[]> {
  const found = await fetchFamily(tx, key, { ...condition(['id'], 'childOf', ids), along: key.name });
  for (const list of tx.registry.inversesOf(key)) rememberLists(tx, list, { ids: [...new Set([...ids, ...found])], members: found });
  return found;
}

/** The same for a list that is to be walked down, with its members. */
export async function fetchListsBelow(tx: Transaction, list: Field, ids: readonly Id[]): Promise<void> {
  const stored = missing(tx, list, ids);
  if (stored.length > 0) await fetchBelow(tx, inverseOf(tx, list), stored);
}

/** The stored records of which a relation is not in memory. */
function missing(tx: Transaction, relation: Field, ids: readonly Id[]): readonly StoredId[] {
  return ids.filter((id): id is StoredId => isStoredId(id) && tx.rootEnv.peek(relation, id) === undefined && !tx.absent.has(relation.model, id));
}

async function fetchFamily(tx: Transaction, key: Field, filter: Filter): Promise<readonly StoredId[]> {
  const env: Environment = tx.rootEnv;
  // What computes read of their own record comes along: it is the next thing asked.
  const fields = [key, ...[...tx.registry.model(key.model).fields.values()].filter((field) => field !== key && field.isPrefetched)];
  const answer = await tx.below.query({ model: key.model, filter, fields: fields.map((field) => field.name) });
  await meetCompany(env);
  for (const [place, field] of fields.entries()) putFetched(env, field, answer.ids, answer.columns[place] ?? []);
  return answer.ids;
}

/** The records that hold each of some records by a many2one, as memory has it. */
export function holdersAmong(tx: Transaction, key: Field, { ids, candidates }: { readonly ids: readonly Id[]; readonly candidates: Iterable<Id> }): Map<Id, Set<Id>> {
  const holders = new Map<Id, Set<Id>>(ids.map((id) => [id, new Set()]));
  for (const id of new Set([...candidates, ...tx.cache.getDirtyRecords(new IdsOf(tx.rootEnv, key.model, []), key).ids])) {
    // The cache is asked, not an answer: a pending write may have moved the record elsewhere.
    const held = tx.rootEnv.peek(key, id) as Id | null | undefined; // a many2one is cached as an id or null
    if (held !== undefined && held !== null) holders.get(held)?.add(id);
  }
  return holders;
}
