import { NewId, type Id, type StoredId } from '@ormolu/kernel';
import type { Field, Model } from '@ormolu/registry';
import type { Environment } from './environment';
import { DraftError } from './errors';
import { groupBy } from './group-by';
import { insertOrder } from './insert-order';
import { moveBetweenLists } from './inverse-lists';
import { placeOf, recordsAt, refuseWithoutCompany, sourceLanguage } from './keyed-fields';
import { fire, startFiring } from './modified';
import type { Transaction } from './transaction';
import { IdsOf } from './values';
import { isKeptList, type NewRow } from './write-batch';

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
 * model takes an INSERT for each level.
 */
export async function insertRows(env: Environment, rows: readonly NewRow[]): Promise<InsertedIds> {
  const tx = env.transaction;
  refuseDrafts(rows);
  const ids = new Map<Id, StoredId>();
  const late: { readonly row: NewRow; readonly field: Field; readonly to: NewId }[] = [];
  for (const part of insertOrder(rows)) {
    const model = part[0]?.model;
    if (!model) continue;
    for (const row of part) for (const [field, to] of referencesOf(row)) if (!ids.has(to)) late.push({ row, field, to });
    const inserted = await insertPart(env, model, { rows: part, ids });
    for (const [place, id] of inserted.entries()) if (part[place]) ids.set(part[place].id, id);
  }
  for (const row of rows) for (const [field, to] of referencesOf(row)) row.values.set(field, ids.get(to));
  await writeLate(env, late.map(({ row, field, to }) => ({ field, id: ids.get(row.id), to: ids.get(to) })));
  const byModel = groupBy(rows, ({ model }) => model);
  for (const [model, own] of byModel) remember(env, model, { rows: own, ids });
  for (const [model, own] of byModel) for (const field of model.fields.values()) markDependents(tx, field, { rows: own, ids });
  return ids;
}

/** References to records that are not in the database yet. */
function referencesOf({ values }: NewRow): readonly (readonly [Field, NewId])[] {
  return [...values].flatMap(([field, value]): [Field, NewId][] => (field.isStored && value instanceof NewId ? [[field, value]] : []));
}

function refuseDrafts(rows: readonly NewRow[]): void {
  const own = new Set<NewId>(rows.map(({ id }) => id));
  for (const row of rows) for (const [field, to] of referencesOf(row)) if (!own.has(to)) throw new DraftError(field, to);
}

interface Part {
  readonly rows: readonly NewRow[];
  readonly ids: InsertedIds;
}

function insertPart(env: Environment, model: Model, { rows, ids }: Part): Promise<readonly StoredId[]> {
  const columns = [...model.fields.values()].filter((field) => field.isStored && rows.some(({ values }) => values.has(field)));
  const cellOf = (field: Field, value: unknown): unknown => newColumn(env, field, value instanceof NewId ? (ids.get(value) ?? null) : (value ?? null));
  return env.transaction.below.insert({
    model: model.name,
    count: rows.length,
    fields: columns.map((field) => field.name),
    columns: columns.map((field) => rows.map(({ values }) => cellOf(field, values.get(field)))),
  });
}

/** References to records that came later. */
async function writeLate(env: Environment, missing: readonly { readonly field: Field; readonly id: StoredId | undefined; readonly to: StoredId | undefined }[]): Promise<void> {
  for (const [field, cells] of groupBy(missing, ({ field: of }) => of)) {
    // Every row has been inserted by now.
    const ids = cells.map(({ id }) => id as StoredId);
    await env.transaction.below.update({ model: field.model, ids, fields: [field.name], columns: [cells.map(({ to }) => newColumn(env, field, to ?? null))] });
  }
}

/** What is known of new records, without asking. */
function remember(env: Environment, model: Model, { rows, ids }: Part): void {
  const { cache } = env.transaction;
  const idOf = ({ id }: NewRow): StoredId => ids.get(id) as StoredId; // every row has been inserted
  const all = rows.map(idOf);
  for (const field of model.fields.values()) {
    if (isKeptList(field)) {
      cache.update(new IdsOf(env, model.name, all), field, all.map(() => NOTHING));
      env.transaction.origins?.note(field, all, { what: 'created' });
    }
    if (!field.isStored) continue;
    const known = field.compute ? rows.filter(({ values }) => values.has(field)) : rows;
    const cached = known.map(({ values }) => values.get(field) ?? null);
    if (known.length > 0) cache.update(new IdsOf(env, model.name, known.map(idOf)), field, cached);
    env.transaction.origins?.note(field, known.map(idOf), { what: 'created' });
    if (field.keyedBy === 'lang') cache.update(recordsAt(field, sourceLanguage(env.transaction), known.map(idOf)), field, cached);
  }
}

/** A value in the form of its column. A first translation is the source's value, too, so that no language is without. */
function newColumn(env: Environment, field: Field, cached: unknown): unknown {
  if (!field.keyedBy || cached === null) return field.toColumn(cached);
  refuseWithoutCompany(env, field);
  const places = field.keyedBy === 'lang' ? [placeOf(env, 'lang'), sourceLanguage(env.transaction)] : [placeOf(env, 'company')];
  return Object.fromEntries(places.map((place) => [place, field.toColumn(cached)]));
}

const NOTHING: readonly Id[] = Object.freeze([]);

/** After an insert: own computes, lists on the other side, and those who depend through them. */
function markDependents(tx: Transaction, field: Field, { rows, ids }: Part): void {
  const idOf = ({ id }: NewRow): StoredId => ids.get(id) as StoredId; // every row has been inserted
  if (field.compute && field.isStored) {
    const computed = rows.filter(({ values }) => !values.has(field)).map(idOf);
    tx.toCompute.mark(field, computed, 'certain');
    tx.origins?.note(field, computed, { what: 'marked' });
    return;
  }
  const inverses = tx.registry.inversesOf(field);
  if (field.relation?.kind === 'many2one') {
    // A many2one's canonical form is an id or null.
    const moves = rows.map((row) => ({ id: idOf(row), from: null, to: (row.values.get(field) ?? null) as Id | null }));
    for (const inverse of inverses) moveBetweenLists(tx, inverse, moves);
  }
  const tree = tx.registry.triggersOf(field);
  // Own computed fields are marked above; nothing can hold the new records yet, except through their own many2ones.
  const others = new Map([...tree.branches].filter(([key]) => inverses.includes(key)));
  if (others.size > 0) fire(tx, startFiring(tx, field, rows.map(idOf)), { targets: [], branches: others }, rows.map(idOf));
}
