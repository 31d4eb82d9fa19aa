import { VERSION_FIELD, type Schema, type StoredId, type WrittenRows } from '@ormolu/kernel';
import { reachedFrom, type Introduction } from './introduction';
import { MOST_ROWS } from './log-objects';

/** What a statement has done to rows: what they are now, by id, or that nobody knows. */
type Done =
  | { readonly what: 'rows'; readonly model: string; readonly fields: readonly string[]; readonly rows: ReadonlyMap<StoredId, readonly unknown[] | undefined> }
  | { readonly what: 'unknown'; readonly model: string; readonly ids: readonly StoredId[] | undefined };

/**
 * The rows that a transaction has written, as the database answered each statement: images for those who read next, once it has committed.
 *
 * Only where a statement does what it says. Where triggers or rules of others may have had a hand in it, also at the COMMIT, and after SQL
 * of the caller's own, there are none; what a foreign key may have changed is none either.
 */
export class OwnImages {
  readonly #introduction: Introduction;
  readonly #schema: Schema;
  #done: Done[] = [];
  #count = 0;
  #isTrusted = true;

  constructor(introduction: Introduction, schema: Schema) {
    this.#introduction = introduction;
    this.#schema = schema;
  }

  /**
   * The fields that a statement is to answer beside the ids: all that is read together of a record.
   *
   * @param count - of the rows it changes: of very many, the images are not worth their way
   */
  wanted(model: string, count: number): readonly string[] {
    const { log, uncachable, unpredictable, readable } = this.#introduction;
    // Once another schema was adopted, the model may be one that this does not know.
    if (log === undefined || !this.#isTrusted || this.#count + count > MOST_ROWS) return [];
    const table = this.#schema.table(model);
    if (table.aside || unpredictable.has(table.table) || uncachable.has(model) || !readable.has(table.table)) return [];
    return [...table.columns.filter(({ apart }) => !apart).map(({ field }) => field), ...table.versioned ? [VERSION_FIELD] : []];
  }

  /** Notes what a statement has answered. @param fields - those wanted of it; none: what it did to the records is not known */
  wrote(model: string, ids: readonly StoredId[], { fields, columns }: { readonly fields: readonly string[]; readonly columns: readonly (readonly unknown[])[] }): void {
    if (!this.#isTrusted || ids.length === 0) return;
    if (fields.length === 0) this.#done.push({ what: 'unknown', model, ids });
    else this.#note(model, fields, new Map(ids.map((id, row) => [id, columns.map((column) => column[row])])));
  }

  /** Notes records that a statement has removed. */
  removed(model: string, ids: readonly StoredId[]): void {
    if (!this.#isTrusted || ids.length === 0) return;
    if (this.wanted(model, ids.length).length === 0) this.#done.push({ what: 'unknown', model, ids });
    else this.#note(model, [], new Map(ids.map((id) => [id, undefined])));
  }

  /** Rows of a table go, and with them others by foreign keys. @param table - undefined: a statement of which nobody knows what it does */
  unforeseen(table: string | undefined): void {
    const reached = table === undefined ? [] : reachedFrom(this.#introduction, table);
    if (table === undefined || [table, ...reached].some((one) => this.#introduction.unpredictable.has(one))) {
      this.distrust();
      return;
    }
    const tables = new Set(reached);
    for (const { model, table: name } of this.#schema.tables) if (tables.has(name)) this.#done.push({ what: 'unknown', model, ids: undefined });
  }

  /** Nothing that the transaction has written, or will write, makes an image. */
  distrust(): void {
    this.#isTrusted = false;
    this.#done = [];
  }

  /** A point to return to. */
  get mark(): number {
    return this.#done.length;
  }

  /** Forgets what was done since a mark: a savepoint has taken it back. */
  backTo(mark: number): void {
    this.#done.splice(mark);
  }

  get hasAny(): boolean {
    return this.#done.some(({ what }) => what === 'rows');
  }

  /** How the rows were left, as far as that is known. */
  rows(): readonly WrittenRows[] {
    const models = new Map<string, { fields: readonly string[]; readonly rows: Map<StoredId, readonly unknown[] | undefined> }>();
    for (const one of this.#done) {
      const known = models.get(one.model) ?? { fields: [], rows: new Map<StoredId, readonly unknown[] | undefined>() };
      models.set(one.model, known);
      if (one.what === 'rows') {
        // A model's rows are all answered with the same fields; those that are gone have none.
        if (one.fields.length > 0) known.fields = one.fields;
        for (const [id, values] of one.rows) known.rows.set(id, values);
      } else if (one.ids) for (const id of one.ids) known.rows.delete(id);
      else known.rows.clear();
    }
    return Array.from(models, ([model, { fields, rows }]) => ({ model, fields, rows })).filter(({ rows }) => rows.size > 0);
  }

  #note(model: string, fields: readonly string[], rows: ReadonlyMap<StoredId, readonly unknown[] | undefined>): void {
    this.#count += rows.size;
    this.#done.push({ what: 'rows', model, fields, rows });
  }
}
