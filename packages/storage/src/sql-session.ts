import {
  type Columns, type ColumnType, type GroupQuery, type Groups, type InsertRows, type Isolation, type Query, type ReadQuestion, type Schema, type Session, 
  type CachedRead, type EntryStamp, type SessionSavepoint, type SessionState, type Sight, type StoredId, type StreamOptions, type Tag, type UpdateRows,
} from '@ormolu/kernel';
import { randomUUID } from 'node:crypto';
import { CallQueue } from './call-queue';
import type { Introduction } from './change-log/introduction';
import { MOST_ROWS } from './change-log/log-objects';
import { replayBatches } from './change-log/replay';
import { withLogRows } from './change-log/send-log';
import type { SessionLog } from './change-log/session-log';
import { stampedStatement, type StampedRows } from './change-log/stamped';
import { IdsMissingError, SavepointGoneError, SignalError, StreamGoneError, type StatementContext } from './errors';
import { unmet, versionColumn, versionError, type ExpectedVersions } from './record-version';
import type { SqlHome, SqlTransaction } from './sql-transaction';
import { checkedIds, checkedInsert, checkedUpdate, checkFields } from './statements/check-rows';
import { groupStatement } from './statements/group';
import { batchSizeOf, countStatement, queryStatement } from './statements/query';
import { deleteStatement, insertStatement, readStatement, updateStatement, type RowsStatement } from './statements/records';
import { DescribedRows } from './wire/described-rows';
import { ResultColumns } from './wire/result-columns';
import { plainStatement } from './wire/statement';
import { textParameter } from './wire/text-form';

interface Savepoint extends SessionSavepoint {
  readonly name: string;
}

/** How a session's transaction was begun, and its part in the change log. */
export interface SqlSessionOptions extends Pick<Session, 'schema' | 'isolation' | 'readOnly'> {
  readonly log?: SessionLog | undefined;
  readonly sending?: Introduction | undefined;
  /** Told, with the commit, how many rows the session's statements may have left in the log. */
  readonly onWritten?: ((rows: number) => void) | undefined;
}

/** A session on any server that speaks PostgreSQL's protocol. Overlapping calls run one after the other. */
export class SqlSession implements Session {
  schema: Schema;
  readonly isolation: Isolation;
  readonly readOnly: boolean;
  readonly #home: SqlHome;
  readonly #transaction: SqlTransaction;
  readonly #savepoints: Savepoint[] = [];
  readonly #calls = new CallQueue();
  /** The serial numbers of open cursors; savepoints and cursors are numbered together, in the order they were made. */
  readonly #cursors = new Set<number>();
  readonly #log: SessionLog | undefined;
  readonly #cachedReads: CachedRead[] = [];
  /** What every write tells the log itself; absent where triggers do. */
  readonly #sending: Introduction | undefined;
  readonly #onWritten: SqlSessionOptions['onWritten'];
  #written = 0;
  #committedAs: EntryStamp | undefined;
  #named = 0;

  /** @param options - what the transaction was begun with */
  constructor(home: SqlHome, transaction: SqlTransaction, { schema, isolation, readOnly, log, sending, onWritten }: SqlSessionOptions) {
    this.#onWritten = onWritten;
    this.#log = log;
    this.#sending = sending;
    this.schema = schema;
    this.isolation = isolation;
    this.readOnly = readOnly;
    this.#home = home;
    this.#transaction = transaction;
  }

  adopt(schema: Schema): void {
    this.schema = schema;
    this.#transaction.schema = schema;
    this.#log?.adopt(schema);
  }

  get state(): SessionState {
    return this.#transaction.state;
  }

  get statements(): number {
    return this.#transaction.statements;
  }

  get committedAs(): EntryStamp | undefined {
    return this.#committedAs;
  }

  sight(): Promise<Sight | undefined> {
    return this.#next(async () => {
      this.#transaction.demand('look at the change log', 'open');
      return this.#log?.sight(async () => {
        if (!this.#transaction.isBegun) await this.#hearing(this.#transaction.begin('begin'));
      });
    });
  }

  takeTouched(): readonly Tag[] {
    return this.#log?.own.takeTouched() ?? [];
  }

  noteCached(reads: readonly CachedRead[]): void {
    if (this.isolation === 'serializable' && this.#log) this.#cachedReads.push(...reads);
  }

  signal(models: readonly string[]): Promise<void> {
    return this.#next(async () => {
      const wrong = models.find((model) => !model.startsWith('$'));
      if (wrong !== undefined) throw new SignalError(wrong);
      if (models.length === 0) return;
      await this.#hearing(this.#transaction.run('signal', { statement: { text: 'select ormolu_log_signal($1::text[])', parameters: [textParameter(models)], results: 'none' }, context: {} }));
      this.#log?.own.met(models.map((model) => ({ model, id: null, fields: null })));
    });
  }

  read(question: ReadQuestion): Promise<Columns> {
    return this.#next(async () => {
      checkFields(this.schema, question.model, question.fields);
      if (question.ids.length === 0) return { ids: [], columns: question.fields.map(() => []) };
      return asColumns(await this.#answer('read', readStatement(this.schema, question), question));
    });
  }

  query(query: Query): Promise<Columns> {
    return this.#next(async () => asColumns(await this.#answer('query', queryStatement(this.schema, query, this.#home.foldingCollation), query)));
  }

  async* stream(query: Query, options: StreamOptions = {}): AsyncGenerator<Columns, void, undefined> {
    const batchSize = batchSizeOf(options);
    const context: StatementContext = { model: query.model };
    const cursor = await this.#next(() => this.#openCursor(query, context));
    try {
      for (let isWhole = true; isWhole;) {
        const batch = await this.#next(() => {
          if (!this.#cursors.has(cursor.serial) && this.state === 'open') throw new StreamGoneError(query.model);
          // FETCH takes no parameter; the number is checked to be one.
          return this.#rows('read a stream', { text: `fetch forward ${batchSize} from c${cursor.serial}`, parameters: [], results: 'binary', types: cursor.types }, context);
        });
        isWhole = batch[0]?.length === batchSize;
        if (batch[0]?.length !== 0) yield asColumns(batch);
      }
    } finally {
      await this.#next(() => this.#closeCursor(cursor.serial));
    }
  }

  count(query: Query): Promise<number> {
    return this.#next(async () => {
      const [counts] = await this.#rows('count', countStatement(this.schema, query, this.#home.foldingCollation), { model: query.model });
      return Number(counts?.[0]);
    });
  }

  group(query: GroupQuery): Promise<Groups> {
    return this.#next(async () => {
      const statement = groupStatement(this.schema, query, this.#home.foldingCollation);
      const { columns, stamp } = await this.#answer('group', statement, query);
      return { ...statement.groups(columns), ...stamp && { stamp } };
    });
  }

  insert(given: InsertRows): Promise<readonly StoredId[]> {
    return this.#next(async () => {
      const rows = checkedInsert(this.schema, given);
      const { idType } = this.schema.table(rows.model);
      if (rows.ids === undefined && idType === 'text') throw new IdsMissingError(rows.model);
      if (rows.count === 0) return [];
      // Made here, uuids need no promise of the database about the order of its answers.
      const ids = rows.ids ?? (idType === 'uuid' ? Array.from({ length: rows.count }, () => randomUUID()) : undefined);
      const added = await this.#write('insert', insertStatement(this.schema, { ...rows, ids }), { model: rows.model, ids, rows: rows.count, fields: null });
      if (ids) return rows.skipsExisting ? onlyThose(ids, added) : ids;
      return inRowOrder(added as (number | bigint)[]); // of ids the database made
    });
  }

  update(given: UpdateRows): Promise<readonly StoredId[]> {
    return this.#next(async () => {
      const rows = checkedUpdate(this.schema, given);
      if (rows.ids.length === 0) return [];
      const { model, ids, fields, expected } = rows;
      // Without a field there is nothing to set, but still the question which ids exist.
      const found = fields.length === 0
        ? (await this.#rows('update', readStatement(this.schema, rows), rows))[0] as StoredId[] // the statement's one column
        : await this.#write('update', updateStatement(this.schema, rows), { model, ids, rows: ids.length, fields });
      // Without a field nothing has asked for the versions yet.
      if (expected) await this.#demandVersions({ model, ids, expected }, fields.length === 0 ? [] : found);
      return found;
    });
  }

  delete(model: string, given: readonly StoredId[], expected?: readonly (bigint | null)[]): Promise<readonly StoredId[]> {
    return this.#next(async () => {
      const ids = checkedIds(this.schema, model, given, expected);
      if (ids.length === 0) return [];
      const found = await this.#write('delete', deleteStatement(this.schema, model, ids, expected), { model, ids, rows: ids.length, fields: null });
      if (expected) await this.#demandVersions({ model, ids, expected }, found);
      return found;
    });
  }

  sql(text: string, params: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
    return this.#next(async () => {
      const rows = new DescribedRows();
      const learning = this.#log?.learning(undefined, false);
      await this.#hearing(this.#transaction.run('sql', { statement: { text, parameters: params.map(textParameter), results: 'described', mayCopy: true }, sink: rows, context: {}, then: learning?.then }));
      learning?.learn();
      return rows.rows;
    });
  }

  savepoint(): Promise<SessionSavepoint> {
    return this.#next(() => {
      this.#transaction.demand('savepoint', 'open');
      this.#named += 1;
      const savepoint: Savepoint = { depth: this.#savepoints.length + 1, name: `s${this.#named}` };
      this.#savepoints.push(savepoint);
      this.#transaction.defer(`savepoint ${savepoint.name}`);
      return Promise.resolve(savepoint);
    });
  }

  rollbackTo(savepoint: SessionSavepoint): Promise<void> {
    return this.#next(async () => {
      this.#transaction.demand('rollbackTo', 'open', 'failed');
      const name = this.#leave('rollbackTo', savepoint);
      // Cursors opened behind the savepoint go with it.
      for (const serial of this.#cursors) if (serial > Number(name.slice(1))) this.#cursors.delete(serial);
      if (!this.#transaction.takeBack(`savepoint ${name}`)) await this.#transaction.returnTo(name);
    });
  }

  release(savepoint: SessionSavepoint): Promise<void> {
    return this.#next(async () => {
      this.#transaction.demand('release', 'open');
      const name = this.#leave('release', savepoint);
      if (!this.#transaction.takeBack(`savepoint ${name}`)) {
        await this.#transaction.run('release', { statement: { text: `release savepoint ${name}`, parameters: [], results: 'none' }, context: {} });
      }
    });
  }

  commit(): Promise<void> {
    return this.#next(async () => {
      await this.#replay();
      const xid = this.#log?.own.hasAny === true ? new ResultColumns(['text']) : undefined;
      await this.#transaction.commit(xid && { statement: { text: 'select pg_current_xact_id_if_assigned()::text', parameters: [], results: 'binary' }, sink: xid });
      if (this.#written > 0) this.#onWritten?.(this.#written);
      const [own] = xid?.columns[0] ?? [];
      if (typeof own === 'string') this.#committedAs = this.#log?.stampOf(BigInt(own));
    });
  }

  rollback(): Promise<void> {
    return this.#next(() => this.#transaction.rollback());
  }

  async #openCursor(query: Query, context: StatementContext): Promise<{ readonly serial: number; readonly types: readonly ColumnType[] }> {
    const { text, parameters, types } = queryStatement(this.schema, query, this.#home.foldingCollation);
    this.#named += 1;
    const serial = this.#named;
    await this.#hearing(this.#transaction.run('open a stream', { statement: { text: `declare c${serial} no scroll cursor for ${text}`, parameters, results: 'none' }, context }));
    this.#cursors.add(serial);
    return { serial, types };
  }

  /** Lets go of a cursor that is still there; one of a session that is over or has failed goes with its transaction. */
  async #closeCursor(serial: number): Promise<void> {
    if (!this.#cursors.delete(serial) || this.state !== 'open') return;
    await this.#transaction.run('close a stream', { statement: plainStatement(`close c${serial}`), context: {} });
  }

  async #rows(call: string, statement: RowsStatement, context: StatementContext): Promise<readonly unknown[][]> {
    const result = new ResultColumns(statement.types);
    await this.#hearing(this.#transaction.run(call, { statement, sink: result, context }));
    return result.columns;
  }

  /** An answer, with its stamp when it was asked for and may be kept. */
  async #answer(call: string, statement: RowsStatement, { stamped, ...context }: StatementContext & { readonly stamped?: boolean | undefined }): Promise<StampedRows> {
    const log = stamped === true ? this.#log : undefined;
    if (!log || log.own.hasAny) return { columns: await this.#rows(call, statement, context) };
    if (!log.isFixed) {
      const wrapped = stampedStatement(statement);
      return wrapped.read(await this.#rows(call, wrapped, context), log);
    }
    const columns = await this.#rows(call, statement, context);
    return { columns, stamp: log.stamp() };
  }

  /** Runs a statement that answers the ids of the rows it changed. */
  async #write(call: string, plain: RowsStatement, { rows, fields, ...context }: StatementContext & { readonly model: string; readonly rows: number; readonly fields: readonly string[] | null }): Promise<readonly StoredId[]> {
    const { model } = context;
    const isDelete = call === 'delete';
    const statement = this.#sending ? withLogRows(plain, this.#sending, this.schema, { model, rows, fields, isDelete }) : plain;
    const learning = this.#log?.learning(model, isDelete);
    const result = new ResultColumns(statement.types);
    await this.#hearing(this.#transaction.run(call, { statement, sink: result, context, then: learning?.then }));
    const ids = result.columns[0] as StoredId[]; // the statement's one column
    this.#written += ids.length > MOST_ROWS ? 1 : ids.length;
    this.#log?.wrote(model, ids, fields);
    learning?.learn();
    return ids;
  }

  /** Asks again what caches had answered, so that the database sees these reads, and looks whether it says the same. */
  async #replay(): Promise<void> {
    if (this.#cachedReads.length === 0 || !this.#log || this.state !== 'open') return;
    const reads = this.#cachedReads.splice(0);
    for (const batch of replayBatches(this.schema, reads, { foldingCollation: this.#home.foldingCollation, isChangedHere: (tag) => this.#log?.own.has(tag) ?? false })) {
      const [first, ...then] = batch.companions;
      if (first) await this.#hearing(this.#transaction.run('replay cached reads', { ...first, then, context: { model: batch.model } }));
      const error = batch.difference();
      if (!error) continue;
      await this.#transaction.rollback();
      throw error;
    }
  }

  /** Takes in what came with the first answer, also when the statement behind it was refused. */
  async #hearing<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } finally {
      this.#log?.heard();
    }
  }

  /** A second statement only when the first has not met every version. */
  async #demandVersions(versions: ExpectedVersions, met: readonly StoredId[]): Promise<void> {
    const suspects = unmet(versions, met);
    if (suspects.length === 0) return;
    const question: ReadQuestion = { model: versions.model, ids: suspects, fields: [versionColumn(this.schema, versions.model).field] };
    const error = versionError(versions, suspects, asColumns(await this.#rows('read', readStatement(this.schema, question), question)));
    if (!error) return;
    // The records that had their versions are changed: only a rollback makes it all or none.
    this.#transaction.fail();
    throw error;
  }

  /** Forgets a savepoint and those inside it. @returns its name for the server */
  #leave(call: string, savepoint: SessionSavepoint): string {
    const at = this.#savepoints.findIndex((known) => known === savepoint);
    const [known] = at === -1 ? [] : this.#savepoints.splice(at);
    if (!known) throw new SavepointGoneError(call);
    return known.name;
  }

  #next<T>(call: () => Promise<T>): Promise<T> {
    return this.#calls.add(call);
  }
}

function asColumns(answer: readonly unknown[][] | StampedRows): Columns {
  const { columns: [ids, ...columns], stamp }: StampedRows = 'columns' in answer ? answer : { columns: answer };
  return { ids: ids as StoredId[], columns, ...stamp && { stamp } }; // every such statement answers the id first
}

function onlyThose(ids: readonly StoredId[], inserted: readonly StoredId[]): readonly StoredId[] {
  const known = new Set(inserted);
  return ids.filter((id) => known.has(id));
}

/** The database gives ids out in the order of the rows, but nothing promises that it answers in that order. */
function inRowOrder(ids: (number | bigint)[]): (number | bigint)[] {
  for (let n = 1; n < ids.length; n++) {
    // Inside the bounds of the loop.
    if ((ids[n] as number | bigint) < (ids[n - 1] as number | bigint)) return ids.sort((a, b) => (a < b ? -1 : 1));
  }
  return ids;
}
