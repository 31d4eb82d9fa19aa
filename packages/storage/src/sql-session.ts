import {
  MisuseError, type Columns, type ColumnType, type GroupQuery, type Groups, type InsertRows, type Isolation, type Query, type ReadQuestion, type Schema, type Session, 
  type SessionSavepoint, type SessionState, type StoredId, type StreamOptions, type UpdateRows,
} from '@ormolu/kernel';
import { randomUUID } from 'node:crypto';
import { IdsMissingError, SavepointGoneError, StreamGoneError, type StatementContext } from './errors';
import { unmet, versionColumn, versionError, type ExpectedVersions } from './record-version';
import type { SqlHome, SqlTransaction } from './sql-transaction';
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

/** A session on any server that speaks PostgreSQL's protocol. Overlapping calls run one after the other. */
export class SqlSession implements Session {
  schema: Schema;
  readonly isolation: Isolation;
  readonly readOnly: boolean;
  readonly #home: SqlHome;
  readonly #transaction: SqlTransaction;
  readonly #savepoints: Savepoint[] = [];
  /** The serial numbers of open cursors; savepoints and cursors are numbered together, in the order they were made. */
  readonly #cursors = new Set<number>();
  #named = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param options - what the transaction was begun with */
  constructor(home: SqlHome, transaction: SqlTransaction, { schema, isolation, readOnly }: Pick<Session, 'schema' | 'isolation' | 'readOnly'>) {
    this.schema = schema;
    this.isolation = isolation;
    this.readOnly = readOnly;
    this.#home = home;
    this.#transaction = transaction;
  }

  adopt(schema: Schema): void {
    this.schema = schema;
    this.#transaction.schema = schema;
  }

  get state(): SessionState {
    return this.#transaction.state;
  }

  get statements(): number {
    return this.#transaction.statements;
  }

  read(question: ReadQuestion): Promise<Columns> {
    return this.#next(async () => {
      if (question.ids.length === 0) return { ids: [], columns: question.fields.map(() => []) };
      return asColumns(await this.#rows('read', readStatement(this.schema, question), question));
    });
  }

  query(query: Query): Promise<Columns> {
    return this.#next(async () => asColumns(await this.#rows('query', queryStatement(this.schema, query, this.#home.foldingCollation), { model: query.model })));
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
      return statement.groups(await this.#rows('group', statement, { model: query.model }));
    });
  }

  insert(rows: InsertRows): Promise<readonly StoredId[]> {
    return this.#next(async () => {
      const { idType } = this.schema.table(rows.model);
      if (rows.ids === undefined && idType === 'text') throw new IdsMissingError(rows.model);
      if (rows.count === 0) return [];
      // Made here, uuids need no promise of the database about the order of its answers.
      const ids = rows.ids ?? (idType === 'uuid' ? Array.from({ length: rows.count }, () => randomUUID()) : undefined);
      const [given] = await this.#rows('insert', insertStatement(this.schema, { ...rows, ids }), { model: rows.model, ids });
      if (ids) return rows.skipsExisting ? onlyThose(ids, given as StoredId[]) : ids; // the statement's one column
      return inRowOrder(given as (number | bigint)[]); // of ids the database made
    });
  }

  update(rows: UpdateRows): Promise<readonly StoredId[]> {
    return this.#next(async () => {
      if (rows.ids.length === 0) return [];
      const { model, ids, fields, expected } = rows;
      // Without a field there is nothing to set, but still the question which ids exist.
      const statement = fields.length === 0 ? readStatement(this.schema, rows) : updateStatement(this.schema, rows);
      const [found] = await this.#rows('update', statement, rows);
      // Without a field nothing has asked for the versions yet.
      if (expected) await this.#demandVersions({ model, ids, expected }, fields.length === 0 ? [] : found as StoredId[]);
      return found as StoredId[]; // the statement's one column
    });
  }

  delete(model: string, ids: readonly StoredId[], expected?: readonly (bigint | null)[]): Promise<readonly StoredId[]> {
    return this.#next(async () => {
      if (ids.length === 0) return [];
      const [found] = await this.#rows('delete', deleteStatement(this.schema, model, ids, expected), { model, ids });
      if (expected) await this.#demandVersions({ model, ids, expected }, found as StoredId[]);
      return found as StoredId[]; // the statement's one column
    });
  }

  sql(text: string, params: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
    return this.#next(async () => {
      if (/\bcopy\b[^]*\bfrom\s+stdin\b/i.test(text)) throw new MisuseError('STORAGE_SQL_REFUSED', 'COPY FROM STDIN wants a stream that a session has no way to send. Use create, or INSERT … SELECT FROM unnest.');
      const rows = new DescribedRows();
      await this.#transaction.run('sql', { statement: { text, parameters: params.map(textParameter), results: 'described' }, sink: rows, context: {} });
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
    return this.#next(() => this.#transaction.commit());
  }

  rollback(): Promise<void> {
    return this.#next(() => this.#transaction.rollback());
  }

  async #openCursor(query: Query, context: StatementContext): Promise<{ readonly serial: number; readonly types: readonly ColumnType[] }> {
    const { text, parameters, types } = queryStatement(this.schema, query, this.#home.foldingCollation);
    this.#named += 1;
    const serial = this.#named;
    await this.#transaction.run('open a stream', { statement: { text: `declare c${serial} no scroll cursor for ${text}`, parameters, results: 'none' }, context });
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
    await this.#transaction.run(call, { statement, sink: result, context });
    return result.columns;
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
    const result = this.#last.then(call);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

function asColumns([ids, ...columns]: readonly unknown[][]): Columns {
  return { ids: ids as StoredId[], columns }; // every such statement answers the id first
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
