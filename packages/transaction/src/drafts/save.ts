import type { ContextKey } from '@ormolu/cache';
import { isStoredId, type NewId, type Id, type StoredId } from '@ormolu/kernel';
import type { Field, Model } from '@ormolu/registry';
import { applyBatch } from '../writing/apply-batch';
import { settleDrafts } from './settle-drafts';
import type { Environment } from '../environment/environment';
import { inPlace, placeOfKey } from '../environment/keyed-fields';
import { KeyedValues } from '../environment/keyed-values';
import { inverseOf } from '../reading/fetch';
import { MissingRecordError } from '../errors';
import { gather } from '../writing/gather';
import { writable } from '../records/convert';
import type { Transaction } from '../transaction';
import { putWithInverses } from '../lists/inverse';
import { run } from '../running/run';
import { isSuspension } from '../running/suspension';
import { assignCached } from '../writing/assign-cached';
import type { RecordSet } from '../records/recordset';
import { inTurn } from '../writing/in-turn';
import { isKeptList, isList } from '../values';
import type { WriteBatch } from '../writing/write-batch';

/**
 * Inserts drafts with all drafts they hold, and writes those with an origin to it. Afterwards the ids of the database stand everywhere
 * in memory where the temporary ones did.
 *
 * @throws {WriteRefusedError} TX_REQUIRED, TX_REFERENCE_CYCLE; then nothing was sent
 * @throws {MissingRecordError} TX_RECORD_MISSING when the origin of one is known to be gone; then nothing was sent
 * @throws {ConstraintError} when the database refuses a row
 * @remarks One INSERT a model, beside what `create` takes.
 */
export async function save(set: RecordSet): Promise<RecordSet> {
  const { env } = set;
  const tx = env.transaction;
  return inTurn(tx, 'save', async () => {
    const model = env.registry.model(set.model);
    const { batch, made } = await gather(env, (work) => {
      const saving = new Saving(env, work);
      for (const id of set.ids) saving.draft(model, tx.drafts.current(id));
      saving.fill();
      return saving;
    });
    const inserted = await applyBatch(batch);
    const saved = new Map<NewId, { readonly model: Model; readonly id: StoredId }>();
    for (const [id, of] of made.drafts) {
      const stored = id.origin ?? inserted.get(id);
      if (stored !== undefined) saved.set(id, { model: of, id: stored });
    }
    const late = givenSince(tx, made);
    settleDrafts(tx, saved);
    await putAllLate(env, late);
    return env.recordsOf(model, set.ids.map((id) => tx.drafts.current(id)));
  });
}

/** What a draft was given while its row was on its way: of values by company or language, in one place. */
interface Late {
  readonly model: Model;
  readonly id: NewId;
  readonly field: Field;
  readonly value: unknown;
  readonly key: ContextKey | undefined;
}

/** One2many lists are not among it: their members say themselves whom they belong to. */
function givenSince(tx: Transaction, { drafts, taken }: Saving): readonly Late[] {
  return [...drafts].flatMap(([id, model]) => [...tx.drafts.given(id)].flatMap(([field, value]): readonly Late[] => {
    const before = taken.get(id)?.get(field);
    if (value === before || (isKeptList(field) && field.relation?.kind === 'one2many')) return [];
    if (!(value instanceof KeyedValues)) return [{ model, id, field, value, key: undefined }];
    const had = before instanceof KeyedValues ? before : undefined;
    return [...value].flatMap(([key, one]) => (had?.get(key) === one ? [] : [{ model, id, field, value: one, key }]));
  }));
}

/**
 * Puts such values into the records that the drafts have become, in the end all but those that a record has been given another for meanwhile.
 *
 * @throws {unknown} what the first inverse has thrown that failed; the other values are in
 */
async function putAllLate(env: Environment, late: readonly Late[]): Promise<void> {
  if (late.length === 0) return;
  const tx = env.transaction;
  const places = late.map(({ model, id, field, value, key }) => {
    const record = (key === undefined ? env : inPlace(env, field, placeOfKey(key))).recordsOf(model, [known(tx, id)]);
    return { record, field, value, before: record.env.peek(field, record.id) };
  });
  // What inverses read is fetched.
  await run(tx, () => {
    const failures: unknown[] = [];
    // What one inverse writes is no reason to leave another value out.
    const current = places.filter(({ record, field, before }) => {
      const now = record.env.peek(field, record.id);
      return now === before || (before === undefined && !tx.cache.isDirty(record, field));
    });
    for (const { record, field, value } of current) {
      try {
        putLate(record, field, value);
      } catch (error) {
        if (isSuspension(error)) throw error;
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  });
}

function putLate(record: RecordSet, field: Field, value: unknown): void {
  const { env } = record;
  const now = (id: Id): Id => known(env.transaction, id);
  if (isList(field)) {
    record.set(field.name, env.recordsOf(env.registry.model(field.relation?.comodel ?? ''), (value as readonly Id[]).map(now))); // a list is kept as an array of ids
    return;
  }
  putWithInverses(env.transaction, [{ field, records: record }], () => {
    assignCached(env, field, record.ids, field.relation && value !== null ? now(value as Id) : value); // and a many2one as an id
  });
}

/** An id as it is when all is saved: a draft with an origin is its origin. */
function known(tx: Transaction, id: Id): Id {
  const now = tx.drafts.current(id);
  return isStoredId(now) ? now : (now.origin ?? now);
}

/** The drafts that are saved together, and what that takes. */
class Saving {
  readonly drafts = new Map<NewId, Model>();
  /** What they were given when it was read. */
  readonly taken = new Map<NewId, ReadonlyMap<Field, unknown>>();
  readonly #env: Environment;
  readonly #batch: WriteBatch;

  constructor(env: Environment, batch: WriteBatch) {
    this.#env = env;
    this.#batch = batch;
  }

  /** Adds a draft, with all that it leads to, lists in their order. */
  draft(model: Model, start: Id): void {
    const { absent, drafts } = this.#env.transaction;
    const work: { model: Model; id: Id }[] = [{ model, id: start }];
    // What is added on the way comes behind.
    for (const { id, model: of } of work) {
      if (isStoredId(id) || this.drafts.has(id)) continue;
      if (id.origin !== undefined && absent.has(of.name, id.origin)) {
        throw new MissingRecordError(of.name, [id.origin], 'a draft that has it as its origin was saved, which writes to it; make a new draft without an origin to have a record again');
      }
      this.drafts.set(id, of);
      for (const [field, value] of drafts.given(id)) {
        // A computed list is given whole, and its inverse keeps the members.
        if (!field.relation || (field.compute && !isList(field))) continue;
        const comodel = this.#env.registry.model(field.relation.comodel);
        for (const related of relatedIn(value)) if (related !== null) work.push({ model: comodel, id: drafts.current(related) });
      }
      for (const child of this.#heldBy(of, id)) work.push(child);
    }
  }

  /** The drafts that were given this owner from their side. */
  *#heldBy(model: Model, owner: NewId): Generator<{ model: Model; id: Id }> {
    const { drafts } = this.#env.transaction;
    for (const field of model.fields.values()) {
      if (!isKeptList(field) || field.relation?.kind !== 'one2many') continue;
      const inverse = inverseOf(this.#env.transaction, field);
      for (const id of drafts.of(inverse.model)) if (drafts.given(id).get(inverse) === owner) yield { model: this.#env.registry.model(inverse.model), id };
    }
  }

  /** Says what is to be inserted and written. */
  fill(): void {
    for (const [id, model] of this.drafts) {
      const given = new Map(this.#env.transaction.drafts.given(id));
      this.taken.set(id, given);
      const values = new Map<Field, unknown>();
      for (const [field, value] of given) {
        if (isKeptList(field)) this.#list(field, id, value as readonly Id[]); // a list is kept as an array of ids
        else if (isList(field)) values.set(field, Object.freeze((value as readonly Id[]).map((member) => this.#known(member) ?? member)));
        else if (!field.relation) values.set(field, value);
        else values.set(field, value instanceof KeyedValues ? value.map((one) => this.#known(one as Id | null)) : this.#known(value as Id | null)); // and a many2one as an id
      }
      const { origin } = id;
      if (origin === undefined) this.#batch.create(model, { id: this.#env.transaction.drafts.nameOf(id) }, values, id);
      else for (const [field, cached] of values) this.#put(field, origin, cached);
    }
  }

  /** What is kept by company or language is written in each place. */
  #put(field: Field, origin: StoredId, cached: unknown): void {
    if (!(cached instanceof KeyedValues)) {
      this.#batch.puts.push({ field, ids: [origin], cached });
      return;
    }
    for (const [key, value] of cached) {
      if (value === null && field.isRequired) writable(field, value);
      this.#batch.puts.push({ field, ids: [origin], cached: value, env: inPlace(this.#env, field, placeOfKey(key)) });
    }
  }

  /** Members of one2many lists say themselves whom they belong to; of an origin's list they may also have left. */
  #list(field: Field, owner: NewId, members: readonly Id[]): void {
    if (field.relation?.kind === 'one2many' && owner.origin === undefined) return;
    this.#batch.steps.push({ field, owner: owner.origin ?? owner, kind: 'set', ids: members.map((member) => this.#known(member) ?? member) });
  }

  #known(id: Id | null): Id | null {
    return id === null ? null : known(this.#env.transaction, id);
  }
}

/** The ids that a relation keeps: one, those of a list, or one for each company. */
function relatedIn(value: unknown): readonly (Id | null)[] {
  if (value instanceof KeyedValues) return value.values() as readonly (Id | null)[]; // a many2one is kept as an id or null
  return Array.isArray(value) ? (value as readonly Id[]) : [value as Id | null];
}
