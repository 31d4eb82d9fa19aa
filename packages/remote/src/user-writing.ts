import { UnknownModelError, VERSION_FIELD, type InsertRows, type Schema, type StoredId, type Tag, type UpdateRows } from '@ormolu/kernel';
import { ForbiddenError } from './errors';

/** Does the writes of a user's session, in its transaction, with the models of the program that serves. */
export interface UserWriter {
  insert(rows: InsertRows): Promise<readonly StoredId[]>;
  update(rows: UpdateRows): Promise<readonly StoredId[]>;
  delete(model: string, ids: readonly StoredId[], expected?: readonly (bigint | null)[]): Promise<readonly StoredId[]>;
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
  readonly #writable: Writable;

  /** @param schema - what the user may see */
  constructor(writer: UserWriter, schema: Schema, writable: Writable) {
    this.#writer = writer;
    this.#schema = schema;
    this.#writable = writable;
  }

  /** @throws {ForbiddenError} REMOTE_FORBIDDEN @throws {UnknownFieldError} FIELD_UNKNOWN */
  async insert(rows: InsertRows): Promise<readonly StoredId[]> {
    this.#assertMay('insert', rows.model, rows.fields);
    return this.#writer.insert(rows);
  }

  async update(rows: UpdateRows): Promise<readonly StoredId[]> {
    this.#assertMay('update', rows.model, rows.fields);
    return this.#writer.update(rows);
  }

  async delete(model: string, ids: readonly StoredId[], expected?: readonly (bigint | null)[]): Promise<readonly StoredId[]> {
    this.#assertMay('delete', model, []);
    return this.#writer.delete(model, ids, expected);
  }

  takeTouched(): readonly Tag[] {
    return this.#writer.takeTouched().flatMap((tag) => this.#seen(tag) ?? []);
  }

  commit(beside: (schema: Schema) => Schema): Promise<void> {
    return this.#writer.commit(beside);
  }

  rollback(): Promise<void> {
    return this.#writer.rollback();
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

  /** A tag by the fields that the user sees; of others he hears nothing. */
  #seen({ fields, ...tag }: Tag): Tag | undefined {
    const table = this.#schema.tables.find(({ model }) => model === tag.model);
    if (!table) return undefined;
    if (fields === undefined) return tag;
    const seen = fields.filter((field) => field === VERSION_FIELD || table.columns.some((column) => column.field === field));
    return seen.length > 0 ? { ...tag, fields: seen } : undefined;
  }
}
