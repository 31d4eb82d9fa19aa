import {
  SameValue, type Columns, type GroupQuery, type Groups, type InsertRows, type Isolation, type Query, type ReadQuestion, type Schema, type Session,
  type SessionSavepoint, type SessionState, type StoredId, type StreamOptions, type UpdateRows,
} from '@ormolu/kernel';
import type { Change } from './journal';

/** What a session asks and tells the storage it belongs to. */
export interface JournalledHome {
  newIds(model: string, count: number, schema: Schema): readonly StoredId[] | undefined;
  committed(changes: readonly Change[]): void;
}

/** A session that remembers its writes, so that its commit can be written down. Reading is that of the session it wraps. */
export class JournalledSession implements Session {
  readonly changes: Change[] = [];
  readonly #inner: Session;
  readonly home: JournalledHome;
  /** How many changes there were when a savepoint was set. */
  readonly #marks = new WeakMap<SessionSavepoint, number>();

  constructor(inner: Session, home: JournalledHome) {
    this.#inner = inner;
    this.home = home;
  }

  get schema(): Schema { return this.#inner.schema; }
  get isolation(): Isolation { return this.#inner.isolation; }
  get readOnly(): boolean { return this.#inner.readOnly; }
  get state(): SessionState { return this.#inner.state; }
  get statements(): number { return this.#inner.statements; }

  adopt(schema: Schema): void { this.#inner.adopt(schema); }
  read(question: ReadQuestion): Promise<Columns> { return this.#inner.read(question); }
  query(query: Query): Promise<Columns> { return this.#inner.query(query); }
  stream(query: Query, options?: StreamOptions): AsyncIterable<Columns> { return this.#inner.stream(query, options); }
  count(query: Query): Promise<number> { return this.#inner.count(query); }
  group(query: GroupQuery): Promise<Groups> { return this.#inner.group(query); }
  sql(text: string, params: readonly unknown[]): Promise<readonly Record<string, unknown>[]> { return this.#inner.sql(text, params); }

  async insert(rows: InsertRows): Promise<readonly StoredId[]> {
    // Ids are given here: those that the memory below counts up begin anew with every process.
    const given = rows.ids ?? this.home.newIds(rows.model, rows.count, this.schema);
    const ids = await this.#inner.insert({ ...rows, ids: given });
    const places = ids.length === rows.count ? [...ids.keys()] : ids.map((id) => given?.indexOf(id) ?? -1);
    if (ids.length > 0) this.changes.push({ kind: 'insert', model: rows.model, ids, fields: rows.fields, columns: rows.columns.map((column) => places.map((place) => column[place])) });
    return ids;
  }

  async update(rows: UpdateRows): Promise<readonly StoredId[]> {
    const found = await this.#inner.update(rows);
    const columns = rows.columns.map((column) => (column instanceof SameValue ? rows.ids.map(() => column.value) : column));
    if (found.length > 0) this.changes.push({ kind: 'update', model: rows.model, ids: rows.ids, fields: rows.fields, columns });
    return found;
  }

  async delete(model: string, ids: readonly StoredId[], expected?: readonly (bigint | null)[]): Promise<readonly StoredId[]> {
    const found = await this.#inner.delete(model, ids, expected);
    if (found.length > 0) this.changes.push({ kind: 'delete', model, ids: found });
    return found;
  }

  async savepoint(): Promise<SessionSavepoint> {
    const savepoint = await this.#inner.savepoint();
    this.#marks.set(savepoint, this.changes.length);
    return savepoint;
  }

  async rollbackTo(savepoint: SessionSavepoint): Promise<void> {
    await this.#inner.rollbackTo(savepoint);
    this.changes.length = this.#marks.get(savepoint) ?? this.changes.length;
  }

  release(savepoint: SessionSavepoint): Promise<void> { return this.#inner.release(savepoint); }

  async commit(): Promise<void> {
    await this.#inner.commit();
    // A crash before this line loses a commit that nobody was told of.
    if (this.changes.length > 0) this.home.committed(this.changes);
  }

  rollback(): Promise<void> { return this.#inner.rollback(); }
}

/** Does changes again. */
export async function replay(session: Session, changes: readonly Change[]): Promise<void> {
  for (const change of changes) {
    if (change.kind === 'delete') await session.delete(change.model, change.ids);
    else if (change.kind === 'update') await session.update(change);
    else await session.insert({ ...change, count: change.ids.length });
  }
}
