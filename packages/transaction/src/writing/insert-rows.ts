import type { CacheRecords } from '@ormolu/cache';
import { NewId, type Id, type StoredId } from '@ormolu/kernel';
import type { Field, Model } from '@ormolu/registry';
import type { Environment } from '../environment/environment';
import { idsOf } from './given-id';
import { KeyedValues } from '../environment/keyed-values';
import { freeUniqueValues } from '../flushing/free-values';
import { forgetTouchedColumns } from '../forget';
import { groupBy } from '../group-by';
import { insertOrder, referencesAmong, type Reference } from './insert-order';
import { moveBetweenLists } from '../lists/inverse-lists';
import type { Precomputed } from '../computing/precompute';
import { placeOf, placeOfKey, recordsAt, refuseWithoutCompany, sourceLanguage } from '../environment/keyed-fields';
import { fire, fireModified, startFiring } from '../triggers/modified';
import { isAskedFor } from '../triggers/unseen';
import type { Transaction } from '../transaction';
import { cachedList, cachedReference, IdsOf, isKeptList, recordsOf } from '../values';
import type { NewRow } from './batch-parts';

/** The ids that the database has given to new records. */
export type InsertedIds = ReadonlyMap<Id, StoredId>;

/**
 * Inserts new records of any models, and marks what depends on them.
 *
 * Models come in the order their references demand. Where new records refer to each other in a circle, or to others of the same
 * INSERT, the reference is written afterwards, unless it is required.
 * @throws {ConstraintError} when the database refuses a row
 * @throws {WriteRefusedError} TX_REFERENCE_CYCLE when required references go round in a circle
 * @throws {DraftError} TX_DRAFT_UNSAVED when a row refers to a draft that is not among them
 * @remarks One INSERT a model, and one UPDATE for every many2one that had to wait. A required reference between new records of one
 * model takes an INSERT for each level. Before them an UPDATE when unique values are pending.
 */
export async function insertRows(env: Environment, rows: readonly NewRow[], { worked, then }: Inserting): Promise<InsertedIds> {
  const tx = env.transaction;
  for (const [model, own] of groupBy(rows, ({ model }) => model)) await freeUniqueValues(tx, model, own);
  const references = referencesAmong(rows);
  const ids = new Map<Id, StoredId>();
  const late: Reference[] = [];
  const anew = new Set<Id>();
  for (const part of insertOrder(rows, references)) {
    const model = part[0]?.model;
    if (!model) continue;
    if (references.length > 0) late.push(...lateOf(part, references, ids));
    for (const { id, given } of part) if (given !== undefined) ids.set(id, given);
    const inserted = await insertPart(env, model, { rows: part, ids, anew });
    for (const [place, id] of inserted.entries()) if (part[place]) ids.set(part[place].id, id);
  }
  for (const { from, field } of references) from.values.set(field, withIds(from.values.get(field), ids));
  await writeLate(env, late, ids);
  const made = [...groupBy(rows, ({ model }) => model)].map(([model, own]): Made => ({ model, rows: own, ids: own.map(({ id }) => ids.get(id) as StoredId) })); // every row has been inserted
  const { isLate } = worked;
  for (const one of made) remember(env, one);
  const behind = rememberLate(env, late, ids);
  const beside = tx.below.takeBesideInserts();
  if (beside.length > 0) forgetTouchedColumns(tx, beside);
  for (const { model, ids: born } of made) if (isAskedForAny(tx, model)) tx.unseen.noteBorn(model.name, born);
  for (const one of made) for (const field of one.model.fields.values()) markDependents(tx, field, { ...one, anew, isKnown: (row) => row.values.has(field) && !(isLate && worked.has(row, field)) });
  for (const [field, found] of behind) fireModified(tx, field, found);
  then?.(ids);
  return ids;
}

/** What goes with the rows. */
interface Inserting {
  /** What of them was worked out. */
  readonly worked: Precomputed;
  /** What is done in the same step in which memory learns of the records. */
  readonly then: ((made: InsertedIds) => void) | undefined;
}

/** The references of a part to rows that have no id yet. Those of one INSERT may refer to each other by the ids that they are given. */
function lateOf(part: readonly NewRow[], references: readonly Reference[], ids: InsertedIds): readonly Reference[] {
  const own = new Set(part);
  return references.filter(({ from, to }) => own.has(from) && !ids.has(to.id) && !(own.has(to) && to.given !== undefined));
}

/** New rows of one model that have been inserted, with their ids in the same order. */
interface Made {
  readonly model: Model;
  readonly rows: readonly NewRow[];
  readonly ids: readonly StoredId[];
}

interface Part {
  readonly rows: readonly NewRow[];
  readonly ids: InsertedIds;
  /** Takes those that were known before. */
  readonly anew: Set<Id>;
}

function insertPart(env: Environment, model: Model, { rows, ids, anew }: Part): Promise<readonly StoredId[]> {
  const columns = [...model.fields.values()].filter((field) => field.isStored && rows.some(({ values }) => values.has(field)));
  /** References among new records are by their temporary ids until now. */
  const cellsOf = (field: Field): unknown[] => {
    const isPlain = !field.keyedBy && !field.relation;
    return rows.map(({ values }) => {
      const value = values.get(field) ?? null;
      if (isPlain) return field.toColumn(value);
      return newColumn(env, field, withIds(value, ids));
    });
  };
  const cells = columns.map(cellsOf);
  // In the step in which it is sent: what is refused before has made nobody forget anything.
  for (const id of beginAnew(env, model, rows)) anew.add(id);
  return env.transaction.below.insert({
    model: model.name,
    count: rows.length,
    fields: columns.map((field) => field.name),
    columns: cells,
    ids: idsOf(rows),
  });
}

/** A reference, or one for each company, with the ids of the database: none where a record has none yet. */
function withIds(value: unknown, ids: InsertedIds): unknown {
  if (value instanceof NewId) return ids.get(value) ?? null;
  return value instanceof KeyedValues ? value.map((one) => withIds(one, ids)) : value;
}

/**
 * Who names the id of a new record may have known or assigned something of it before there was a row: that is of a record that is not there any more, or never was,
 * and the new one begins without it. Who has put it into a list has done so for this one.
 *
 * @returns the ids of those that were known
 */
function beginAnew({ transaction: { cache, rootEnv } }: Environment, model: Model, rows: readonly NewRow[]): readonly Id[] {
  const slots = cache.slots(model.name);
  const known = rows.flatMap(({ given }) => (given !== undefined && slots.slotOf(given) >= 0 ? [given] : []));
  if (known.length === 0) return known;
  const lists = [...model.fields.values()].filter(isKeptList).flatMap((field) => known.flatMap((id) => {
    const list = cachedList(rootEnv, field, id);
    return list ? [{ field, id, list }] : [];
  }));
  cache.forget(model.name, known);
  for (const { field, id, list } of lists) cache.update(recordsOf(rootEnv, field, [id]), field, [list]);
  return known;
}

/** Whether somebody who has found a row has given it a reference, in the place of the one that is not written yet. */
function isGivenMeanwhile({ transaction: { cache, rootEnv } }: Environment, field: Field, id: Id): boolean {
  if (field.keyedBy) return false;
  const now = cachedReference(rootEnv, field, id);
  return now !== undefined && (now !== null || cache.isDirty(recordsOf(rootEnv, field, [id]), field));
}

/** References to records that came later. */
async function writeLate(env: Environment, missing: readonly Reference[], ids: InsertedIds): Promise<void> {
  for (const [field, references] of groupBy(missing, ({ field: of }) => of)) {
    // A record may have to wait with the references of several companies, which stand in one column.
    const rows = [...new Set(references.map(({ from }) => from))].filter(({ id }) => !isGivenMeanwhile(env, field, ids.get(id) as StoredId));
    if (rows.length === 0) continue;
    await env.transaction.below.update({
      model: field.model,
      ids: rows.map(({ id }) => ids.get(id) as StoredId), // every row has been inserted by now
      fields: [field.name],
      columns: [rows.map(({ values }) => newColumn(env, field, values.get(field) ?? null))],
    });
  }
}

/** What is known of new records, without asking. */
function remember(env: Environment, { model, rows, ids }: Made): void {
  const { cache, origins } = env.transaction;
  const slots = cache.slots(model.name);
  // A row can be found, read and written by others as soon as its INSERT is answered: what they have put there is newer.
  const isMet = ids.some((id) => slots.slotOf(id) >= 0);
  const put = (records: CacheRecords, field: Field, values: readonly unknown[]): void => {
    if (isMet) cache.insertMissing(records, field, values, { undoable: true });
    else cache.update(records, field, values);
  };
  for (const field of model.fields.values()) {
    if (isKeptList(field)) {
      // Who has found a row already, and put it into a list, has not put it there for nothing.
      const unknown = ids.filter((id) => cachedList(env, field, id) === undefined);
      cache.update(new IdsOf(env, model.name, unknown), field, unknown.map(() => NOTHING));
      origins?.note(field, ids, { what: 'created' });
    }
    if (!field.isStored || field.isServed) continue;
    const known = field.compute ? rows.filter(({ values }) => values.has(field)) : rows;
    if (known.length === 0) continue;
    const own = known === rows ? ids : ids.filter((_, place) => rows[place]?.values.has(field));
    if (known.some(({ values }) => values.get(field) instanceof KeyedValues)) {
      rememberByPlace(env, field, own, known);
      continue;
    }
    const cached = known.map(({ values }) => values.get(field) ?? null);
    put(new IdsOf(env, model.name, own), field, cached);
    origins?.note(field, own, { what: 'created' });
    if (field.keyedBy === 'lang') put(recordsAt(field, sourceLanguage(env.transaction), own), field, cached);
  }
}

/** Who has read a row before its late references were written has found none: memory has what is there now. @returns those who may have been read so */
function rememberLate(env: Environment, late: readonly Reference[], ids: InsertedIds): ReadonlyMap<Field, readonly Id[]> {
  const { cache, rootEnv } = env.transaction;
  const found = new Map<Field, Id[]>();
  for (const { from, field } of late) {
    const id = ids.get(from.id) as StoredId; // every row has been inserted by now
    if (field.keyedBy || cachedReference(rootEnv, field, id) !== null || isGivenMeanwhile(env, field, id)) continue;
    cache.update(recordsOf(rootEnv, field, [id]), field, [from.values.get(field)]);
    found.set(field, [...(found.get(field) ?? []), id]);
  }
  return found;
}

/** All values of a field, as its column keeps them. The first text of a record is the source's, where that has none. */
function columnByPlace(env: Environment, field: Field, values: KeyedValues): unknown {
  const column: Record<string, unknown> = {};
  if (field.keyedBy === 'lang') column[sourceLanguage(env.transaction)] = field.toColumn(values.first);
  for (const [key, value] of values) {
    column[String(placeOfKey(key))] = field.toColumn(value);
  }
  return column;
}

/** What is known of such values. Where a place has none, whoever asks reads them all. */
function rememberByPlace(env: Environment, field: Field, ids: readonly StoredId[], rows: readonly NewRow[]): void {
  const { cache, origins } = env.transaction;
  for (const [place, { values }] of rows.entries()) {
    const given = values.get(field);
    const id = ids[place];
    if (!(given instanceof KeyedValues) || id === undefined) continue;
    for (const [key, value] of given) cache.set(recordsAt(field, placeOfKey(key), [id]), field, value);
  }
  origins?.note(field, ids, { what: 'created' });
}

/** A value in the form of its column. A first translation is the source's value, too, so that no language is without. */
function newColumn(env: Environment, field: Field, cached: unknown): unknown {
  if (cached instanceof KeyedValues) return columnByPlace(env, field, cached);
  if (!field.keyedBy || cached === null) return field.toColumn(cached);
  refuseWithoutCompany(env, field);
  const places = field.keyedBy === 'lang' ? [placeOf(env, 'lang'), sourceLanguage(env.transaction)] : [placeOf(env, 'company')];
  return Object.fromEntries(places.map((place) => [place, field.toColumn(cached)]));
}

/** Whether a computed value of a model is asked for by something that may have been written by hand. */
function isAskedForAny(tx: Transaction, model: Model): boolean {
  for (const field of model.fields.values()) if (field.compute && field.isStored && isAskedFor(tx, field)) return true;
  return false;
}

const NOTHING: readonly Id[] = Object.freeze([]);

/** After an insert: own computes, lists on the other side, and those who depend through them. */
function markDependents(tx: Transaction, field: Field, { rows, ids, anew, isKnown }: Made & { readonly anew: ReadonlySet<Id>; readonly isKnown: (row: NewRow) => boolean }): void {
  if (field.compute && field.isStored) {
    const computed = ids.filter((_, place) => rows[place] && !isKnown(rows[place]));
    tx.toCompute.mark(field, computed, 'certain');
    tx.origins?.note(field, computed, { what: 'marked' });
    return;
  }
  const inverses = tx.registry.inversesOf(field);
  if (field.relation?.kind === 'many2one' && inverses.length > 0) {
    const moves = ids.map((id, place) => {
      // Who has been found and moved meanwhile is where he was moved to.
      const now = cachedReference(tx.rootEnv, field, id);
      // A many2one's canonical form is an id or null.
      return { id, from: anew.has(id) ? undefined : null, to: now === undefined ? ((rows[place]?.values.get(field) ?? null) as Id | null) : now };
    });
    for (const inverse of inverses) moveBetweenLists(tx, inverse, moves);
  }
  const tree = tx.registry.triggersOf(field);
  // Own computed fields are marked above; nothing can hold the new records yet, except through their own many2ones.
  const others = new Map([...tree.branches].filter(([key]) => inverses.includes(key)));
  if (others.size > 0) fire(tx, startFiring(tx, field, ids), { targets: [], branches: others }, ids);
}
