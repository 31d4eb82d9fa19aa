import { UnknownFieldError, type Id } from '@ormolu/kernel';
import type { Field, Model } from '@ormolu/registry';
import { assignCached } from './assign';
import { changeLists, listChange } from './change-lists';
import { writable } from './convert';
import { putWithInverses } from './inverse';
import { WriteRefusedError } from './errors';
import { flushPairs } from './flush-pairs';
import { moveBetweenLists } from './inverse-lists';
import { fire, startFiring } from './modified';
import type { RecordSet } from './recordset';
import { run } from './run';
import { assertAllowed } from './transaction-state';
import { IdsOf, isList } from './values';

/** Values by field name. */
export type Values = Readonly<Record<string, unknown>>;

/**
 * Inserts new records, and marks what depends on them.
 *
 * @throws {UnknownFieldError} FIELD_UNKNOWN
 * @throws {WriteRefusedError} TX_REQUIRED when a required field has neither value nor default
 * @throws {ConstraintError} when the database refuses a row; then nothing was created
 * @remarks One INSERT, whatever the number of records; with values for inverses also a savepoint, and what the inverses read.
 */
export async function create(set: RecordSet, values: readonly Values[]): Promise<RecordSet> {
  const { env } = set;
  const tx = env.transaction;
  assertAllowed(tx.state, 'write');
  const model = tx.registry.model(set.model);
  const rows = values.map((row) => cacheRow(model, row));
  if (rows.length === 0) return set.browse([]);
  const inverted = [...model.fields.values()].filter((field) => field.inverse && rows.some((row) => row.has(field)));
  if (inverted.length === 0) return insert(set, model, rows);
  return tx.savepoint(async () => {
    const records = await insert(set, model, rows);
    await invertCreated(records, rows, inverted);
    return records;
  }, { flush: false });
}

/** Inserts rows that are complete, and marks what depends on them. */
async function insert(set: RecordSet, model: Model, rows: readonly Map<Field, unknown>[]): Promise<RecordSet> {
  const { env } = set;
  const tx = env.transaction;
  const columns = [...model.fields.values()].filter((field) => field.isStored && rows.some((row) => row.has(field)));
  const ids = await tx.statement((session) => session.insert({
    model: model.name,
    count: rows.length,
    fields: columns.map((field) => field.name),
    columns: columns.map((field) => rows.map((row) => field.toColumn(row.get(field) ?? null))),
  }));
  tx.noteCreated(model.name, ids);

  const records = new IdsOf(env, model.name, ids);
  for (const field of model.fields.values()) {
    const isKnown = field.isStored && !field.compute;
    if (isKnown || columns.includes(field)) {
      const known = isKnown ? ids : ids.filter((_, place) => rows[place]?.has(field));
      const given = isKnown ? rows : rows.filter((row) => row.has(field));
      tx.cache.update(new IdsOf(env, model.name, known), field, given.map((row) => row.get(field) ?? null));
    } else if (isList(field) && field.isPersistent) {
      tx.cache.update(records, field, ids.map(() => NOTHING));
    }
  }
  for (const field of model.fields.values()) markDependents(set, field, { ids, rows });
  await flushPairs(tx);
  return env.recordsOf(model, ids);
}

/**
 * Runs the inverses of values that new records were created with, when the records are in the database.
 *
 * @param rows - the values of each record, in their order
 */
async function invertCreated(records: RecordSet, rows: readonly ReadonlyMap<Field, unknown>[], fields: readonly Field[]): Promise<void> {
  const { env } = records;
  const tx = env.transaction;
  const written = fields.map((field) => ({ field, records: records.browse(records.ids.filter((_, place) => rows[place]?.has(field))) }));
  await run(tx, () => {
    putWithInverses(tx, written, () => {
      for (const [place, id] of records.ids.entries()) {
        // A stored one was inserted with its row.
        for (const [field, cached] of rows[place] ?? []) if (field.inverse && !field.isStored) assignCached(env, field, [id], cached);
      }
    });
  });
}

const NOTHING: readonly Id[] = Object.freeze([]);

/** A row in the cache's form, defaults filled in. Computed fields without a value of their own are left out. */
function cacheRow(model: Model, values: Values): Map<Field, unknown> {
  const row = new Map<Field, unknown>();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const field = model.fields.get(name);
    if (!field) throw new UnknownFieldError(model.name, name, model.fields.keys());
    row.set(field, writable(field, value));
  }
  for (const field of model.fields.values()) {
    if (row.has(field) || !field.isStored || field.compute) continue;
    const fallback = defaultOf(field);
    if (fallback !== undefined && fallback !== null) row.set(field, writable(field, fallback));
    else if (field.isRequired) {
      throw new WriteRefusedError('TX_REQUIRED', `A new ${model.name} needs ${field.name}: it is required and has no default. Give it in create().`, {
        details: { model: model.name, field: field.name },
      });
    }
  }
  return row;
}

/** The value of a new record for which none is given; a default may be a function. */
function defaultOf(field: Field): unknown {
  const { default: given } = field;
  // A function without parameters: the definition's type says no more, because a default may be anything.
  return typeof given === 'function' ? (given as () => unknown)() : given;
}

/** After an insert: own computes, lists on the other side, and those who depend through them. */
function markDependents(set: RecordSet, field: Field, { ids, rows }: { ids: readonly Id[]; rows: readonly Map<Field, unknown>[] }): void {
  const { env } = set;
  const tx = env.transaction;
  if (field.relation?.kind === 'many2many') {
    // A list's canonical form is an array of ids.
    changeLists(tx, field, ids.flatMap((id, place) => listChange([], (rows[place]?.get(field) ?? NOTHING) as readonly Id[], id) ?? []));
  }
  if (field.compute && field.isStored) {
    tx.toCompute.mark(field, ids.filter((_, place) => !rows[place]?.has(field)), 'certain');
    return;
  }
  if (field.relation?.kind === 'many2one') {
    const moves = ids.map((id, place) => ({ id, from: null, to: (rows[place]?.get(field) ?? null) as Id | null }));
    for (const inverse of tx.registry.inversesOf(field)) moveBetweenLists(tx, inverse, moves);
  }
  const tree = tx.registry.triggersOf(field);
  // Own computed fields are marked above; nothing can hold the new records yet, except through their own many2ones.
  const others = new Map([...tree.branches].filter(([key]) => tx.registry.inversesOf(field).includes(key)));
  if (others.size > 0) fire(tx, startFiring(tx, field), { targets: [], branches: others }, ids);
}
