import type { Field, Model } from '@ormolu/registry';
import { computeOrder } from './compute-order';
import { memberOf, putCached } from '../drafts/draft-values';
import type { Environment } from '../environment/environment';
import { ComputeError, RequiredError, type ComputeFailure } from '../errors';
import { groupBy } from '../group-by';
import { computeAll } from './recompute';
import { run } from '../running/run';
import type { Transaction } from '../transaction';
import type { NewRow } from '../writing/batch-parts';
import type { WriteBatch } from '../writing/write-batch';

/** What was computed of new records before they were inserted. */
export interface Precomputed {
  has(row: NewRow, field: Field): boolean;
  /** Whether anything has been changed since: of what is changed before there are rows, these hear nothing. */
  readonly isLate: boolean;
}

/** There was nothing to compute. */
export const NOTHING_WORKED_OUT: Precomputed = { has: () => false, isLate: false };

/** Puts values into their rows. */
function taken(tx: Transaction, values: readonly Precomputation[]): Precomputed {
  const moment = tx.triggers.sequence;
  const fields = new Map<NewRow, Set<Field>>();
  for (const { row, field, value } of values) {
    row.values.set(field, value);
    fields.set(row, (fields.get(row) ?? new Set()).add(field));
  }
  return {
    has: (row, field) => fields.get(row)?.has(field) === true,
    get isLate() {
      return tx.triggers.sequence !== moment;
    },
  };
}

/** One value, worked out for a new row. */
interface Precomputation {
  readonly row: NewRow;
  readonly field: Field;
  readonly value: unknown;
}

/**
 * Computes the fields that must be known before a row is inserted: on drafts of the new records, which are forgotten afterwards.
 *
 * @throws {ComputeError} TX_COMPUTE_FAILED @throws {WriteRefusedError} TX_REQUIRED; then nothing was sent that writes
 * @remarks Nothing when there are no such fields; otherwise what their computes read, a statement a level.
 */
export async function precompute(batch: WriteBatch): Promise<Precomputed> {
  const { env, rows } = batch;
  const tx = env.transaction;
  const wanted = [...groupBy(rows, ({ model }) => model)].flatMap(([model, own]) => precomputed(model).map((field) => ({ field, rows: own.filter(({ values }) => !values.has(field)) })));
  const due = wanted.filter((one) => one.rows.length > 0);
  if (due.length === 0) return NOTHING_WORKED_OUT;
  const order = computeOrder(tx.registry);
  due.sort((a, b) => (order.get(a.field) ?? 0) - (order.get(b.field) ?? 0));
  return run(tx, () => taken(tx, workOut(batch, due)));
}

/** A field, and the new rows that have no value for it. */
interface Due {
  readonly field: Field;
  readonly rows: readonly NewRow[];
}

/** Works values out on drafts, which are gone before anybody waits: what others do meanwhile is not taken back with them. */
function workOut(batch: WriteBatch, due: readonly Due[]): readonly Precomputation[] {
  const { undo, rootEnv } = batch.env.transaction;
  const checkpoint = undo.checkpoint();
  try {
    putAsDrafts(batch);
    const failures: ComputeFailure[] = [];
    for (const { field, rows } of due) failures.push(...computeAll(rootEnv, field, rows.map(({ id }) => id).filter((id) => rootEnv.peek(field, id) === undefined)));
    if (failures.length > 0) throw new ComputeError(failures);
    return due.flatMap(({ field, rows }) => rows.map((row) => ({ row, field, value: valueOf(batch, field, row) })));
  } finally {
    undo.undo(checkpoint);
  }
}

const fieldsOf = new WeakMap<Model, readonly Field[]>();

/** The fields of a model that are computed before a row is inserted. */
export function precomputed(model: Model): readonly Field[] {
  let fields = fieldsOf.get(model);
  if (!fields) fieldsOf.set(model, (fields = [...model.fields.values()].filter((field) => field.isPrecomputed)));
  return fields;
}

/** New rows, and what they are to hold, as drafts. */
function putAsDrafts({ env, rows, steps }: WriteBatch): void {
  const { drafts } = env.transaction;
  const byId = new Map(rows.map((row) => [row.id as unknown, row]));
  const members = new Map<Field, ReadonlyMap<unknown, readonly NewRow[]>>();
  /** The new rows that name another as their owner. */
  const heldBy = (list: Field, { id }: NewRow): readonly NewRow['id'][] => {
    const inverse = otherSide(env, list);
    if (!inverse) return [];
    const byOwner = members.get(inverse) ?? groupBy(rows.filter(({ values }) => values.has(inverse)), ({ values }) => values.get(inverse));
    members.set(inverse, byOwner);
    return (byOwner.get(id) ?? []).map((row) => row.id);
  };
  for (const { id, model } of rows) drafts.add(model.name, id);
  for (const { id, values } of rows) for (const [field, value] of values) putCached(env, field, [id], [value]);
  for (const { field, owner, kind, ids } of steps) {
    const row = byId.get(owner);
    if (!row || (kind !== 'link' && kind !== 'set')) continue;
    const before = drafts.given(row.id).get(field) ?? heldBy(field, row);
    // A list of drafts, as it is put here.
    const kept = kind === 'set' && field.relation?.kind === 'many2many' ? [] : (before as readonly NewRow['id'][]);
    putCached(env, field, [row.id], [Object.freeze([...kept, ...ids.map((id) => memberOf(env, field, row.id, id))])]);
  }
}

/** The many2one by which the members of a one2many name their owner. */
function otherSide(env: Environment, { relation }: Field): Field | undefined {
  return relation?.kind === 'one2many' ? env.registry.model(relation.comodel).fields.get(relation.inverseName ?? '') : undefined;
}

function valueOf({ env }: WriteBatch, field: Field, { id, model }: NewRow): unknown {
  const value = env.transaction.rootEnv.peek(field, id) ?? null;
  if (value === null && field.isRequired) throw new RequiredError(`A new ${model.name} needs ${field.name}: it is required, and what computes it gave null. Mend the compute, or give it in create().`, field);
  return value;
}
