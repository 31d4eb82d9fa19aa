import {
  MisuseError, SavepointGoneError, type Columns, type GroupQuery, type Groups, type InsertRows, type Isolation, type Query, type ReadQuestion, type Schema, type Session, 
  type CachedRead, type CommittedImages, type Heard, type SessionSavepoint, type SessionState, type Sight, type StoredId, type StreamOptions, type Tag, type UpdateRows,
} from '@ormolu/kernel';
import { randomUUID } from 'node:crypto';
import { CallQueue } from './call-queue';
import { replayBatches } from './change-log/replay';
import type { StampedRows } from './change-log/stamped';
import { IdsMissingError, SignalError } from './errors';
import { unmet, versionColumn, versionError, type ExpectedVersions } from './record-version';
import { SqlCursors, type Cursor } from './sql-cursors';
import { SqlStatements, type LogPart } from './sql-statements';
import type { SqlHome, SqlTransaction } from './sql-transaction';
import { checkedIds, checkedInsert, checkedUpdate, checkFields } from './statements/check-rows';
import { groupStatement } from './statements/group';
import { batchSizeOf, countStatement, queryStatement } from './statements/query';
import { deleteStatement, insertStatement, readStatement, updateStatement } from './statements/records';
import { textParameter } from './wire/text-form';

interface Savepoint extends SessionSavepoint {
  /** Its place among the session's savepoints and cursors, in the order they were made. */
  readonly serial: number;
  /** How many images of own rows there were: those that follow go with it. */
  readonly images: number;
}

/** How a session's transaction was begun, and its part in the change log. */
export interface SqlSessionOptions extends Pick<Session, 'schema' | 'isolation' | 'readOnly'>, LogPart {
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
  readonly #statements: SqlStatements;
  readonly #cursors: SqlCursors;
  readonly #log: LogPart['log'];
  /** Each with the names that it was noted by. */
  readonly #cachedReads: { readonly schema: Schema; readonly reads: readonly CachedRead[] }[] = [];
  readonly #onWritten: SqlSessionOptions['onWritten'];
  #committed: CommittedImages | undefined;
  #serial = 0;

  /** @param options - what the transaction was begun with */
  constructor(home: SqlHome, transaction: SqlTransaction, { schema, isolation, readOnly, log, sending, onWritten }: SqlSessionOptions) {
    this.#onWritten = onWritten;
    this.#log = log;
    this.schema = schema;
    this.isolation = isolation;
    this.readOnly = readOnly;
    this.#home = home;
    this.#transaction = transaction;
    this.#statements = new SqlStatements(transaction, { log, sending });
    this.#cursors = new SqlCursors(transaction, this.#statements);
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

  get committed(): CommittedImages | undefined {
    return this.#committed;
  }

  sight(): Promise<Sight | undefined> {
    // Each question to a cache asks for it: what cannot change any more is there at once.
    const known = this.#calls.isIdle && this.state === 'open' ? this.#log?.knownSight : undefined;
    if (known) return Promise.resolve(known);
    return this.#next(async () => {
      this.#transaction.demand('look at the change log', 'open');
      return this.#log?.sight(async () => {
        if (!this.#transaction.isBegun) await this.#statements.hearing(this.#transaction.begin('begin'));
      });
    });
  }

  get heard(): Heard | undefined {
    return this.#log?.told;
  }

  takeTouched(): readonly Tag[] {
    return this.#log?.own.takeTouched() ?? [];
  }

  noteCached(reads: readonly CachedRead[]): void {
    if (this.isolation === 'serializable' && this.#log) this.#cachedReads.push({ schema: this.schema, reads });
  }

  signal(models: readonly string[]): Promise<void> {
    return this.#next(async () => {
      const wrong = models.find((model) => !model.startsWith('$'));
      if (wrong !== undefined) throw new SignalError(wrong);
      if (models.length === 0) return;
      await this.#statements.run('signal', { statement: { text: 'select ormolu_log_signal($1::text[])', parameters: [textParameter(models)], results: 'none' }, context: {} });
      this.#log?.own.met(models.map((model) => ({ model, id: null, fields: null })));
    });
  }

  read(question: ReadQuestion): Promise<Columns> {
    return this.#next(async () => {
      checkFields(this.schema, question.model, question.fields);
      if (question.ids.length === 0) return { ids: [], columns: question.fields.map(() => []) };
      return asColumns(await this.#statements.answer('read', readStatement(this.schema, question), question));
    });
  }

  query(query: Query): Promise<Columns> {
    return this.#next(async () => asColumns(await this.#statements.answer('query', queryStatement(this.schema, query, this.#home.foldingCollation), query)));
  }

  async* stream(query: Query, options: StreamOptions = {}): AsyncGenerator<Columns, void, undefined> {
    const batchSize = batchSizeOf(options);
    const cursor = await this.#next(() => this.#openCursor(query));
    try {
      for (let isWhole = true; isWhole;) {
        const batch = await this.#next(() => this.#cursors.fetch(cursor, batchSize));
        isWhole = batch[0]?.length === batchSize;
        if (batch[0]?.length !== 0) yield asColumns(batch);
      }
    } finally {
      await this.#next(() => this.#cursors.close(cursor));
    }
  }

  count(query: Query): Promise<number> {
    return this.#next(async () => {
      const [counts] = await this.#statements.rows('count', countStatement(this.schema, query, this.#home.foldingCollation), { model: query.model });
      return Number(counts?.[0]);
    });
  }

  group(query: GroupQuery): Promise<Groups> {
    return this.#next(async () => {
      const statement = groupStatement(this.schema, query, this.#home.foldingCollation);
      const { columns, stamp } = await this.#statements.answer('group', statement, query);
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
      const added = await this.#statements.write('insert', (answered) => insertStatement(this.schema, { ...rows, ids }, answered), this.schema, { model: rows.model, ids, rows: rows.count, fields: null });
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
        ? (await this.#statements.rows('update', readStatement(this.schema, rows), rows))[0] as StoredId[] // the statement's one column
        : await this.#statements.write('update', (answered) => updateStatement(this.schema, rows, answered), this.schema, { model, ids, rows: ids.length, fields });
      // Without a field nothing has asked for the versions yet.
      if (expected) await this.#demandVersions({ model, ids, expected }, fields.length === 0 ? [] : found);
      return found;
    });
  }

  delete(model: string, given: readonly StoredId[], expected?: readonly (bigint | null)[]): Promise<readonly StoredId[]> {
    return this.#next(async () => {
      const ids = checkedIds(this.schema, model, given, expected);
      if (ids.length === 0) return [];
      const found = await this.#statements.write('delete', () => deleteStatement(this.schema, model, ids, expected), this.schema, { model, ids, rows: ids.length, fields: null });
      if (expected) await this.#demandVersions({ model, ids, expected }, found);
      return found;
    });
  }

  sql(text: string, params: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
    return this.#next(async () => {
      // It would end the text in the middle of a message.
      if (text.includes('\0')) throw new MisuseError('STORAGE_SQL_REFUSED', 'A statement holds the character U+0000, which PostgreSQL has no place for. Leave it out.');
      // Behind it, names may lead elsewhere, and the same question be another.
      await this.#replay();
      return this.#statements.described(text, params);
    });
  }

  savepoint(): Promise<SessionSavepoint> {
    return this.#next(() => {
      this.#transaction.demand('savepoint', 'open');
      this.#serial += 1;
      const savepoint: Savepoint = { depth: this.#savepoints.length + 1, serial: this.#serial, images: this.#log?.images.mark ?? 0 };
      this.#savepoints.push(savepoint);
      this.#transaction.defer(`savepoint ${nameOf(savepoint)}`);
      return Promise.resolve(savepoint);
    });
  }

  rollbackTo(savepoint: SessionSavepoint): Promise<void> {
    return this.#next(async () => {
      this.#transaction.demandSavepoints('rollbackTo');
      const left = this.#leave('rollbackTo', savepoint);
      this.#cursors.forgetBehind(left.serial);
      this.#log?.backTo(left.images);
      const name = nameOf(left);
      if (!this.#transaction.takeBack(`savepoint ${name}`)) await this.#transaction.returnTo(name);
    });
  }

  release(savepoint: SessionSavepoint): Promise<void> {
    return this.#next(async () => {
      this.#transaction.demand('release', 'open');
      const name = nameOf(this.#leave('release', savepoint));
      if (!this.#transaction.takeBack(`savepoint ${name}`)) {
        await this.#transaction.run('release', { statement: { text: `release savepoint ${name}`, parameters: [], results: 'none' }, context: {} });
      }
    });
  }

  commit(): Promise<void> {
    return this.#next(async () => {
      await this.#replay();
      const telling = this.state === 'open' ? this.#log?.telling() : undefined;
      if (telling) await this.#statements.run('commit', { statement: telling, context: {} });
      const committed = await this.#statements.commit();
      if (this.#statements.written > 0) this.#onWritten?.(this.#statements.written);
      this.#committed = committed;
    });
  }

  rollback(): Promise<void> {
    return this.#next(() => this.#transaction.rollback());
  }

  abandon(): void {
    this.#transaction.abandon();
  }

  #openCursor(query: Query): Promise<Cursor> {
    this.#serial += 1;
    return this.#cursors.open(this.#serial, queryStatement(this.schema, query, this.#home.foldingCollation), { model: query.model });
  }

  /** Asks again what caches had answered, so that the database sees these reads, and looks whether it says the same. */
  async #replay(): Promise<void> {
    if (this.#cachedReads.length === 0 || !this.#log || this.state !== 'open') return;
    const log = this.#log;
    const noted = this.#cachedReads.splice(0);
    const schemas = [...new Set(noted.map(({ schema }) => schema))];
    const batches = schemas.flatMap((schema) => replayBatches(schema, noted.flatMap((one) => (one.schema === schema ? one.reads : [])), { foldingCollation: this.#home.foldingCollation, isChangedHere: (tag) => log.own.has(tag) }));
    for (const batch of batches) {
      const [first, ...then] = batch.companions;
      if (first) await this.#statements.run('replay cached reads', { ...first, then, context: { model: batch.model } });
      const error = batch.difference();
      if (!error) continue;
      await this.#transaction.rollback();
      throw error;
    }
  }

  /** A second statement only when the first has not met every version. */
  async #demandVersions(versions: ExpectedVersions, met: readonly StoredId[]): Promise<void> {
    const suspects = unmet(versions, met);
    if (suspects.length === 0) return;
    const question: ReadQuestion = { model: versions.model, ids: suspects, fields: [versionColumn(this.schema, versions.model).field] };
    const error = versionError(versions, suspects, asColumns(await this.#statements.rows('read', readStatement(this.schema, question), question)));
    if (!error) return;
    // The records that had their versions are changed: only a rollback makes it all or none.
    this.#transaction.fail();
    throw error;
  }

  /** Forgets a savepoint and those inside it. */
  #leave(call: string, savepoint: SessionSavepoint): Savepoint {
    const at = this.#savepoints.findIndex((known) => known === savepoint);
    const [known] = at === -1 ? [] : this.#savepoints.splice(at);
    if (!known) throw new SavepointGoneError(call);
    return known;
  }

  #next<T>(call: () => Promise<T>): Promise<T> {
    return this.#calls.add(call);
  }
}

/** The server's name for a savepoint. */
function nameOf({ serial }: Savepoint): string {
  return `s${serial}`;
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
