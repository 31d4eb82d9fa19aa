import { EVERYTHING, type AddedField, type Id, type Session, type StoredId } from '@ormolu/kernel';
import type { Field } from '@ormolu/registry';
import type { Environment, Transaction } from '@ormolu/transaction';
import { fillOrder, type FillStep } from './fill-order';

/** How far the filling of new columns is. */
export interface BackfillProgress {
  readonly model: string;
  readonly fields: readonly string[];
  /** Records that have their values, and all records of the model. */
  readonly done: number;
  readonly total: number;
}

/** New fields that existing records got values for. */
export interface FilledFields {
  readonly model: string;
  readonly fields: readonly string[];
  readonly records: number;
}

/** How new columns are filled. */
export interface BackfillOptions {
  /**
   * Records computed and written at a time; what they take of memory is given back after each batch. Computes that read themselves in
   * other records take all at once.
   * @defaultValue 1000
   */
  readonly batchSize?: number | undefined;
  /** Told after every batch. */
  readonly onProgress?: ((progress: BackfillProgress) => void) | undefined;
}

/**
 * Gives existing records the values of new columns, by the engine's own computing: stored computed fields, and fields with a default.
 *
 * @param tx - on the migration's session; left as it is, with nothing pending
 * @throws {ComputeError} TX_COMPUTE_FAILED with the records whose compute failed
 * @remarks A batch reads what its computes depend on, level by level, and writes one UPDATE.
 */
export async function backfill(tx: Transaction, added: readonly AddedField[], options: BackfillOptions = {}): Promise<readonly FilledFields[]> {
  const filled: FilledFields[] = [];
  for (const step of fillOrder(tx.registry, added)) {
    if (step.kind === 'recursive') filled.push(...await fillTogether(tx, step, options));
    else for (const [model, fields] of step.fields) filled.push(await fillInBatches(tx, { model, fields, kind: step.kind }, options));
  }
  return filled;
}

async function fillInBatches(tx: Transaction, { model, fields, kind }: { model: string; fields: readonly Field[]; kind: FillStep['kind'] }, { batchSize = 1000, onProgress }: BackfillOptions): Promise<FilledFields> {
  const names = fields.map(({ name }) => name);
  const total = await tx.session.count({ model, filter: EVERYTHING });
  const companies = fields.some(({ keyedBy }) => keyedBy === 'company') ? await companiesOf(tx) : [];
  let done = 0;
  for await (const ids of idsOf(tx.session, model, batchSize)) {
    if (kind === 'compute') {
      await tx.rootEnv.model(model).browse(ids).recompute(names);
    } else {
      await writeDefaults(tx.rootEnv, ids, fields.filter(({ keyedBy }) => keyedBy !== 'company'));
      for (const company of companies) await writeDefaults(tx.rootEnv.withCompany(company), ids, fields.filter(({ keyedBy }) => keyedBy === 'company'));
    }
    await tx.flush();
    tx.clear();
    done += ids.length;
    onProgress?.({ model, fields: names, done, total });
  }
  return { model, fields: names, records: done };
}

/** Computes that wait for each other: all are marked before any runs, and the engine finds the order. */
async function fillTogether(tx: Transaction, { fields }: FillStep, { batchSize = 1000, onProgress }: BackfillOptions): Promise<readonly FilledFields[]> {
  const filled: FilledFields[] = [];
  for (const [model, own] of fields) {
    const all: Id[] = [];
    for await (const ids of idsOf(tx.session, model, batchSize)) for (const id of ids) all.push(id);
    for (const field of own) tx.toCompute.mark(field, all, 'certain');
    filled.push({ model, fields: own.map(({ name }) => name), records: all.length });
  }
  await tx.flush();
  tx.clear();
  for (const { model, fields: names, records } of filled) onProgress?.({ model, fields: names, done: records, total: records });
  return filled;
}

async function* idsOf(session: Session, model: string, batchSize: number): AsyncGenerator<readonly Id[], void, undefined> {
  for await (const { ids } of session.stream({ model, filter: EVERYTHING, order: [{ path: ['id'], direction: 'asc' }] }, { batchSize })) yield ids;
}

/** The companies for each of which a field may have a value. */
async function companiesOf(tx: Transaction): Promise<readonly StoredId[]> {
  const { companies, users } = tx.actors;
  const model = companies ?? (users === undefined ? undefined : tx.registry.model(users).fields.get('company')?.relation?.comodel);
  return model === undefined ? [] : (await tx.session.query({ model, filter: EVERYTHING })).ids;
}

/** One write for the defaults that all records share; a function is asked for each record, as `create` asks it. Translated fields get theirs in the source language. */
async function writeDefaults(env: Environment, ids: readonly Id[], fields: readonly Field[]): Promise<void> {
  const [{ model } = { model: undefined }] = fields;
  if (model === undefined) return;
  const records = env.model(model).browse(ids);
  const shared = fields.filter((field) => typeof field.default !== 'function');
  if (shared.length > 0) await records.write(Object.fromEntries(shared.map((field) => [field.name, field.default])));
  for (const field of fields) {
    if (typeof field.default !== 'function') continue;
    const give = field.default as (env: Environment) => unknown; // as `create` asks it
    for (const record of records) await record.write({ [field.name]: await env.run(() => give(env)) });
  }
}
