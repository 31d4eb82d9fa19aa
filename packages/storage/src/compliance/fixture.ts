import {
  Schema, type ColumnSchema, type ColumnType, type Columns, type Filter, type IdType, type ListSchema, type OnDelete, type Session,
  type SessionOptions, type Storage, type StoredId, type TableSchema,
} from '@ormolu/kernel';

/** What the suite needs of a test runner; jest, vitest and `node:test` (with `before`/`after`) have it. */
export interface ComplianceRunner {
  readonly describe: (name: string, define: () => void) => void;
  readonly test: (name: string, run: () => Promise<void>) => void;
  readonly beforeAll: (run: () => Promise<void>) => void;
  readonly afterAll: (run: () => Promise<void>) => void;
}

/** The storage under test. */
export interface ComplianceTarget {
  readonly name: string;
  /** Makes one on an empty database; the suite closes it. */
  create(): Promise<Storage>;
}

/** A column with the options most tests do not care for left out. */
export function column(field: string, type: ColumnType, options: Partial<ColumnSchema> = {}): ColumnSchema {
  return { field, column: options.column ?? `${field}_col`, type, required: false, unique: false, index: false, ...options };
}

/** A many2one. */
export function reference(field: string, model: string, onDelete: OnDelete = 'restrict', options: Partial<ColumnSchema> = {}): ColumnSchema {
  return column(field, 'int4', { references: { model, onDelete }, column: `${field}_id`, ...options });
}

/** What a table has beside its columns. */
interface TableOptions {
  readonly idType?: IdType;
  readonly idColumn?: string;
  readonly lists?: readonly ListSchema[];
  readonly parent?: string;
  readonly order?: TableSchema['order'];
  readonly versioned?: boolean;
  readonly uniqueTogether?: TableSchema['uniqueTogether'];
}

/** A schema whose tables no other test has. */
export class Tables {
  readonly #suffix: number;
  readonly #tables: TableSchema[] = [];

  constructor(suffix: number) {
    this.#suffix = suffix;
  }

  add(model: string, columns: readonly ColumnSchema[], options: TableOptions = {}): this {
    this.#tables.push({
      model, table: `${model.replaceAll('.', '_')}_${String(this.#suffix)}`, idColumn: 'id', idType: 'integer', lists: [], order: [], versioned: false, columns, ...options,
    });
    return this;
  }

  schema(): Schema {
    return new Schema(this.#tables);
  }
}

/** The storage under test, and short ways to use it. */
export class Fixture {
  readonly #target: ComplianceTarget;
  #storage: Storage | undefined;
  #suffix = 0;

  constructor(target: ComplianceTarget) {
    this.#target = target;
  }

  get storage(): Storage {
    if (!this.#storage) throw new Error('The storage under test was not created: does the runner call beforeAll?');
    return this.#storage;
  }

  async open(): Promise<void> {
    this.#storage = await this.#target.create();
  }

  async close(): Promise<void> {
    await this.#storage?.close();
  }

  tables(): Tables {
    this.#suffix += 1;
    return new Tables(this.#suffix);
  }

  /** Creates the tables. */
  async migrated(tables: Tables): Promise<Schema> {
    const schema = tables.schema();
    await this.storage.migrate(schema);
    return schema;
  }

  /** Runs work in a session of its own and commits it. */
  async committed<T>(schema: Schema, work: (session: Session) => Promise<T>, options: Partial<SessionOptions> = {}): Promise<T> {
    const session = await this.storage.open({ schema, ...options });
    try {
      const result = await work(session);
      await session.commit();
      return result;
    } finally {
      await session.rollback();
    }
  }

  /** Runs work in a session of its own and undoes it. */
  async undone<T>(schema: Schema, work: (session: Session) => Promise<T>, options: Partial<SessionOptions> = {}): Promise<T> {
    const session = await this.storage.open({ schema, ...options });
    try {
      return await work(session);
    } finally {
      await session.rollback();
    }
  }
}

/** Adds rows given one by one. */
export function insertRows(session: Session, model: string, rows: readonly Readonly<Record<string, unknown>>[]): Promise<readonly StoredId[]> {
  const fields = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return session.insert({ model, count: rows.length, fields, columns: fields.map((field) => rows.map((row) => row[field] ?? null)) });
}

/** Values of one field by id, in the order of the ids. */
export async function valuesOf(session: Session, model: string, ids: readonly StoredId[], field: string): Promise<unknown[]> {
  const answer = await session.read({ model, ids, fields: [field] });
  return ids.map((id) => answer.columns[0]?.[answer.ids.indexOf(id)]);
}

/** The values of one field of the records that fulfil a filter, in the model's order. */
export async function found(session: Session, model: string, filter: Filter, field: string): Promise<readonly unknown[]> {
  return onlyColumn(await session.query({ model, filter, fields: [field] }));
}

/** The one column that was asked for. */
export function onlyColumn(answer: Columns): readonly unknown[] {
  return answer.columns[0] ?? [];
}
