import { MISS } from '@ormolu/cache';
import { isStoredId, type Id, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import { fetchColumns } from './fetch';
import { MissingRecordError } from '../errors';
import type { Transaction } from '../transaction';
import { cachedList, referredBy } from '../values';

/**
 * Makes sure that records of which nothing but empty lists is known are there: nobody else would say that they are not.
 *
 * Where any of the records read together has members it is not asked, because a walk along a path takes a statement a level and no more:
 * a missing record among others has empty lists until anything else is read of it.
 * @param lists - of one model, in memory; those of records that are missing are forgotten, so that who reads them is told
 * @remarks One statement, for records of which memory has nothing else; it brings the columns that travel together.
 */
export async function meetOwners(tx: Transaction, lists: readonly Field[], ids: readonly Id[]): Promise<void> {
  const [first] = lists;
  if (!first) return;
  if (ids.some((id) => lists.some((list) => (cachedList(tx.rootEnv, list, id)?.length ?? 0) > 0))) return;
  await meetRecords(tx, first.model, ids);
  const gone = ids.filter((id) => isStoredId(id) && tx.absent.has(first.model, id));
  if (gone.length > 0) tx.cache.invalidate(lists.map((list) => [list, gone] as const));
}

/** Asks which of some records exist, as far as memory cannot tell: those that do not are remembered as absent. */
export async function meetRecords(tx: Transaction, model: string, ids: readonly Id[]): Promise<void> {
  const stored = [...tx.registry.model(model).fields.values()].filter(({ isStored }) => isStored);
  const columns = stored.map((field) => tx.rootEnv.column(field));
  const unknown = ids.filter((id): id is StoredId => isStoredId(id) && !tx.absent.has(model, id) && columns.every((column) => column.of(id) === MISS));
  if (unknown.length === 0) return;
  const fellows = stored.filter(({ isPrefetched, keyedBy }) => isPrefetched && !keyedBy);
  if (fellows.length > 0) {
    await fetchColumns(tx, fellows, unknown);
    return;
  }
  const there = new Set<StoredId>((await tx.below.read({ model, ids: unknown, fields: [] })).ids);
  tx.absent.add(model, unknown.filter((id) => !there.has(id)));
}

/**
 * @param cached - what the field is to hold, as it is kept
 * @throws {MissingRecordError} TX_RECORD_MISSING when a field is to refer to records that are known to be missing
 */
export function refuseMissing(tx: Transaction, field: Field, cached: unknown): void {
  if (cached === null) return;
  if (field.kind === 'reference') {
    const referred = referredBy(tx.registry, cached);
    if (referred) refuseGone(tx, field, referred.model.name, [referred.id]);
  } else if (field.relation) refuseGone(tx, field, field.relation.comodel, Array.isArray(cached) ? (cached as readonly Id[]) : [cached as Id]); // a many2one is kept as an id, a list as an array of ids
}

function refuseGone(tx: Transaction, field: Field, model: string, ids: readonly Id[]): void {
  const gone = ids.filter((id) => isStoredId(id) && tx.absent.isGoing(model, id));
  if (gone.length > 0) throw new MissingRecordError(model, gone, `${field.toString()} was to refer to ${gone.length === 1 ? 'it' : 'them'}`);
}
