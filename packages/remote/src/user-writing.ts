import { ConstraintError, MisuseError, OrmoluError, UnknownFieldError, UnknownModelError, VERSION_FIELD, type Columns, type ComputeQuestion, type InsertRows, type Schema, type StoredId, type Tag, type UpdateRows } from '@ormolu/kernel';
import { ForbiddenError, HiddenRuleError } from './errors';
import { seenTags } from './narrowed-answers';
import type { View } from './narrowed-schema';
import { QUOTING } from './wire-errors';

/** Does the writes of a user's session, and works out what he cannot, in its transaction, with the models of the program that serves. */
export interface UserWriter {
  insert(rows: InsertRows): Promise<readonly StoredId[]>;
  update(rows: UpdateRows): Promise<readonly StoredId[]>;
  delete(model: string, ids: readonly StoredId[], expected?: readonly (bigint | null)[]): Promise<readonly StoredId[]>;
  /** The values of computed fields that are not stored, in the forms of columns; records that do not exist are left out. */
  compute(question: ComputeQuestion): Promise<Columns>;
  /** What these have changed beyond what they were told to, since the last call. */
  takeTouched(): readonly Tag[];
  /** @param beside - adds to the writer's schema what its server has written in the same transaction */
  commit(beside: (schema: Schema) => Schema): Promise<void>;
  rollback(): Promise<void>;
}

/** The models that a user may write; true: all that he sees. */
export type Writable = true | readonly string[];

/** What a user writes, and what he is told of it: never more than he may see. */
export class UserWriting implements UserWriter {
  readonly #writer: UserWriter;
  readonly #schema: Schema;
  readonly #models: View['models'];
  readonly #writable: Writable;

  /** @param seen - what the user may see */
  constructor(writer: UserWriter, seen: { readonly schema: Schema; readonly view: View }, writable: Writable) {
    this.#writer = writer;
    this.#schema = seen.schema;
    this.#models = seen.view.models;
    this.#writable = writable;
  }

  /** @throws {UnknownModelError} MODEL_UNKNOWN @throws {UnknownFieldError} FIELD_UNKNOWN @throws {MisuseError} TX_ARGUMENT */
  async compute(question: ComputeQuestion): Promise<Columns> {
    const { model, ids, fields, context } = question as { readonly [K in keyof ComputeQuestion]: unknown };
    const seen = typeof model === 'string' ? this.#models.get(model)?.fields : undefined;
    if (!seen) throw new UnknownModelError(String(model), this.#models.keys());
    if (!Array.isArray(ids) || !Array.isArray(fields) || typeof context !== 'object' || context === null || Array.isArray(context)) throw new MisuseError('TX_ARGUMENT', 'What is to be computed takes ids, fields and a context. Send what a session of this version sends.');
    for (const field of fields as readonly unknown[]) if (typeof field !== 'string' || !seen.has(field)) throw new UnknownFieldError(String(model), String(field), seen);
    return this.#telling(this.#writer.compute(question));
  }

  /** @throws {ForbiddenError} REMOTE_FORBIDDEN @throws {UnknownFieldError} FIELD_UNKNOWN */
  async insert(rows: InsertRows): Promise<readonly StoredId[]> {
    this.#assertMay('insert', rows.model, rows.fields);
    return this.#telling(this.#writer.insert(rows));
  }

  async update(rows: UpdateRows): Promise<readonly StoredId[]> {
    this.#assertMay('update', rows.model, rows.fields);
    return this.#telling(this.#writer.update(rows));
  }

  async delete(model: string, ids: readonly StoredId[], expected?: readonly (bigint | null)[]): Promise<readonly StoredId[]> {
    this.#assertMay('delete', model, []);
    return this.#telling(this.#writer.delete(model, ids, expected));
  }

  takeTouched(): readonly Tag[] {
    return seenTags(this.#writer.takeTouched(), this.#schema);
  }

  commit(beside: (schema: Schema) => Schema): Promise<void> {
    return this.#telling(this.#writer.commit(beside));
  }

  rollback(): Promise<void> {
    return this.#writer.rollback();
  }

  /** What he writes may break a rule of what he does not see, by way of a computed field: then he is told that it does, and not of what. */
  async #telling<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw isOfARule(error) && !this.#sees(error.details) ? new HiddenRuleError(error.code) : error;
    }
  }

  #sees({ model, field, fields }: OrmoluError['details']): boolean {
    const seen = typeof model === 'string' ? this.#models.get(model)?.fields : undefined;
    const named = [field, ...Array.isArray(fields) ? fields as readonly unknown[] : []].filter((one) => typeof one === 'string');
    return seen !== undefined && named.every((one) => one === 'id' || seen.has(one));
  }

  #assertMay(call: 'insert' | 'update' | 'delete', model: unknown, fields: unknown): void {
    const table = this.#schema.tables.find((one) => one.model === model);
    if (!table) throw new UnknownModelError(String(model), this.#schema.tables.map((one) => one.model));
    const writable = this.#writable;
    // The rows of a relation table are what a list of a model holds.
    const owners = this.#schema.tables.filter(({ lists }) => lists.some((list) => list.kind === 'many2many' && list.relation === model)).map((one) => one.model);
    if (writable !== true && ![table.model, ...owners].some((one) => writable.includes(one))) throw new ForbiddenError(call, table.model);
    for (const field of Array.isArray(fields) ? fields as readonly unknown[] : []) {
      if (field === VERSION_FIELD) throw new ForbiddenError(call, table.model);
      this.#schema.column(table.model, String(field));
    }
  }
}

/** Whether an error says that a rule of the database, or of a model, refuses what was written. */
function isOfARule(error: unknown): error is OrmoluError {
  return error instanceof ConstraintError || (OrmoluError.is(error) && error.code.startsWith('TX_') && error.details['field'] !== undefined && !QUOTING.includes(error.code));
}
