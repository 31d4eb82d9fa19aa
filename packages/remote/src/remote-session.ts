import {
  OutageError, SavepointGoneError, SessionStateError, type Columns, type GroupQuery, type Groups, type InsertRows, type Isolation, type Query, type ReadQuestion, type Schema, type Session, type SessionSavepoint,
  type SessionState, type StoredId, type StreamOptions, type UpdateRows,
} from '@ormolu/kernel';
import type { Link } from './link';
import type { SessionCall, SessionFigures } from './protocol';

interface Savepoint extends SessionSavepoint {
  /** By which the server knows it. */
  readonly number: number;
}

/** A session of a client: its storage, its connection, and its number there. */
export interface RemoteSessionOptions extends Pick<Session, 'schema' | 'isolation' | 'readOnly'> {
  readonly link: Link;
  readonly number: number;
  /** What became of the opening, which nobody waited for: the error, if it failed. */
  readonly failure: Promise<unknown>;
  /** Finds out what became of a commit whose answer did not come. @returns whether it was committed */
  settle(cause: unknown): Promise<boolean>;
  /** Told once, when the session is over. */
  onEnd(session: RemoteSession): void;
  onStatements(more: number): void;
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
    // Whoever uses it next hears what is wrong with it.
    void this.#call('adopt', [this.#options.link.schemaArgument(schema)]).catch(() => undefined);
  }

  read(question: ReadQuestion): Promise<Columns> {
    return this.#call('read', [question]) as Promise<Columns>; // the server answers as its storage does; so below
  }

  query(query: Query): Promise<Columns> {
    return this.#call('query', [query]) as Promise<Columns>;
  }

  async* stream(query: Query, options: StreamOptions = {}): AsyncGenerator<Columns, void, undefined> {
    const number = await this.#call('stream', [query, options]);
    let batch: Columns | null = null;
    try {
      // One at a time: nothing comes that was not asked for.
      while ((batch = await this.#call('next', [number]) as Columns | null) !== null) yield batch;
    } finally {
      if (batch !== null && !this.isOver) await this.#call('leave', [number]);
    }
  }

  count(query: Query): Promise<number> {
    return this.#call('count', [query]) as Promise<number>;
  }

  group(query: GroupQuery): Promise<Groups> {
    return this.#call('group', [query]) as Promise<Groups>;
  }

  insert(rows: InsertRows): Promise<readonly StoredId[]> {
    return this.#call('insert', [rows]) as Promise<readonly StoredId[]>;
  }

  update(rows: UpdateRows): Promise<readonly StoredId[]> {
    return this.#call('update', [rows]) as Promise<readonly StoredId[]>;
  }

  delete(model: string, ids: readonly StoredId[], expected?: readonly (bigint | null)[]): Promise<readonly StoredId[]> {
    return this.#call('delete', [model, ids, expected ?? null]) as Promise<readonly StoredId[]>;
  }

  sql(text: string, params: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
    return this.#call('sql', [text, params]) as Promise<readonly Record<string, unknown>[]>;
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
    this.#savepoints.length = savepoint.depth - 1;
  }

  async release(savepoint: SessionSavepoint): Promise<void> {
    await this.#call('release', [this.#numberOf(savepoint, 'release')]);
    this.#savepoints.length = savepoint.depth - 1;
  }

  async commit(): Promise<void> {
    try {
      await this.#call('commit', []);
      this.#end('committed');
    } catch (error) {
      if (!isLost(error)) {
        this.#end('rolled back'); // unless the server has said otherwise
        throw error;
      }
      try {
        if (!(await this.#options.settle(error))) throw error;
        this.#end('committed');
      } catch (unsettled) {
        this.#state = 'failed';
        this.#options.onEnd(this);
        throw unsettled;
      }
    }
  }

  async rollback(): Promise<void> {
    if (this.isOver) return;
    await this.#call('rollback', []).catch(() => undefined);
    this.#end('rolled back');
  }

  #numberOf(savepoint: SessionSavepoint, call: string): number {
    const own = this.#savepoints[savepoint.depth - 1];
    if (own && own === savepoint) return own.number;
    throw new SavepointGoneError(call);
  }

  async #call(name: SessionCall, args: readonly unknown[]): Promise<unknown> {
    if (this.isOver) throw new SessionStateError(name, this.#state);
    const { link, number, failure } = this.#options;
    try {
      return await link.call(name, number, args, { onFigures: (figures) => { this.#told(figures); } });
    } catch (error) {
      if (isLost(error)) this.#state = 'failed';
      // Whoever calls first hears that it did not even begin.
      const unopened = await failure;
      if (unopened === undefined) throw error;
      this.#state = 'failed';
      throw unopened as Error; // what a call has thrown
    }
  }

  #told({ state, statements }: SessionFigures): void {
    this.#options.onStatements(statements - this.#statements);
    this.#statements = statements;
    if (state === 'committed' || state === 'rolled back') this.#end(state);
    else if (!this.isOver) this.#state = state;
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
