import type { ContextKey } from '@ormolu/cache';
import { condition, isStoredId, type Id, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { placeOfKey } from '../environment/keyed-fields';
import type { Transaction } from '../transaction';
import { referredBy } from '../values';
import { unwatchedReferences, type Unwatched } from './unwatched-references';

/** What goes with some records, as the foreign keys say. */
export interface Consequences {
  /** Model → ids of the rows deleted, those asked for included. */
  readonly deleted: ReadonlyMap<string, ReadonlySet<StoredId>>;
  /** The many2ones that become null, with the records that lose their value. */
  readonly emptied: ReadonlyMap<Field, ReadonlySet<StoredId>>;
  /** What refers to the rows deleted without a foreign key. */
  readonly unwatched: readonly Unwatched[];
}

/** Follows the foreign keys from the records to all that the database will delete or empty with them. */
export async function spread(tx: Transaction, model: string, ids: readonly StoredId[]): Promise<Consequences> {
  const deleted = new Map<string, Set<StoredId>>([[model, new Set(ids)]]);
  const emptied = new Map<Field, Set<StoredId>>();
  const work: { model: string; ids: readonly StoredId[] }[] = [{ model, ids }];
  for (let step = work.pop(); step; step = work.pop()) {
    for (const field of referencesTo(tx, step.model)) {
      const rule = field.relation?.onDelete ?? 'set null';
      if (rule === 'restrict') continue;
      const answer = await tx.below.query({
        model: field.model, filter: condition([field.name], 'in', step.ids), fields: [field.name],
      });
      const holders = rule === 'cascade' ? gather(deleted, field.model) : gather(emptied, field);
      const fresh = answer.ids.filter((id) => !holders.has(id));
      for (const id of fresh) holders.add(id);
      if (rule === 'cascade' && fresh.length > 0) work.push({ model: field.model, ids: fresh });
    }
  }
  return { deleted, emptied, unwatched: await unwatchedReferences(tx, deleted) };
}

/**
 * Whether memory has it otherwise by now: a record that would go, or lose its value, with others refers to another one, or another to one that goes.
 */
export function isOutdated(tx: Transaction, { deleted, emptied, unwatched }: Consequences): boolean {
  for (const { field, key, id, leads } of pendingReferences(tx, deleted)) {
    const isGoing = deleted.get(field.model)?.has(id) === true;
    if (isWatched(field)) {
      if ((isGoing || emptied.get(field)?.has(id) === true) !== leads) return true;
    } else if (leads && !isGoing) {
      const places = unwatched.find((one) => one.field === field)?.holders.get(id);
      if (!places || (field.keyedBy && !places.includes(String(placeOfKey(key))))) return true;
    }
  }
  return false;
}

/** A reference of a stored record that waits to be written. */
interface PendingReference {
  readonly field: Field;
  readonly key: ContextKey;
  readonly id: StoredId;
  /** Whether it leads to one of those that go. */
  readonly leads: boolean;
}

/** The references that wait to be written in fields that may lead to models deleted from; those to drafts are left out. */
export function* pendingReferences(tx: Transaction, deleted: Consequences['deleted']): Generator<PendingReference> {
  for (const { model, name } of tx.cache.getDirtyFields()) {
    const field = tx.registry.field(model, name);
    const comodel = field.relation?.kind === 'many2one' ? field.relation.comodel : undefined;
    if (!field.isStored || (field.kind !== 'reference' && (comodel === undefined || !deleted.has(comodel)))) continue;
    for (const [key, id, value] of tx.cache.dirtyEntries(field)) {
      const referred = comodel === undefined ? referredBy(tx.registry, value) : { model: { name: comodel }, id: value as Id | null }; // a many2one's canonical form
      const to = referred?.id ?? null;
      if (isStoredId(id) && (to === null || isStoredId(to))) yield { field, key, id, leads: to !== null && deleted.get(referred?.model.name ?? '')?.has(to) === true };
    }
  }
}

function referencesTo(tx: Transaction, model: string): readonly Field[] {
  const all = [...tx.registry.models.values()].flatMap((other) => [...other.fields.values()]);
  return all.filter((field) => isWatched(field) && field.relation?.comodel === model);
}

/** Whether a foreign key watches a reference. */
function isWatched(field: Field): boolean {
  return field.isStored && !field.keyedBy && field.relation?.kind === 'many2one';
}

function gather<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  let set = map.get(key);
  if (!set) map.set(key, (set = new Set<V>()));
  return set;
}
