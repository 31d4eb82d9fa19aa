import { MISS } from '@ormolu/cache';
import { isStoredId, type Id, type NewId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { draftsHolding, waitingFor } from '../drafts/draft-values';
import type { Environment } from '../environment/environment';
import type { Transaction } from '../transaction';
import { cachedAnywhere, cachedList, cachedReference } from '../values';

/** The dependents found in memory, and the ids for which memory cannot tell. */
export interface Found {
  /** Each once. */
  readonly known: readonly Id[];
  readonly unknown: readonly Id[];
}

/** The first of some lists that is in memory. */
function firstList(env: Environment, lists: readonly Field[], id: Id): readonly Id[] | undefined {
  for (const list of lists) {
    const known = cachedList(env, list, id);
    if (known) return known;
  }
  return undefined;
}

/** The records beside drafts that hold a draft: those whose many2one was assigned it, and, back through a list, the draft it refers to. */
function holdersOfDraft(tx: Transaction, key: Field, draft: NewId): readonly Id[] {
  if (key.relation?.kind === 'many2one') return waitingFor(tx, key, draft);
  const [inverse] = key.relation?.kind === 'one2many' ? tx.registry.inversesOf(key) : [];
  const owner = inverse && cachedReference(tx.rootEnv, inverse, draft);
  // What is in the database knows nothing of drafts.
  return owner === undefined || owner === null || isStoredId(owner) ? [] : [owner];
}

/**
 * Goes back through a relation, in memory: from some records to those of the relation's model that hold one of them.
 *
 * Back through a many2one, a cached list on the other side tells all holders of a record, because it follows every write. Back
 * through a one2many, the record's own many2one tells its holder; back through a many2many, the list on its other side.
 * @param key - the relation of the records looked for
 */
export function goBack(tx: Transaction, key: Field, ids: readonly Id[]): Found {
  const env = tx.rootEnv;
  const unknown: Id[] = [];
  if (!key.isPersistent) return { known: [...holdersInMemory(tx, key, new Set(ids))], unknown };
  if (key.keyedBy) return { known: holdersAnywhere(tx, key, new Set(ids)), unknown };
  const known = new Distinct();
  const inverses = tx.registry.inversesOf(key);
  const [inverse] = inverses;
  const holdersOf = key.relation?.kind === 'one2many' && inverse ? env.column(inverse) : undefined;
  let last: Id | undefined;
  for (const id of ids) {
    if (!tx.drafts.isEmpty) for (const holder of draftsHolding(tx, key, id)) known.add(holder);
    if (!isStoredId(id)) {
      for (const holder of holdersOfDraft(tx, key, id)) known.add(holder);
      continue;
    }
    if (key.relation?.kind === 'many2one') {
      const list = firstList(env, inverses, id);
      if (list) for (const holder of list) known.add(holder);
      else unknown.push(id);
      continue;
    }
    if (key.relation?.kind === 'many2many') {
      const holders = firstList(env, inverses, id);
      if (holders) for (const holder of holders) known.add(holder);
      else unknown.push(id);
      continue;
    }
    // A many2one is cached as an id or null.
    const holder = holdersOf ? holdersOf.of(id) as Id | null | typeof MISS : MISS;
    if (holder === MISS) unknown.push(id);
    // Records that lie side by side are often held by the same one.
    else if (holder !== null && holder !== last) known.add(last = holder);
  }
  return { known: known.ids, unknown };
}

/**
 * Those whose many2one with a value for each company may hold one of some records under one of them. What is computed through it is not stored: memory has all its
 * values. Of which memory has none of the many2one's, those may have been computed before these were forgotten.
 */
function holdersAnywhere(tx: Transaction, key: Field, ids: ReadonlySet<Id>): readonly Id[] {
  const slots = tx.cache.slots(key.model);
  const holders = new Set<Id>();
  for (let slot = 0; slot < slots.size; slot += 1) {
    const holder = slots.idOf(slot);
    if (cachedAnywhere(tx, key, holder)?.some((id) => ids.has(id)) ?? true) holders.add(holder);
  }
  if (!tx.drafts.isEmpty) for (const id of ids) for (const holder of draftsHolding(tx, key, id)) holders.add(holder);
  return [...holders];
}

/** So many are looked through faster than a set is made. */
const FEW = 8;

/** Ids, each once, in the order in which they came. */
class Distinct {
  readonly ids: Id[] = [];
  #known: Set<Id> | undefined;

  add(id: Id): void {
    if (this.ids.length < FEW) {
      if (this.ids.includes(id)) return;
    } else {
      this.#known ??= new Set(this.ids);
      if (this.#known.has(id)) return;
      this.#known.add(id);
    }
    this.ids.push(id);
  }
}

/** Those whose computed relation holds one of some records. Nothing but memory has its values, and stored fields do not read through it. */
function holdersInMemory(tx: Transaction, key: Field, ids: ReadonlySet<Id>): Set<Id> {
  const holders = new Set<Id>();
  for (const [, holder, value] of tx.cache.entries(key)) {
    const held = Array.isArray(value) ? (value as readonly Id[]) : [value as Id | null];
    if (held.some((id) => id !== null && ids.has(id))) holders.add(holder);
  }
  return holders;
}
