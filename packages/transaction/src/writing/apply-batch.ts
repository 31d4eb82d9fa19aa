import { channels, type Id, type StoredId } from '@ormolu/kernel';
import type { Field, Model } from '@ormolu/registry';
import { assignCached } from './assign-cached';
import type { Environment } from '../environment/environment';
import { tellChange } from '../events';
import { flushPairs } from '../flushing/flush-pairs';
import { idsBehind, type IdsBehind } from './ids-behind';
import { insertRows, type InsertedIds } from './insert-rows';
import { concernsNew, putInverted, putPlain, withIds, type ListPut } from './list-puts';
import { putWithInverses, type Written } from '../lists/inverse';
import { areLoaded, deletedBy, followSteps, hasNewOwner, loadForSteps, movedFrom, onlyDelete, pairSteps, putLists, putOwners, whenLoaded, type ListChanges } from '../lists/list-steps';
import { NOTHING_WORKED_OUT, precompute, precomputed, type Precomputed } from '../computing/precompute';
import type { Transaction } from '../transaction';
import { resolveTriggers } from '../triggers/resolve-triggers';
import { run } from '../running/run';
import { refuseWithoutCompanies, splitPuts } from './split-puts';
import { unlink, type Spare } from './unlink';
import { MissingRecordError } from '../errors';
import { meetRecords } from '../reading/meet-records';
import { cachedList } from '../values';
import type { NewRow, Put } from './batch-parts';
import { fieldsOf } from './fields-of';
import type { WriteBatch } from './write-batch';

/**
 * Does what a batch says: puts the values in, deletes, then inserts. Whoever takes the place of another record finds it free;
 * only what is moved away from a record that is deleted is moved before, lest it goes along.
 *
 * Where values have inverses, what is new is inserted first and deletions come last, because all values are in before any inverse runs,
 * and an inverse may move somebody away from who is deleted.
 *
 * @returns the ids of the new records
 * @throws {ConstraintError} when the database refuses a row
 * @remarks One statement for each list field whose records must be known, one INSERT and one DELETE a model, one INSERT and one DELETE a
 * relation table, beside what triggers and inverses take. A savepoint when something could be refused after some has been sent:
 * with values for inverses, and with deletions among other changes.
 */
export function applyBatch(batch: WriteBatch): Promise<InsertedIds> {
  const { exclusive } = batch.env.transaction;
  return batch.rows.length > 0 || batch.steps.length > 0 ? exclusive.inTurn(batch.rows.length > 0 ? 'create' : 'write', () => applyInTurn(batch)) : applyInTurn(batch);
}

async function applyInTurn(batch: WriteBatch): Promise<InsertedIds> {
  const tx = batch.env.transaction;
  batch.refuseGone();
  refuseWithoutCompanies(batch);
  await loadForSteps(tx, batch.steps);
  await meetListOwners(batch);
  const changes = await whenLoaded(tx, batch.steps, () => followSteps(batch.env, batch.steps));
  // A search may have begun to flush, beside which no savepoint can be taken.
  for (let tries = 0; tries < MOST_FLUSHES && tx.state === 'flushing'; tries += 1) await tx.flushIsOver();
  // An exclusive call of another flow may have begun meanwhile.
  tx.exclusive.assertMayCall(batch.rows.length > 0 ? 'create' : 'write');
  const deletes = deletedBy(batch.env, changes).size > 0;
  const sends = batch.rows.length > 0 || deletes;
  const puts = batch.puts.length > 0 || batch.listPuts.length > 0;
  const deletesAmongOthers = deletes && (batch.rows.length > 0 || puts || !onlyDelete(changes));
  const mayRefuse = deletesAmongOthers || isInverted(batch) || (puts && batch.rows.some(({ model }) => precomputed(model).length > 0));
  return sends && mayRefuse ? tx.savepoint(() => apply(batch, changes), { flush: false }) : apply(batch, changes);
}

/** Whoever flushes again and again while a call needs a savepoint is not waited for any longer. */
const MOST_FLUSHES = 5;

/** @throws {MissingRecordError} TX_RECORD_MISSING when a list of a record that is not there was to be written */
async function meetListOwners({ env, owners, steps }: WriteBatch): Promise<void> {
  const tx = env.transaction;
  for (const [model, ids] of owners) {
    const lists = new Set(steps.filter(({ owner, field }) => field.model === model && ids.has(owner)).map(({ field }) => field));
    const empty = [...ids].filter((id) => ![...lists].some((list) => (cachedList(tx.rootEnv, list, id)?.length ?? 0) > 0));
    await meetRecords(tx, model, empty);
    const gone = [...ids].filter((id) => tx.absent.has(model, id));
    if (gone.length > 0) throw new MissingRecordError(model, gone, 'a list of it was written');
  }
}

function isInverted({ rows, puts, listPuts }: WriteBatch): boolean {
  return puts.some(({ field }) => field.inverse) || listPuts.some(({ field }) => field.inverse) || rows.some(({ model, values }) => invertedOf(model).some((field) => values.has(field)));
}

async function apply(batch: WriteBatch, changes: ListChanges): Promise<InsertedIds> {
  const { env, rows } = batch;
  const tx = env.transaction;
  let worked = NOTHING_WORKED_OUT;
  const insert = async (then?: (made: InsertedIds) => void): Promise<InsertedIds> => {
    if (rows.length === 0) {
      then?.(NOBODY);
      return NOBODY;
    }
    const given = givenTo(rows);
    worked = await precompute(batch);
    const made = await insertRows(env, rows, { worked, then });
    for (const [field, records] of given) tellChange('write', field, records);
    return made;
  };
  let inserted: InsertedIds | undefined;
  const { known, behind } = splitPuts(batch);
  const plainLists = batch.listPuts.filter(({ field }) => !field.inverse);
  const areListsKnown = !plainLists.some(concernsNew);
  const putKnown = (puts: readonly Put[], now: IdsBehind): void => {
    for (const { field, ids, cached, env: own = env } of puts) assignCached(own, field, now(field, ids), cached);
  };
  const putNew = (inserted: InsertedIds): void => {
    const now = idsBehind(batch, inserted);
    for (const { field, ids, cached, env: own = env } of behind) assignCached(own, field, now(field, ids), withIds(cached, inserted));
    if (!areListsKnown) putPlain(env, plainLists, { inserted, now });
    putLists(env, changes, { inserted, now });
  };
  const spare: Spare = async (going) => {
    const moved = await movedFrom(env, changes, going);
    if (moved.size === 0) return false;
    if (hasNewOwner(moved)) inserted ??= await insert();
    putOwners(env, moved, inserted ?? NOBODY);
    keepGiven(tx, givenBy(batch, inserted, worked));
    return true;
  };
  const unlinkAll = async (): Promise<void> => {
    const deleted = deletedBy(env, changes);
    for (const [model, ids] of deleted) {
      const stillAsked = (): ReadonlySet<Id> => deletedBy(env, changes).get(model) ?? new Set();
      await unlink(env.recordsOf(env.registry.model(model), [...ids]), { spare, kept: givenBy(batch, inserted, worked), stillAsked });
    }
    // Lists that others' triggers have changed along with it are not in memory any more.
    if (deleted.size > 0) await loadForSteps(tx, batch.steps);
  };
  const asBefore = idsBehind(batch, undefined);
  if (isInverted(batch)) {
    const made = (inserted = await insert());
    // What inverses read is fetched.
    await run(tx, () => {
      const now = idsBehind(batch, made);
      putWithInverses(tx, writtenBy(batch, made), () => {
        putKnown(known, now);
        for (const { id, values } of rows) {
          // A stored one was inserted with its row.
          for (const [field, cached] of values) if (field.inverse && !field.isStored) assignCached(env, field, [idIn(made, id)], withIds(cached, made));
        }
        if (areListsKnown) putPlain(env, plainLists, { inserted: made, now });
        putNew(made);
        putInverted(env, batch.listPuts.filter(({ field }) => field.inverse), { inserted: made, now });
      });
      keepGiven(tx, givenBy(batch, made, worked));
    });
    // An inverse may yet move somebody away from who is deleted, or write to him.
    await unlinkAll();
  } else {
    putWithInverses(tx, written(env, { puts: known, listPuts: areListsKnown ? plainLists : [] }, asBefore), () => {
      putKnown(known, asBefore);
      if (areListsKnown) putPlain(env, plainLists, { inserted: NOBODY, now: asBefore });
    });
    await unlinkAll();
    // Nobody comes between the rows, what their lists hold and what is kept because of it: whatever others change afterwards counts.
    const waiting: InsertedIds[] = [];
    const putBehind = (made: InsertedIds): void => {
      putWithInverses(tx, written(env, { puts: behind, listPuts: areListsKnown ? [] : plainLists }, idsBehind(batch, made)), () => {
        putNew(made);
      });
    };
    const putAll = (made: InsertedIds): void => {
      if (areLoaded(tx, pairSteps(batch.steps, made))) putBehind(made);
      else waiting.push(made);
      keepGiven(tx, givenBy(batch, made, worked));
    };
    if (inserted) putAll(inserted);
    else inserted = await insert(putAll);
    // Somebody has made memory forget what the lists hold.
    for (const made of waiting) await whenLoaded(tx, pairSteps(batch.steps, made), () => {
      tx.protection.during(givenBy(batch, made, worked), () => {
        putBehind(made);
      });
    });
  }
  if (tx.triggers.size > 0) await resolveTriggers(tx);
  await flushPairs(tx);
  return inserted;
}

/**
 * The computed values that were given: to records, and to new ones with their rows. What was worked out for a row before it was there is no better than what is
 * computed of any other record: it waits where its causes change.
 */
function givenBy(batch: WriteBatch, inserted: InsertedIds | undefined, worked: Precomputed): ReadonlyMap<Field, ReadonlySet<Id>> {
  const { rows, puts, listPuts } = batch;
  const given = new Map<Field, Set<Id>>();
  const add = (field: Field, ids: Iterable<Id>): void => {
    const own = given.get(field) ?? new Set();
    given.set(field, own);
    for (const id of ids) own.add(id);
  };
  const now = idsBehind(batch, inserted);
  for (const { field, ids } of puts) if (field.compute && field.isStored) add(field, now(field, ids));
  for (const { field, id } of listPuts) if (field.isStored) add(field, now(field, [id]));
  for (const [field, own] of rowsWith(rows, computedOf)) add(field, own.filter((row) => !worked.has(row, field)).flatMap(({ id }) => inserted?.get(id) ?? []));
  return given;
}

/** A computed value that was given stands, although lists were filled with it: in the same step, or what others have changed since would be taken for that. */
function keepGiven({ toCompute, triggers }: Transaction, given: ReadonlyMap<Field, ReadonlySet<Id>>): void {
  for (const [field, ids] of given) {
    toCompute.give(field, ids);
    triggers.noteAssigned(field, [...ids]);
  }
}

/** How many new records have a value for which columns, where somebody wants to know; what is worked out for them is told of as computed. */
function givenTo(rows: readonly NewRow[]): ReadonlyMap<Field, number> {
  const given = new Map<Field, number>();
  if (!channels.write.hasSubscribers) return given;
  for (const { values } of rows) for (const [field] of values) if (field.isStored) given.set(field, (given.get(field) ?? 0) + 1);
  return given;
}

/** Which records get values for which fields, those created with them included. */
function writtenBy(batch: WriteBatch, inserted: InsertedIds): readonly Written[] {
  const { env, rows } = batch;
  const plainLists = batch.listPuts.filter(({ field }) => !field.inverse);
  const ofRows = [...rowsWith(rows, invertedOf)].map(([field, own]): Written => ({ field, records: env.recordsOf(env.registry.model(field.model), own.map(({ id }) => idIn(inserted, id))) }));
  return [...written(env, { puts: batch.puts, listPuts: plainLists }, idsBehind(batch, inserted)), ...ofRows];
}

function written(env: Environment, { puts, listPuts }: { readonly puts: readonly Put[]; readonly listPuts: readonly ListPut[] }, now: IdsBehind): readonly Written[] {
  const values = [...puts, ...listPuts.map(({ field, id }) => ({ field, ids: [id] }))];
  return values.map(({ field, ids }) => ({ field, records: env.recordsOf(env.registry.model(field.model), now(field, ids)) }));
}

const invertedOf = fieldsOf(({ inverse }) => inverse !== undefined);
const NOBODY: InsertedIds = new Map();
const computedOf = fieldsOf(({ compute, isStored }) => compute !== undefined && isStored);

/** The new rows that have values for some fields of their models, by field. */
function rowsWith(rows: readonly NewRow[], fieldsOfModel: (model: Model) => readonly Field[]): ReadonlyMap<Field, readonly NewRow[]> {
  const found = new Map<Field, NewRow[]>();
  for (const row of rows) {
    for (const field of fieldsOfModel(row.model)) {
      if (!row.values.has(field)) continue;
      const own = found.get(field);
      if (own) own.push(row);
      else found.set(field, [row]);
    }
  }
  return found;
}

/** Every row has an id when all have been inserted. */
function idIn(inserted: InsertedIds, id: Id): StoredId {
  return inserted.get(id) as StoredId;
}
