import { PassingSession, type InsertRows, type StoredId, type Tag, type UpdateRows } from '@ormolu/kernel';

/** A statement that changed records. */
export interface Recorded {
  readonly kind: 'insert' | 'update' | 'delete';
  readonly model: string;
  readonly ids: readonly StoredId[];
  /** Of an insert or update. */
  readonly fields: readonly string[];
}

/** A session that remembers what its statements have changed, and demands the versions that somebody else's call demands. */
export class RecordedSession extends PassingSession {
  #recorded: Recorded[] = [];
  #touched: Tag[] = [];
  #demanded: { readonly model: string; readonly versions: Map<StoredId, bigint> } | undefined;

  /** What was changed since the last call; of what the database has touched beside, see {@link takeBeside}. */
  takeRecorded(): readonly Recorded[] {
    const recorded = this.#recorded;
    this.#recorded = [];
    return recorded;
  }

  takeBeside(): readonly Tag[] {
    const touched = this.#touched;
    this.#touched = [];
    return touched;
  }

  /** The first statement that changes one of these records demands this version of it. Undefined: none is demanded any more. */
  demand(model: string, versions: ReadonlyMap<StoredId, bigint> | undefined): void {
    this.#demanded = versions && { model, versions: new Map(versions) };
  }


  override async insert(rows: InsertRows): Promise<readonly StoredId[]> {
    const ids = await super.insert(rows);
    this.#recorded.push({ kind: 'insert', model: rows.model, ids, fields: rows.fields });
    return ids;
  }

  override async update(rows: UpdateRows): Promise<readonly StoredId[]> {
    const expected = rows.expected ?? this.#expected(rows.model, rows.ids);
    const ids = await super.update(expected ? { ...rows, expected } : rows);
    this.#recorded.push({ kind: 'update', model: rows.model, ids, fields: rows.fields });
    return ids;
  }

  override async delete(model: string, ids: readonly StoredId[], expected: readonly (bigint | null)[] | undefined = this.#expected(model, ids)): Promise<readonly StoredId[]> {
    const gone = await super.delete(model, ids, expected);
    this.#recorded.push({ kind: 'delete', model, ids: gone, fields: [] });
    return gone;
  }

  override takeTouched(): readonly Tag[] {
    const touched = super.takeTouched();
    this.#touched.push(...touched);
    return touched;
  }

  #expected(model: string, ids: readonly StoredId[]): readonly (bigint | null)[] | undefined {
    if (this.#demanded?.model !== model) return undefined;
    const { versions } = this.#demanded;
    const expected = ids.map((id) => versions.get(id) ?? null);
    // From then on the version is this transaction's own.
    for (const id of ids) versions.delete(id);
    return expected.every((version) => version === null) ? undefined : expected;
  }
}
