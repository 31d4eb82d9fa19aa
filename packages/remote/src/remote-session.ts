import {
  OutageError, SavepointGoneError, SessionStateError, type CachedRead, type Columns, type CommittedImages, type ComputeQuestion, type GroupQuery, type Groups, type InsertRows, type Isolation, type Query, type ReadQuestion, type Schema, type Session, type SessionSavepoint,
  type SessionState, type Sight, type StoredId, type StreamOptions, type Tag, type UpdateRows,
} from '@ormolu/kernel';
import type { Asked } from './far-counts';
import { NotCommittedError } from './errors';
import type { CallOptions, Link } from './link';
import type { SessionCall, SessionFigures } from './protocol';
import type { RemoteSight } from './remote-sight';
import type { Reached } from './watched-session';
import { imagesFromWire, tagFromWire, type WireImages } from './wire-sight';

interface Savepoint extends SessionSavepoint {
  /** By which the server knows it. */
  readonly number: number;
}

/** Calls that end a session, whatever it is. */
const ENDING: readonly SessionCall[] = ['commit', 'rollback'];

/** A session of a client: its storage, its connection, and its number there. */
export interface RemoteSessionOptions extends Pick<Session, 'schema' | 'isolation' | 'readOnly'> {
  readonly link: Link;
  readonly number: number;
  /** What became of the opening, which nobody waited for: the error, if it failed. */
  readonly failure: Promise<unknown>;
  /** Absent: no cache answers in it. */
  readonly sight?: RemoteSight | undefined;
  /** Finds out what became of a commit whose answer did not come; throws unless it was committed. */
  settle(cause: unknown): Promise<void>;
  /** Told once, when the session is over. */
  onEnd(session: RemoteSession): void;
  onStatements(more: number): void;
  /** Told of a question, how many records it found, and what of it has reached the server's storage. */
  onReached(asked: Asked, found: number, reached: Reached): void;
}

/** A transaction on the server, as its client holds it: one round trip a call. */
export class RemoteSession implements Session {
  schema: Schema;
  readonly isolation: Isolation;
  readonly readOnly: boolean;
  readonly #options: RemoteSessionOptions;
  readonly #savepoints: Savepoint[] = [];
  #state: SessionState = 'open';
  #statements = 0;
  #isGivenUp = false;
  #isCommitting = false;
  /** What has kept the server from taking the schema that is in force here: whoever calls next hears it. */
  #misfit: unknown;
  #committed: CommittedImages | undefined;
  /** What the server has touched beside, where no cache has to know of it. */
  #touched: Tag[] = [];

  constructor(options: RemoteSessionOptions) {
    this.#options = options;
    this.schema = options.schema;
    this.isolation = options.isolation;
    this.readOnly = options.readOnly;
  }

  get state(): SessionState {
    return this.#state;
  }

  get statements(): number {
    return this.#statements;
  }

  /** Whether neither commit nor rollback has ended it. */
  get isOver(): boolean {
    return this.#state === 'committed' || this.#state === 'rolled back';
  }

  adopt(schema: Schema): void {
    this.schema = schema;
    this.#options.sight?.forget(schema);
    if (this.isOver) return;
    const { link, number } = this.#options;
    void link.call('adopt', number, [], { schema, onFigures: (figures) => { this.#told(figures); } }).catch((error: unknown) => { this.#misfit ??= error; });
  }

  get committed(): CommittedImages | undefined {
    return this.#committed;
  }

  sight(): Promise<Sight | undefined> {
    const { sight } = this.#options;
    if (!sight) return Promise.resolve(undefined);
    if (this.#state !== 'open') return Promise.reject(new SessionStateError('look at the change log', this.#state));
    return sight.current(async () => {
      await this.#call('sight', [sight.extent]);
    });
  }

  takeTouched(): readonly Tag[] {
    const touched = [...this.#touched, ...this.#options.sight?.takeTouched() ?? []];
    this.#touched = [];
    return touched;
  }

  noteCached(reads: readonly CachedRead[]): void {
    this.#options.sight?.noteCached(reads);
  }

  read(question: ReadQuestion): Promise<Columns> {
    return this.#ask('read', question, ({ ids }: Columns) => ({ records: question.ids.length, found: ids.length }));
  }

  compute(question: ComputeQuestion): Promise<Columns> {
    return this.#call('compute', [question]) as Promise<Columns>; // as the server's models answer
  }

  query(query: Query): Promise<Columns> {
    return this.#ask('query', query, ({ ids }: Columns) => ({ records: ids.length, found: ids.length }));
  }

  async* stream(query: Query, options: StreamOptions = {}): AsyncGenerator<Columns, void, undefined> {
    const number = await this.#call('stream', [query, options]);
    // A reader that has a batch in hand may leave.
    let isHeld = false;
    try {
      // One at a time: nothing comes that was not asked for.
      for (let batch = await this.#next(number); batch !== null; batch = await this.#next(number)) {
        isHeld = true;
        yield batch;
        isHeld = false;
      }
    } finally {
      if (isHeld && !this.isOver && !this.#isGivenUp) await this.#call('leave', [number]);
    }
  }

  /** A stream that has failed is left: nobody comes back to it. */
  async #next(number: unknown): Promise<Columns | null> {
    try {
      return await this.#call('next', [number]) as Columns | null; // as the server's storage answers
    } catch (error) {
      if (!this.isOver && !this.#isGivenUp) await this.#call('leave', [number]).catch(() => undefined);
      throw error;
    }
  }

  count(query: Query): Promise<number> {
    return this.#ask('count', query, () => ({ records: 0, found: 0 }));
  }

  group(query: GroupQuery): Promise<Groups> {
    return this.#ask('group', query, () => ({ records: 0, found: 0 }));
  }

  insert(rows: InsertRows): Promise<readonly StoredId[]> {
    return this.#write(rows.model, null, () => this.#call('insert', [rows]));
  }

  update(rows: UpdateRows): Promise<readonly StoredId[]> {
    return this.#write(rows.model, rows.fields, () => this.#call('update', [rows]));
  }

  delete(model: string, ids: readonly StoredId[], expected?: readonly (bigint | null)[]): Promise<readonly StoredId[]> {
    return this.#write(model, null, () => this.#call('delete', [model, ids, expected ?? null]));
  }

  sql(text: string, params: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
    const { sight } = this.#options;
    const reads = sight?.takeCached() ?? [];
    // It may change what names stand for: then the answer says that caches are out of it.
    sight?.forget();
    return this.#call('sql', [text, params, reads]) as Promise<readonly Record<string, unknown>[]>;
  }

  async signal(models: readonly string[]): Promise<void> {
    await this.#call('signal', [models]);
  }

  async savepoint(): Promise<SessionSavepoint> {
    const number = await this.#call('savepoint', []);
    const savepoint: Savepoint = { depth: this.#savepoints.length + 1, number: Number(number) };
    this.#savepoints.push(savepoint);
    return savepoint;
  }

  async rollbackTo(savepoint: SessionSavepoint): Promise<void> {
    await this.#call('rollbackTo', [this.#numberOf(savepoint, 'rollbackTo')]);
    this.#options.sight?.tookBack();
    this.#savepoints.length = savepoint.depth - 1;
  }

  async release(savepoint: SessionSavepoint): Promise<void> {
    await this.#call('release', [this.#numberOf(savepoint, 'release')]);
    this.#savepoints.length = savepoint.depth - 1;
  }

  async commit(): Promise<void> {
    // Nothing was sent, and nobody has to be asked what became of it.
    if (!this.isOver && !this.#options.link.isOpen) {
      this.#end('rolled back');
      throw new NotCommittedError(this.#options.link.address);
    }
    if (this.#misfit !== undefined) await this.rollback();
    this.#isCommitting = true;
    try {
      if (this.#misfit !== undefined) throw this.#misfit as Error; // what a call has thrown
      const images = await this.#call('commit', [this.#options.sight?.takeCached() ?? []]) as WireImages | null | undefined; // as the server answers
      if (images) this.#committed = imagesFromWire(images, this.schema);
      this.#end('committed');
    } catch (error) {
      if (!isLost(error) && !isUnsettled(error)) {
        this.#end('rolled back'); // unless the server has said otherwise
        throw error;
      }
      await this.#settle(error);
    }
  }

  /** Asks what became of a commit that nobody has told of, or of which the server has not been told itself. */
  async #settle(cause: unknown): Promise<void> {
    try {
      await this.#options.settle(cause);
      this.#end('committed');
      // Where the server has said that it has rolled back what its database had committed.
      this.#state = 'committed';
    } catch (unsettled) {
      this.#state = 'failed';
      this.#options.onEnd(this);
      throw unsettled;
    }
  }

  async rollback(): Promise<void> {
    if (this.isOver) return;
    // Of one that has not answered in time nobody waits for another answer, nor is it to go on with what it has not answered.
    const told = this.#call('rollback', [this.#isGivenUp]).catch(() => undefined);
    if (!this.#isGivenUp) await told;
    this.#end('rolled back');
  }

  /** Ends what has not begun, so that nobody waits for that any more; once COMMIT is on its way, that says what becomes of it. */
  giveUp(error: Error): void {
    if (this.isOver || this.#isCommitting) return;
    const { link, number } = this.#options;
    link.giveUp(number, error);
    void link.call('rollback', number, [true]).catch(() => undefined);
    this.#end('rolled back');
  }

  /** The server has what runs for it stopped; what still waits for an answer is told so. */
  abandon(): void {
    if (this.isOver || this.#isGivenUp) return;
    const { link, number } = this.#options;
    void link.call('rollback', number, [true]).catch(() => undefined);
  }

  #numberOf(savepoint: SessionSavepoint, call: string): number {
    const own = this.#savepoints[savepoint.depth - 1];
    if (own && own === savepoint) return own.number;
    throw new SavepointGoneError(call);
  }

  /** Asks the server, and tells which of its steps have answered. */
  async #ask<T>(name: SessionCall, question: Pick<Query, 'model' | 'fields'>, figures: (answer: T) => { readonly records: number; readonly found: number }): Promise<T> {
    let reached: Reached | undefined;
    const answer = await this.#call(name, [question], { onFigures: (told) => { reached = told.reached; } }) as T; // the server answers as its storage does
    const { records, found } = figures(answer);
    if (reached) this.#options.onReached({ model: question.model, fields: question.fields ?? [], records }, found, reached);
    return answer;
  }

  async #call(name: SessionCall, args: readonly unknown[], { onFigures }: Pick<CallOptions, 'onFigures'> = {}): Promise<unknown> {
    if (this.isOver) throw new SessionStateError(name, this.#state);
    const { link, number, failure } = this.#options;
    try {
      this.#assertFits(name);
      const value = await link.call(name, number, args, {
        onFigures: (figures) => {
          this.#told(figures);
          onFigures?.(figures);
        },
      });
      // It may have gone right behind a schema that could not be sent.
      this.#assertFits(name);
      return value;
    } catch (error) {
      if (isLost(error)) {
        this.#state = 'failed';
        this.#isGivenUp = true;
      }
      // Whoever calls first hears that it did not even begin.
      const unopened = await failure;
      if (unopened === undefined) throw error;
      this.#fail();
      throw unopened as Error; // what a call has thrown
    }
  }

  #assertFits(name: SessionCall): void {
    if (this.#misfit !== undefined && !ENDING.includes(name)) throw this.#misfit as Error; // what a call has thrown
  }

  /** Notes what a write has done, once it has. @param fields - null: records come or go */
  async #write(model: string, fields: readonly string[] | null, call: () => Promise<unknown>): Promise<readonly StoredId[]> {
    const ids = await call() as readonly StoredId[]; // the server answers as its storage does
    if (fields?.length !== 0) this.#options.sight?.wrote(model, ids, fields);
    return ids;
  }

  #told({ state, statements, sight, touched }: SessionFigures): void {
    if (this.#options.sight) this.#options.sight.hear(sight, touched);
    else if (touched) this.#touched.push(...touched.map(tagFromWire));
    this.#options.onStatements(statements - this.#statements);
    this.#statements = statements;
    if (state === 'committed' || state === 'rolled back') this.#end(state);
    else if (!this.isOver) this.#state = state;
  }

  /** Unless it was given up meanwhile. */
  #fail(): void {
    if (!this.isOver) this.#state = 'failed';
  }

  #end(state: SessionState): void {
    if (this.isOver) return;
    this.#state = state;
    this.#options.onEnd(this);
  }
}

/** Whether an answer will never come. */
function isLost(error: unknown): boolean {
  return error instanceof OutageError && (error.code === 'REMOTE_CONNECTION_LOST' || error.code === 'REMOTE_DEADLINE');
}

/** Whether the server does not know itself what became of a COMMIT. */
function isUnsettled(error: unknown): boolean {
  return error instanceof OutageError && error.code === 'STORAGE_COMMIT_UNKNOWN';
}
