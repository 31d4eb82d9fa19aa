import type { ChangeRow, Tag } from './change-log';
import type { StoredId } from './id';
import type { LogKnowledge, LogView } from './log-knowledge';
import { VERSION_COLUMN, type IdType, type Schema } from './schema';
import type { LogExtent } from './validity';

/** The change log names tables and columns, so that processes with other models understand it; this is how one schema reads it. */
export class LogNames {
  readonly #schema: Schema;
  readonly #models: ReadonlyMap<string, string>;
  readonly #fields = new Map<string, ReadonlyMap<string, string>>();

  constructor(schema: Schema) {
    this.#schema = schema;
    this.#models = new Map(schema.tables.map(({ table, model }) => [table, model]));
  }

  /** A tag as the log would write it. */
  inLog({ model, id, fields }: Tag): Tag {
    if (model.startsWith('$')) return { model, id, fields };
    const { table } = this.#schema.table(model);
    // A record's id never changes: who looks at it only, looks at which records there are.
    return { model: table, id, fields: fields?.filter((field) => field !== 'id').map((field) => this.#schema.column(model, field).column) };
  }

  /** A row of the log by model and fields; undefined when the schema does not know its table. */
  inSchema<T extends Omit<ChangeRow, 'xid'>>(row: T): T | undefined {
    if (row.model.startsWith('$')) return row;
    const model = this.#models.get(row.model);
    if (model === undefined) return undefined;
    const known = this.#fieldsOf(model);
    return { ...row, model, id: row.id === null ? null : idOf(this.#schema.table(model).idType, row.id), fields: row.fields && row.fields.flatMap((column) => known.get(column) ?? []) };
  }

  #fieldsOf(model: string): ReadonlyMap<string, string> {
    let fields = this.#fields.get(model);
    if (!fields) {
      const { columns, versioned } = this.#schema.table(model);
      fields = new Map([...columns, ...versioned ? [VERSION_COLUMN] : []].map(({ column, field }) => [column, field]));
      this.#fields.set(model, fields);
    }
    return fields;
  }
}

/** An id in the form its model has; the log has texts. */
function idOf(type: IdType, id: StoredId): StoredId {
  return type === 'integer' ? Number(id) : type === 'bigint' ? BigInt(id) : id;
}

/** What a process knows of the log, by the names of one schema and with its epoch. */
export class NamedLog implements LogView {
  readonly #knowledge: LogKnowledge;
  readonly #names: LogNames;
  readonly #schemaVersion: string;
  /** What the process knew when it was last asked, and the same under this schema's epoch. */
  #known: LogExtent | undefined;
  #extent: LogExtent | undefined;

  constructor(knowledge: LogKnowledge, names: LogNames, schemaVersion: string) {
    this.#knowledge = knowledge;
    this.#names = names;
    this.#schemaVersion = schemaVersion;
  }

  get extent(): LogExtent | undefined {
    const { extent } = this.#knowledge;
    if (extent !== this.#known) this.#extent = extent && { ...extent, epoch: epochOf(extent.epoch, this.#schemaVersion) };
    this.#known = extent;
    return this.#extent;
  }

  writersOf(tag: Tag, between?: { readonly from: bigint; readonly below: bigint }): Iterable<bigint> {
    return this.#knowledge.writersOf(this.#names.inLog(tag), between);
  }

  rowsOf(tag: Tag): readonly ChangeRow[] {
    return this.#knowledge.rowsOf(this.#names.inLog(tag)).flatMap((row) => this.#names.inSchema(row) ?? []);
  }
}

/** An answer read with one schema means nothing to another. */
export function epochOf(server: string, schemaVersion: string): string {
  return `${server}/${schemaVersion}`;
}
