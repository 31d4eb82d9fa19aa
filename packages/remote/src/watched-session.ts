import type {
  CachedRead, Columns, CommittedImages, GroupQuery, Groups, InsertRows, Isolation, Query, ReadQuestion, Schema, Session, SessionSavepoint, SessionState, Sight, StoredId, StreamOptions, Tag, UpdateRows,
} from '@ormolu/kernel';

/** What came down to the database: questions, and the records in them. */
export interface Reached {
  questions: number;
  records: number;
}

/** A session as the rungs of the server see it, which counts what they ask the database: what they do not ask, they have answered themselves. */
export class WatchedSession implements Session {
  readonly #below: Session;
  #reached: Reached = { questions: 0, records: 0 };

  constructor(below: Session) {
    this.#below = below;
  }

  /** What has reached the database since the last call. */
  takeReached(): Reached {
    const reached = this.#reached;
    this.#reached = { questions: 0, records: 0 };
    return reached;
  }

  get schema(): Schema { return this.#below.schema; }
  get isolation(): Isolation { return this.#below.isolation; }
  get readOnly(): boolean { return this.#below.readOnly; }
  get state(): SessionState { return this.#below.state; }
  get statements(): number { return this.#below.statements; }
  get committed(): CommittedImages | undefined { return this.#below.committed; }

  async read(question: ReadQuestion): Promise<Columns> {
    this.#count(question.ids.length);
    return this.#below.read(question);
  }

  async query(query: Query): Promise<Columns> {
    const answer = await this.#below.query(query);
    this.#count(answer.ids.length);
    return answer;
  }

  async count(query: Query): Promise<number> {
    this.#count(0);
    return this.#below.count(query);
  }

  async group(query: GroupQuery): Promise<Groups> {
    this.#count(0);
    return this.#below.group(query);
  }

  adopt(schema: Schema): void { this.#below.adopt(schema); }
  stream(query: Query, options?: StreamOptions): AsyncIterable<Columns> { return this.#below.stream(query, options); }
  insert(rows: InsertRows): Promise<readonly StoredId[]> { return this.#below.insert(rows); }
  update(rows: UpdateRows): Promise<readonly StoredId[]> { return this.#below.update(rows); }
  delete(model: string, ids: readonly StoredId[], expected?: readonly (bigint | null)[]): Promise<readonly StoredId[]> { return this.#below.delete(model, ids, expected); }
  sql(text: string, params: readonly unknown[]): Promise<readonly Record<string, unknown>[]> { return this.#below.sql(text, params); }
  savepoint(): Promise<SessionSavepoint> { return this.#below.savepoint(); }
  rollbackTo(savepoint: SessionSavepoint): Promise<void> { return this.#below.rollbackTo(savepoint); }
  release(savepoint: SessionSavepoint): Promise<void> { return this.#below.release(savepoint); }
  async sight(): Promise<Sight | undefined> { return this.#below.sight?.(); }
  takeTouched(): readonly Tag[] { return this.#below.takeTouched?.() ?? []; }
  noteCached(reads: readonly CachedRead[]): void { this.#below.noteCached?.(reads); }
  async signal(models: readonly string[]): Promise<void> { await this.#below.signal?.(models); }
  commit(): Promise<void> { return this.#below.commit(); }
  rollback(): Promise<void> { return this.#below.rollback(); }

  #count(records: number): void {
    this.#reached.questions += 1;
    this.#reached.records += records;
  }
}
