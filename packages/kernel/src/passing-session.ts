import type { Tag } from './change-log';
import type { CommittedImages } from './commit';
import type { StoredId } from './id';
import type { Columns, GroupQuery, Groups, InsertRows, Query, ReadQuestion, UpdateRows } from './query';
import type { Schema } from './schema';
import type { Isolation, Session, SessionSavepoint, SessionState, StreamOptions } from './session';
import type { CachedRead, Heard, Sight } from './sight';

/** A session that passes every call to another one: what looks at some of them, or alters them, extends it. */
export class PassingSession implements Session {
  protected readonly below: Session;

  constructor(below: Session) {
    this.below = below;
  }

  get schema(): Schema { return this.below.schema; }
  get isolation(): Isolation { return this.below.isolation; }
  get readOnly(): boolean { return this.below.readOnly; }
  get state(): SessionState { return this.below.state; }
  get statements(): number { return this.below.statements; }
  get committed(): CommittedImages | undefined { return this.below.committed; }
  get heard(): Heard | undefined { return this.below.heard; }

  adopt(schema: Schema): void { this.below.adopt(schema); }
  read(question: ReadQuestion): Promise<Columns> { return this.below.read(question); }
  query(query: Query): Promise<Columns> { return this.below.query(query); }
  stream(query: Query, options?: StreamOptions): AsyncIterable<Columns> { return this.below.stream(query, options); }
  count(query: Query): Promise<number> { return this.below.count(query); }
  group(query: GroupQuery): Promise<Groups> { return this.below.group(query); }
  insert(rows: InsertRows): Promise<readonly StoredId[]> { return this.below.insert(rows); }
  update(rows: UpdateRows): Promise<readonly StoredId[]> { return this.below.update(rows); }
  delete(model: string, ids: readonly StoredId[], expected?: readonly (bigint | null)[]): Promise<readonly StoredId[]> { return this.below.delete(model, ids, expected); }
  sql(text: string, params: readonly unknown[]): Promise<readonly Record<string, unknown>[]> { return this.below.sql(text, params); }
  savepoint(): Promise<SessionSavepoint> { return this.below.savepoint(); }
  rollbackTo(savepoint: SessionSavepoint): Promise<void> { return this.below.rollbackTo(savepoint); }
  release(savepoint: SessionSavepoint): Promise<void> { return this.below.release(savepoint); }
  async sight(): Promise<Sight | undefined> { return this.below.sight?.(); }
  takeTouched(): readonly Tag[] { return this.below.takeTouched?.() ?? []; }
  noteCached(reads: readonly CachedRead[]): void { this.below.noteCached?.(reads); }
  async signal(models: readonly string[]): Promise<void> { await this.below.signal?.(models); }
  commit(): Promise<void> { return this.below.commit(); }
  rollback(): Promise<void> { return this.below.rollback(); }
  abandon(): void { this.below.abandon?.(); }
}
