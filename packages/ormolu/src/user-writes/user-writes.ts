import { ConcurrentModificationError, MisuseError, VERSION_FIELD, type Columns, type ComputeQuestion, type InsertRows, type Schema, type Session, type StoredId, type Tag, type UpdateRows, type VersionConflict } from '@ormolu/kernel';
import type { Field, Registry } from '@ormolu/registry';
import type { Environment, Transaction } from '@ormolu/transaction';
import { createRecords, writeRecords } from './given-records';
import { assertIds, assertRows } from './given-columns';
import { linkPairs, relationList, unlinkPairs } from './given-pairs';
import { RecordedSession } from './recorded-session';
import { surplusOf, type Told } from './surplus';

/** What a statement of somebody else has come to. */
interface Done {
  readonly ids: readonly StoredId[];
  readonly told: Told;
}

/** By what a user's writes are done. */
export interface UserWritesOptions {
  readonly registry: Registry;
  /** Throws when the user may not write records of a model. */
  readonly assertMay: (model: string) => void;
  /** Makes a unit of work of this program's, as the user, on a session. */
  readonly begin: (session: Session) => Transaction;
}

/**
 * Does the writes of a user's program with this program's own models, in a transaction that the user's session has open.
 *
 * What comes are the statements by which a program writes what its user did; what is done is that a record is created, written or unlinked here, as that
 * user: defaults, inverses, triggers and computes are those of this program, and see everything. Each statement is done whole or not at all.
 */
export class UserWrites {
  readonly #session: RecordedSession;
  readonly #registry: Registry;
  readonly #assertMay: (model: string) => void;
  readonly #begin: (session: Session) => Transaction;
  #tx: Transaction | undefined;
  #surplus: Tag[] = [];

  constructor(session: Session, { registry, assertMay, begin }: UserWritesOptions) {
    this.#session = new RecordedSession(session);
    this.#registry = registry;
    this.#assertMay = assertMay;
    this.#begin = begin;
  }

  /**
   * Creates records.
   *
   * @returns their ids, in order; of a relation table none: who added a pair looks its row up
   * @throws what `create` throws
   */
  insert(rows: InsertRows): Promise<readonly StoredId[]> {
    return this.#doing(async (env) => {
      assertRows(rows);
      const list = relationList(this.#registry, rows.model);
      if (list) return linkPairs(env, list, rows);
      return createRecords(env, rows, this.#assertMay);
    });
  }

  /** Writes records. @returns the ids that exist @throws what `write` throws; {ConcurrentModificationError} STORAGE_VERSION */
  update(rows: UpdateRows): Promise<readonly StoredId[]> {
    const { model, ids, expected } = rows;
    return this.#doing(async (env) => {
      assertRows(rows);
      assertIds(model, ids);
      const existing = new Set(await this.#existing(model, ids, expected));
      return writeRecords(env, rows, { exists: (id) => existing.has(id), assertMay: this.#assertMay });
    });
  }

  /** Unlinks records. @returns the ids that existed @throws what `unlink` throws; {ConcurrentModificationError} STORAGE_VERSION */
  delete(model: string, ids: readonly StoredId[], expected?: readonly (bigint | null)[]): Promise<readonly StoredId[]> {
    return this.#doing(async (env) => {
      assertIds(model, ids);
      const list = relationList(this.#registry, model);
      if (list) return unlinkPairs(env, list, { model, ids });
      const existing = await this.#existing(model, ids, expected);
      await env.model(model).browse(existing).unlink();
      return { ids: existing, told: { model, ids: existing, fields: [], recomputed: [] } };
    });
  }

  /**
   * Works out computed fields with this program's models, as this transaction sees their causes. Nothing is kept.
   *
   * What is not computed is asked for by questions, which know what the user may not see: a list stands in an order that he may not.
   *
   * @throws {ComputeError} TX_COMPUTE_FAILED @throws {MisuseError} TX_ARGUMENT
   */
  async compute({ model, ids, fields, context }: ComputeQuestion): Promise<Columns> {
    return this.#seeing(this.#registry.schema, async () => {
      assertIds(model, ids);
      const own = fields.map((name) => this.#registry.field(model, name));
      const plain = own.find(({ compute }) => compute === undefined);
      if (plain) throw new MisuseError('TX_ARGUMENT', `${plain.model}.${plain.name} is not computed. Read it, or ask a query for it.`, { details: { model: plain.model, field: plain.name } });
      const tx = (this.#tx ??= this.#begin(this.#session));
      try {
        const env = tx.env.withContext(context);
        const records = await env.model(model).browse(ids).exists();
        await records.load(fields);
        const there = records.ids as readonly StoredId[]; // they exist
        return { ids: there, columns: own.map((field) => there.map((id) => inColumn(field, env.peek(field, id)))) };
      } finally {
        tx.clear();
      }
    });
  }

  /** What these have changed beyond what they were told to, since the last call: tags of whole models where there are many. */
  takeTouched(): readonly Tag[] {
    const surplus = this.#surplus;
    this.#surplus = [];
    return surplus;
  }

  /**
   * Runs what this program's models have asked to be run with a commit, commits, and tells the caches of this process.
   *
   * @param beside - adds to the schema the tables that somebody else has written in the same transaction
   */
  async commit(beside: (schema: Schema) => Schema): Promise<void> {
    this.#session.adopt(beside(this.#registry.schema));
    await (this.#tx ??= this.#begin(this.#session)).commit();
  }

  async rollback(): Promise<void> {
    await (this.#tx ?? this.#session).rollback();
  }

  async #doing(work: (env: Environment) => Promise<Done>): Promise<readonly StoredId[]> {
    return this.#seeing(this.#registry.schema, async () => {
      const savepoint = await this.#session.savepoint();
      const tx = (this.#tx ??= this.#begin(this.#session));
      try {
        const { ids, told } = await work(tx.env);
        await tx.flush();
        await this.#session.release(savepoint);
        this.#surplus.push(...surplusOf(told, this.#session.takeRecorded(), this.#session.takeBeside()));
        // The user's program may go back to a savepoint of its own, of which this one hears nothing.
        tx.clear();
        return ids;
      } catch (error) {
        this.#forget(tx);
        await this.#session.rollbackTo(savepoint);
        throw error;
      } finally {
        this.#session.demand('', undefined);
      }
    });
  }

  /** Names are those of this program's models for as long as it works. */
  async #seeing<T>(schema: Schema, work: () => Promise<T>): Promise<T> {
    const before = this.#session.schema;
    this.#session.adopt(schema);
    try {
      return await work();
    } finally {
      this.#session.adopt(before);
    }
  }

  /** After a failure memory is not to be relied upon. What was changed before still is. */
  #forget(tx: Transaction): void {
    this.#session.takeRecorded();
    this.#session.takeBeside();
    this.#tx = this.#begin(this.#session);
    for (const [model, ids] of tx.below.changed) this.#tx.below.noteChanged(model, [...ids]);
  }

  /** @throws {ConcurrentModificationError} STORAGE_VERSION */
  async #existing(model: string, ids: readonly StoredId[], expected: readonly (bigint | null)[] | undefined): Promise<readonly StoredId[]> {
    const demanded = new Map(ids.flatMap((id, place) => (typeof expected?.[place] === 'bigint' ? [[id, expected[place]] as const] : [])));
    const { ids: found, columns: [versions = []] } = await this.#session.read({ model, ids, fields: demanded.size > 0 ? [VERSION_FIELD] : [] });
    if (demanded.size > 0) {
      const there = new Map(found.map((id, place) => [id, versions[place] as bigint])); // the one column asked for
      const conflicts = [...demanded].flatMap(([id, wanted]): VersionConflict[] => (there.get(id) === wanted ? [] : [{ model, id, expected: wanted, found: there.get(id) ?? null }]));
      const [first, ...others] = conflicts;
      if (first) throw new ConcurrentModificationError(first, others);
      // Where others' commits are seen in between, the statements themselves look again.
      this.#session.demand(model, demanded);
    }
    const existing = new Set(found);
    return ids.filter((id) => existing.has(id));
  }
}

/** A cached value as it travels; a list as its ids. */
function inColumn(field: Field, cached: unknown): unknown {
  return Array.isArray(cached) && field.columnType === undefined ? cached : field.toColumn(cached);
}
