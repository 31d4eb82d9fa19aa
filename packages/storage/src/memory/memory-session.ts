import {
  channels, ConcurrentModificationError, ConflictError, ConstraintError, SameValue, type Columns, type GroupQuery, type Groups, type InsertRows, type Isolation,
  type CachedRead, type EntryStamp, type Query, type ReadQuestion, type Schema, type Session, type SessionOptions, type SessionSavepoint, type SessionState, type Sight, type StatementEvent,
  type StoredId, type StreamOptions, type TableSchema, type Tag, type UpdateRows, type ValueKeys,
} from '@ormolu/kernel';
import { isDeepStrictEqual } from 'node:util';
import { CallQueue } from '../call-queue';
import { cachedReadConflict, sameGroups, sameRecords } from '../change-log/replay';
import { columnTypeOfId } from '../column-types';
import { ReadOnlyError, SavepointGoneError, SessionStateError, SignalError, SqlUnsupportedError, StreamGoneError } from '../errors';
import { unmet, versionColumn, versionError, writableColumn } from '../record-version';
import { checkedIds, checkedInsert, checkedUpdate, checkFields } from '../statements/check-rows';
import { batchSizeOf, checkBound } from '../statements/query';
import { Evaluator, type Entry } from './evaluate';
import { groupInMemory } from './group';
import type { MemoryStorage } from './memory-storage';
import { MemorySessionLog } from './memory-log';
import { MemoryWriter } from './memory-writer';
import { joinedValues } from './joined-values';
import { copied, normalValue } from './normal-value';
import type { Row } from './versions';
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
  /** Tables read, for the check of serializable transactions. */
  readonly #read = new Set<string>();
  /** The serial numbers of streams under way. */
  readonly #streams = new Set<number>();
  #serial = 0;
  #workspace: Workspace | undefined;
  #state: SessionState = 'open';
  #statements = 0;
  readonly #calls = new CallQueue();
  readonly #log: MemorySessionLog | undefined;
  readonly #signals: string[] = [];
  #committedAs: EntryStamp | undefined;

  constructor(storage: MemoryStorage, { schema, isolation = 'repeatable read', readOnly = false, sight = false }: SessionOptions, onEnd: () => void) {
    this.#log = sight && storage.changeLog ? new MemorySessionLog(storage.changeLog, schema) : undefined;
    this.schema = schema;
    this.isolation = isolation;
    this.readOnly = readOnly;
    this.#storage = storage;
    this.#onEnd = onEnd;
    this.#writer = new MemoryWriter(storage, this, schema);
  }

  adopt(schema: Schema): void {
    this.schema = schema;
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

  get committedAs(): EntryStamp | undefined {
    return this.#committedAs;
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
    if (this.isolation === 'serializable') this.#log?.cachedReads.push(...reads);
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
    return this.#next('read', (workspace) => this.#stamped(question, workspace, this.#readNow(workspace, question)));
  }

  query(query: Query): Promise<Columns> {
    return this.#next('query', (workspace) => this.#stamped(query, workspace, this.#queryNow(workspace, query)));
  }

  async* stream(query: Query, options: StreamOptions = {}): AsyncGenerator<Columns, void, undefined> {
    const batchSize = batchSizeOf(options);
    let serial = 0;
    // Rows are never changed once they are stored: those found stay what they were.
    const found = await this.#next('open a stream', (workspace) => {
      const page = this.#page(workspace, query);
      this.#serial += 1;
      serial = this.#serial;
      this.#streams.add(serial);
      return page;
    });
    try {
      for (let at = 0; at < found.length; at += batchSize) {
        yield await this.#next('read a stream', () => {
          if (!this.#streams.has(serial)) throw new StreamGoneError(query.model);
          return this.#columns(this.#table(query.model), found.slice(at, at + batchSize), query.fields ?? []);
        });
      }
    } finally {
      this.#streams.delete(serial);
    }
  }

  count(query: Query): Promise<number> {
    return this.#next('count', (workspace) => this.#find(workspace, { ...query, order: [] }).length);
  }

  group(query: GroupQuery): Promise<Groups> {
    return this.#next('group', (workspace) => this.#stamped(query, workspace, this.#groupNow(workspace, query)));
  }

  insert(given: InsertRows): Promise<readonly StoredId[]> {
    return this.#next('insert', (workspace) => {
      const rows = checkedInsert(this.schema, given);
      const table = this.#writable(rows.model);
      const fields = rows.fields.map((field) => writableColumn(this.schema, rows.model, field));
      const written = new Map<StoredId, Row>();
      const ids = Array.from({ length: rows.count }, (_, n) => {
        const id = rows.ids === undefined ? this.#storage.nextId(table) : this.#id(table, rows.ids[n]);
        if (id === null) throw new ConstraintError('STORAGE_NOT_NULL', `A value is missing in field 'id' of model '${table.model}', which is required. Give it one.`, { details: { model: table.model, field: 'id' } });
        const taken = written.has(id) || workspace.row(table.table, id) !== undefined || this.#storage.versions.row(table.table, id, this.#storage.versions.now) !== undefined;
        if (taken && rows.skipsExisting) return id;
        if (taken) throw new ConstraintError('STORAGE_UNIQUE', `Another record has the same value in field 'id' of model '${table.model}', which must be unique (id ${String(id)}). Change the value, or look for the record first.`, { details: { model: table.model, field: 'id' } });
        written.set(id, new Map(fields.map((column, f) => [column.column, normalValue(column, rows.columns[f]?.[n], { model: table.model, field: column.field })])));
        return id;
      });
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
      const table = this.#writable(rows.model);
      const fields = rows.fields.map((field) => writableColumn(this.schema, rows.model, field));
      if (rows.expected) this.#demandVersions(workspace, table, rows.ids, rows.expected);
      const written = new Map<StoredId, Row>();
      rows.ids.forEach((one, n) => {
        const id = this.#id(table, one);
        if (id === null) return;
        const before = workspace.row(table.table, id);
        const row = new Map(before);
        fields.forEach((column, f) => {
          const values = rows.columns[f];
          const value = normalValue(column, values instanceof SameValue ? values.value : values?.[n], { model: table.model, field: column.field });
          row.set(column.column, column.keyed ? joinedValues(before?.get(column.column), value) : value);
        });
        if (before) written.set(id, row);
      });
      if (fields.length > 0) {
        this.#writer.put(workspace, table, written, fields);
        this.#log?.wrote(rows.model, [...written.keys()], rows.fields);
      }
      return [...written.keys()];
    });
  }

  delete(model: string, given: readonly StoredId[], expected?: readonly (bigint | null)[]): Promise<readonly StoredId[]> {
    return this.#next('delete', (workspace) => {
      const ids = checkedIds(this.schema, model, given, expected);
      const table = this.#writable(model);
      if (expected) this.#demandVersions(workspace, table, ids, expected);
      const found = this.#ids(table, ids).filter((id) => workspace.row(table.table, id));
      const { mark } = workspace;
      this.#writer.remove(workspace, table, found);
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
    this.#writer.publish(workspace, this.isolation === 'serializable' ? this.#read : undefined, this.#signals);
    const { now: commit } = this.#storage.versions;
    if (commit > now && this.isolation !== 'read committed') this.#committedAs = this.#log?.stampOf(asOf, commit);
  }

  /** Reads again what caches had answered: the tables count as read then. */
  #replay(): void {
    for (const read of this.#log?.cachedReads.splice(0) ?? []) {
      const workspace = this.#begun();
      const isChangedHere = (tag: Tag): boolean => this.#log?.own.has(tag) ?? false;
      const isSame = read.kind === 'read' ? sameRecords(read.question, read.answer, { now: this.#readNow(workspace, read.question), isChangedHere })
        : read.tags.some(isChangedHere)
          || (read.kind === 'query' ? isDeepStrictEqual(this.#queryNow(workspace, read.question), { ids: read.answer.ids, columns: read.answer.columns }) : sameGroups(this.#groupNow(workspace, read.question), read.answer));
      if (!isSame) throw cachedReadConflict(read.question.model);
    }
  }

  #readNow(workspace: Workspace, { model, ids, fields }: ReadQuestion): Columns {
    checkFields(this.schema, model, fields);
    const table = this.#table(model);
    const entries = this.#ids(table, ids).flatMap((id): Entry[] => {
      const row = workspace.row(table.table, id);
      return row ? [[id, row]] : [];
    });
    return this.#columns(table, entries, fields);
  }

  #queryNow(workspace: Workspace, query: Query): Columns {
    return this.#columns(this.#table(query.model), this.#page(workspace, query), query.fields ?? []);
  }

  #groupNow(workspace: Workspace, query: GroupQuery): Groups {
    return groupInMemory(this.schema, this.#evaluator(workspace, query), query);
  }

  #stamped<T extends Columns | Groups>({ stamped }: { readonly stamped?: boolean | undefined }, { asOf }: Workspace, answer: T): T {
    const stamp = stamped === true ? this.#log?.stamp(asOf) : undefined;
    return stamp ? { ...answer, stamp } : answer;
  }

  #page(workspace: Workspace, query: Query): readonly Entry[] {
    const { limit, offset = 0 } = query;
    if (limit !== undefined) checkBound('limit', limit);
    checkBound('offset', offset);
    return this.#find(workspace, query).slice(offset, limit === undefined ? undefined : offset + limit);
  }

  #find(workspace: Workspace, query: Query): Entry[] {
    return this.#evaluator(workspace, query).find(query);
  }

  #evaluator(workspace: Workspace, { model, keys }: { readonly model: string; readonly keys?: ValueKeys | undefined }): Evaluator {
    this.#table(model);
    // A filter may look into any table along its paths.
    for (const { table } of this.schema.tables) this.#read.add(table);
    return new Evaluator(this.schema, workspace, keys);
  }

  #columns(table: TableSchema, entries: readonly Entry[], fields: readonly string[]): Columns {
    const columns = fields.map((field) => {
      const { column, type } = this.schema.column(table.model, field);
      return entries.map(([, row]) => copied(type, row.get(column) ?? null));
    });
    return { ids: entries.map(([id]) => id), columns };
  }

  #table(model: string): TableSchema {
    const table = this.schema.table(model);
    this.#storage.demandTable(table);
    this.#read.add(table.table);
    return table;
  }

  #writable(model: string): TableSchema {
    const table = this.#table(model);
    if (this.readOnly) throw new ReadOnlyError(model);
    return table;
  }

  #demandVersions(workspace: Workspace, table: TableSchema, ids: readonly StoredId[], expected: readonly (bigint | null)[]): void {
    const { column } = versionColumn(this.schema, table.model);
    const entries = ids.flatMap((id): Entry[] => {
      const row = workspace.row(table.table, id);
      return row ? [[id, row]] : [];
    });
    const found: Columns = { ids: entries.map(([id]) => id), columns: [entries.map(([, row]) => row.get(column))] };
    const versions = { model: table.model, ids, expected };
    const error = versionError(versions, unmet(versions, []), found);
    if (error) throw error;
  }

  #id(table: TableSchema, id: unknown): StoredId | null {
    return normalValue({ type: columnTypeOfId(table.idType) }, id, { model: table.model, field: 'id' }) as StoredId | null; // an id's type has ids only
  }

  /** Each id once; no record has none. */
  #ids(table: TableSchema, ids: readonly StoredId[]): readonly StoredId[] {
    return [...new Set(ids.map((id) => this.#id(table, id)))].filter((id) => id !== null);
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
