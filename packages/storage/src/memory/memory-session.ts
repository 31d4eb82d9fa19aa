import {
  SavepointGoneError, SessionStateError, channels, ConcurrentModificationError, ConflictError, ConstraintError, type Columns, type GroupQuery, type Groups, type InsertRows, type Isolation,
  type CachedRead, type CommittedImages, type Query, type ReadQuestion, type Schema, type Session, type SessionOptions, type SessionSavepoint, type SessionState, type Sight, type StatementEvent,
  type StoredId, type StreamOptions, type Tag, type UpdateRows,
} from '@ormolu/kernel';
import { CallQueue } from '../call-queue';
import { cachedReadConflict, sameAnswer, sameGroups, sameRecords } from '../change-log/replay';
import { ReadOnlyError, SignalError, SqlUnsupportedError, StreamGoneError } from '../errors';
import { checkedIds, checkedInsert, checkedUpdate } from '../statements/check-rows';
import { batchSizeOf } from '../statements/query';
import { MemorySessionLog } from './memory-log';
import { MemoryReader } from './memory-reader';
import type { MemoryStorage } from './memory-storage';
import { MemoryWriter } from './memory-writer';
import { insertedRows, updatedRows, type WriteTarget } from './rows-to-write';
import { Workspace } from './workspace';

interface Savepoint extends SessionSavepoint {
  readonly mark: number;
  /** Savepoints and streams are numbered together, in the order they were made. */
  readonly serial: number;
}

/** One transaction of the in-memory database: a snapshot, its own changes over it, and at the end all or nothing. */
export class MemorySession implements Session {
  schema: Schema;
  readonly isolation: Isolation;
  readonly readOnly: boolean;
  readonly #storage: MemoryStorage;
  readonly #onEnd: () => void;
  #writer: MemoryWriter;
  readonly #savepoints: Savepoint[] = [];
  readonly #reader: MemoryReader;
  /** The serial numbers of streams under way. */
  readonly #streams = new Set<number>();
  #serial = 0;
  #workspace: Workspace | undefined;
  #state: SessionState = 'open';
  #statements = 0;
  readonly #calls = new CallQueue();
  readonly #log: MemorySessionLog | undefined;
  readonly #signals: string[] = [];
  #committed: CommittedImages | undefined;

  constructor(storage: MemoryStorage, { schema, isolation = 'repeatable read', readOnly = false, sight = false }: SessionOptions, onEnd: () => void) {
    this.#log = sight && storage.changeLog ? new MemorySessionLog(storage.changeLog, schema) : undefined;
    this.schema = schema;
    this.isolation = isolation;
    this.readOnly = readOnly;
    this.#storage = storage;
    this.#onEnd = onEnd;
    this.#reader = new MemoryReader(storage, schema);
    this.#writer = new MemoryWriter(storage, this, schema);
  }

  adopt(schema: Schema): void {
    this.schema = schema;
    this.#reader.schema = schema;
    this.#writer = new MemoryWriter(this.#storage, this, schema);
    this.#log?.adopt(schema);
  }

  get state(): SessionState {
    return this.#state;
  }

  get statements(): number {
    return this.#statements;
  }

  /** The commit as of which this session reads; absent before its first statement. */
  get asOf(): number | undefined {
    return this.#workspace?.asOf;
  }

  get committed(): CommittedImages | undefined {
    return this.#committed;
  }

  sight(): Promise<Sight | undefined> {
    return this.#queued(() => {
      this.#demand('look at the change log', 'open');
      if (!this.#log) return undefined;
      const { asOf } = this.#begun();
      return this.#log.sight(asOf, this.#storage.versions.now);
    });
  }

  takeTouched(): readonly Tag[] {
    return this.#log?.own.takeTouched() ?? [];
  }

  noteCached(reads: readonly CachedRead[]): void {
    if (this.isolation === 'serializable') this.#log?.cachedReads.push({ schema: this.schema, reads });
  }

  signal(models: readonly string[]): Promise<void> {
    return this.#next('signal', () => {
      const wrong = models.find((model) => !model.startsWith('$'));
      if (wrong !== undefined) throw new SignalError(wrong);
      this.#signals.push(...models);
      this.#log?.own.met(models.map((model) => ({ model, id: null, fields: null })));
    });
  }

  read(question: ReadQuestion): Promise<Columns> {
    return this.#next('read', (workspace) => this.#stamped(question, workspace, this.#reader.read(workspace, question)));
  }

  query(query: Query): Promise<Columns> {
    return this.#next('query', (workspace) => this.#stamped(query, workspace, this.#reader.query(workspace, query)));
  }

  async* stream(query: Query, options: StreamOptions = {}): AsyncGenerator<Columns, void, undefined> {
    const batchSize = batchSizeOf(options);
    let serial = 0;
    // Rows are never changed once they are stored: those found stay what they were.
    const found = await this.#next('open a stream', (workspace) => {
      const page = this.#reader.page(workspace, query);
      this.#serial += 1;
      serial = this.#serial;
      this.#streams.add(serial);
      return page;
    });
    try {
      for (let at = 0; at < found.length; at += batchSize) {
        yield await this.#next('read a stream', () => {
          if (!this.#streams.has(serial)) throw new StreamGoneError(query.model);
          return this.#reader.columns(query, found.slice(at, at + batchSize));
        });
      }
    } finally {
      this.#streams.delete(serial);
    }
  }

  count(query: Query): Promise<number> {
    return this.#next('count', (workspace) => this.#reader.count(workspace, query));
  }

  group(query: GroupQuery): Promise<Groups> {
    return this.#next('group', (workspace) => this.#stamped(query, workspace, this.#reader.group(workspace, query)));
  }

  insert(given: InsertRows): Promise<readonly StoredId[]> {
    return this.#next('insert', (workspace) => {
      const rows = checkedInsert(this.schema, given);
      const target = this.#target(workspace, rows.model);
      const { table } = target;
      const { ids, written } = insertedRows(target, rows);
      if (rows.skipsExisting) workspace.skipping.add(table.table);
      if (rows.skipsExisting) for (const id of this.#writer.existing(workspace, table, written)) written.delete(id);
      this.#writer.put(workspace, table, written, table.columns);
      this.#log?.wrote(rows.model, [...written.keys()], null);
      return rows.skipsExisting ? ids.filter((id) => written.has(id)) : ids;
    });
  }

  update(given: UpdateRows): Promise<readonly StoredId[]> {
    return this.#next('update', (workspace) => {
      const rows = checkedUpdate(this.schema, given);
      const target = this.#target(workspace, rows.model);
      const { table } = target;
      if (rows.expected) this.#reader.demandVersions(workspace, table, rows.ids, rows.expected);
      const written = updatedRows(target, rows);
      if (rows.fields.length > 0) {
        this.#writer.put(workspace, table, written, rows.fields.map((field) => this.schema.column(rows.model, field)));
        this.#log?.wrote(rows.model, [...written.keys()], rows.fields);
      }
      return [...written.keys()];
    });
  }

  delete(model: string, given: readonly StoredId[], expected?: readonly (bigint | null)[]): Promise<readonly StoredId[]> {
    return this.#next('delete', (workspace) => {
      const ids = checkedIds(this.schema, model, given, expected);
      const { table } = this.#target(workspace, model);
      if (expected) this.#reader.demandVersions(workspace, table, ids, expected);
      const found = this.#reader.ids(table, ids).filter((id) => workspace.row(table.table, id));
      const { mark } = workspace;
      this.#writer.remove(workspace, table, found);
      // What earlier statements were told to do is not what this one has done.
      this.#log?.own.forgetTold();
      this.#log?.wrote(model, found, null);
      this.#log?.met(workspace.changedSince(mark));
      return found;
    });
  }

  sql(): Promise<readonly Record<string, unknown>[]> {
    return Promise.reject(new SqlUnsupportedError(this.#storage.name));
  }

  savepoint(): Promise<SessionSavepoint> {
    return this.#queued(() => {
      this.#demand('savepoint', 'open');
      this.#serial += 1;
      const savepoint: Savepoint = { depth: this.#savepoints.length + 1, mark: this.#workspace?.mark ?? 0, serial: this.#serial };
      this.#savepoints.push(savepoint);
      return savepoint;
    });
  }

  rollbackTo(savepoint: SessionSavepoint): Promise<void> {
    return this.#queued(() => {
      this.#demand('roll back to a savepoint', 'open', 'failed');
      const { mark, serial } = this.#leave('rollbackTo', savepoint);
      this.#storage.unlock(this.#workspace?.undoTo(mark) ?? []);
      for (const stream of this.#streams) if (stream > serial) this.#streams.delete(stream);
      this.#state = 'open';
    });
  }

  release(savepoint: SessionSavepoint): Promise<void> {
    return this.#queued(() => {
      this.#demand('release', 'open');
      this.#leave('release', savepoint);
    });
  }

  commit(): Promise<void> {
    return this.#queued(() => {
      if (this.#state === 'failed') {
        this.#end('rolled back');
        throw new SessionStateError('commit; it is rolled back now', 'failed');
      }
      this.#demand('commit', 'open');
      try {
        this.#replay();
        if (this.#workspace) this.#publish(this.#workspace);
      } catch (error) {
        this.#end('rolled back');
        throw error;
      }
      this.#end('committed');
    });
  }

  rollback(): Promise<void> {
    return this.#queued(() => {
      if (this.#state === 'open' || this.#state === 'failed') this.#end('rolled back');
    });
  }

  /** A migration's own work on the rows, past the checks of a session. */
  migrate(work: (workspace: Workspace, writer: MemoryWriter) => void): Promise<void> {
    return this.#next('migrate', (workspace) => {
      work(workspace, this.#writer);
    });
  }

  #publish(workspace: Workspace): void {
    const { asOf } = workspace;
    const { now } = this.#storage.versions;
    this.#writer.publish(workspace, this.isolation === 'serializable' ? this.#reader.tables : undefined, this.#signals);
    const { now: commit } = this.#storage.versions;
    if (commit > now && this.isolation !== 'read committed') this.#committed = this.#log?.committed(asOf, commit, workspace.changes());
  }

  /** Reads again what caches had answered: the tables count as read then. */
  #replay(): void {
    const { schema: now } = this.#reader;
    try {
      for (const { schema, reads } of this.#log?.cachedReads.splice(0) ?? []) {
        this.#reader.schema = schema;
        this.#replayed(reads);
      }
    } finally {
      this.#reader.schema = now;
    }
  }

  #replayed(reads: readonly CachedRead[]): void {
    for (const read of reads) {
      const workspace = this.#begun();
      const isChangedHere = (tag: Tag): boolean => this.#log?.own.has(tag) ?? false;
      const isSame = read.kind === 'read' ? sameRecords(read.question, read.answer, { now: this.#reader.read(workspace, read.question), isChangedHere })
        : read.tags.some(isChangedHere)
          || (read.kind === 'query' ? sameAnswer(this.#reader.query(workspace, read.question), read.answer) : sameGroups(this.#reader.group(workspace, read.question), read.answer));
      if (!isSame) throw cachedReadConflict(read.question.model);
    }
  }

  #stamped<T extends Columns | Groups>({ stamped }: { readonly stamped?: boolean | undefined }, { asOf }: Workspace, answer: T): T {
    const stamp = stamped === true ? this.#log?.stamp(asOf) : undefined;
    return stamp ? { ...answer, stamp } : answer;
  }

  #target(workspace: Workspace, model: string): WriteTarget {
    const table = this.#reader.table(model);
    if (this.readOnly) throw new ReadOnlyError(model);
    return { storage: this.#storage, reader: this.#reader, workspace, table };
  }

  #next<T>(call: string, work: (workspace: Workspace) => T): Promise<T> {
    return this.#queued(() => {
      this.#demand(call, 'open');
      const workspace = this.#begun();
      const { mark } = workspace;
      try {
        const answer = work(workspace);
        this.#count(call);
        return answer;
      } catch (error) {
        this.#storage.unlock(workspace.undoTo(mark));
        // As in a real database, what it refuses, unlike what never reaches it, counts and fails the transaction.
        if (error instanceof ConstraintError || error instanceof ConflictError || error instanceof ConcurrentModificationError || error instanceof ReadOnlyError) {
          this.#count(call);
          this.#state = 'failed';
        }
        throw error;
      }
    });
  }

  /** What this transaction works on, made by its first statement. */
  #begun(): Workspace {
    const { now } = this.#storage.versions;
    this.#workspace ??= new Workspace(this.#storage.versions, now);
    if (this.isolation === 'read committed') this.#workspace.asOf = now;
    return this.#workspace;
  }

  #count(call: string): void {
    this.#statements += 1;
    this.#storage.statements += 1;
    if (!channels.statement.hasSubscribers) return;
    const event: StatementEvent = { storage: this.#storage.name, text: call, rows: 0, ms: 0 };
    channels.statement.publish(event);
  }

  #demand(call: string, ...states: readonly SessionState[]): void {
    if (!states.includes(this.#state)) throw new SessionStateError(call, this.#state);
  }

  #leave(call: string, savepoint: SessionSavepoint): Savepoint {
    const at = this.#savepoints.findIndex((known) => known === savepoint);
    const [known] = at === -1 ? [] : this.#savepoints.splice(at);
    if (!known) throw new SavepointGoneError(call);
    return known;
  }

  #end(state: SessionState): void {
    this.#state = state;
    this.#workspace = undefined;
    this.#onEnd();
  }

  #queued<T>(call: () => T | Promise<T>): Promise<T> {
    return this.#calls.add(call);
  }
}
