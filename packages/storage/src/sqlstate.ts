import { ConflictError, ConstraintError, MisuseError, OutageError, type OrmoluError, type OrmoluErrorOptions, type Schema, type StoredId, type TableSchema } from '@ormolu/kernel';
import { inBrackets, ReadOnlyError, type StatementContext } from './errors';
import { isNameOf } from './statements/identifiers';

/** What a PostgreSQL server says about a statement it refused. Texts may hold values: they go into `details` only. */
export interface ServerError {
  readonly severity?: string;
  readonly sqlstate: string;
  readonly message: string;
  readonly detail?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
}

/** Where an error happened, in words of the schema. */
interface Place {
  readonly model: string | undefined;
  readonly field: string | undefined;
  readonly words: string;
  /** The id that a reference leads to, quoted by the server. */
  readonly target: string | undefined;
  /** The id of the row refused, among those sent. */
  readonly row: StoredId | undefined;
}

/**
 * Turns a refusal of the server into our error: by class what code can do about it, by text what a person can.
 *
 * @see PostgreSQL manual, appendix A, "PostgreSQL Error Codes"
 */
export function errorOfSqlstate(error: ServerError, schema: Schema, context: StatementContext): OrmoluError {
  const place = locate(error, schema, context);
  const options = {
    cause: new ServerRefusal(error.sqlstate),
    details: { sqlstate: error.sqlstate, server: error.message, detail: error.detail, constraint: error.constraint, model: place.model, field: place.field },
  };
  if (error.sqlstate.startsWith('42') && LOG_NAME.test(error.message)) {
    return new MisuseError('STORAGE_CHANGE_LOG', `The change log 'ormolu_log' is not where the triggers of the tables write it, or this user may not use it${place.words}. Run db.migrate() as the role that owns the tables; to be without a log, use the option changeLog: false and drop the triggers. What the database said stands in details.server.`, options);
  }
  const known = KNOWN[error.sqlstate];
  // A fatal one ends the connection, whatever its code means otherwise: poolers send 08P01 for servers that are away.
  if (known && error.severity !== 'FATAL') return known(place, options, context);
  const kind = CLASSES[error.sqlstate.slice(0, 2)];
  if (kind) return kind(place, options, context);
  return new MisuseError('STORAGE_SQL_REFUSED', `The database refused a statement${place.words} with SQLSTATE ${error.sqlstate}; what it said stands in details.server.`, options);
}

/** The cause of every error that a server raised; its text holds the code alone, since a server's own may quote values. */
class ServerRefusal extends Error {
  constructor(sqlstate: string) {
    super(`PostgreSQL answered SQLSTATE ${sqlstate}`);
    this.name = 'ServerRefusal';
  }
}

/** The change log's table, or a function around it. */
const LOG_NAME = /\bormolu_log(_trim|_signal)?\b/;

type Maker = (place: Place, options: OrmoluErrorOptions, context: StatementContext) => OrmoluError;

const KNOWN: Readonly<Record<string, Maker>> = {
  '23505': (place, options, { ids }) => new ConstraintError('STORAGE_UNIQUE', `Another record has the same value${place.words}, which must be unique${alone(ids)}. Change the value, or look for the record first.`, options),
  '23503': (place, options, { ids }) => new ConstraintError('STORAGE_FOREIGN_KEY', `A reference${place.words} does not hold: a record refers to one that does not exist, or that is being removed${place.target === undefined ? alone(ids) : ` (id ${place.target})`}. Create the one referred to first, or remove those that refer to it.`, options),
  '23502': (place, options, { ids }) => new ConstraintError('STORAGE_NOT_NULL', `A value is missing${place.words}, which is required${row(place, ids)}. Give it one.`, options),
  '23514': (place, options, { ids }) => new ConstraintError('STORAGE_CHECK', `A check of the database refuses a value${place.words}${row(place, ids)}. Its name stands in details.constraint.`, options),
  '23P01': (place, options, { ids }) => new ConstraintError('STORAGE_CHECK', `An exclusion constraint of the database refuses a value${place.words}${alone(ids)}. Its name stands in details.constraint.`, options),
  '40001': (place, options, { ids }) => new ConflictError('STORAGE_SERIALIZATION', `Another transaction changed what this one has read or was to change${place.words}${alone(ids)}. Run the whole work again in a fresh transaction.`, options),
  '40P01': (place, options, { ids }) => new ConflictError('STORAGE_DEADLOCK', `Two transactions waited for each other${place.words}${alone(ids)}, and the database ended this one. Run the whole work again in a fresh transaction.`, options),
  '55P03': (place, options, { ids }) => new ConflictError('STORAGE_LOCKED', `Another transaction holds a lock${place.words}${alone(ids)} for longer than this one may wait. Run the whole work again later.`, options),
  '57014': (place, options, { ids }) => new OutageError('STORAGE_TIMEOUT', `The database cancelled a statement${place.words}${alone(ids)}: it took longer than statement_timeout allows, or somebody cancelled it. Ask for less at once, or raise the timeout.`, options),
  // Of the class of lost connections, and no such thing: the server has refused one message and goes on.
  '08P01': (place, options) => new MisuseError('STORAGE_SQL_REFUSED', `The database refused the parameters of a statement${place.words}. Give as many parameters as the text has places: $1, $2 and so on.`, options),
  '25006': (place) => new ReadOnlyError(place.model),
  '42501': (place, options) => new MisuseError('STORAGE_SQL_REFUSED', `The database user has not the right to run a statement${place.words}. Grant it, or connect as another user; what it said stands in details.server.`, options),
  '42P01': (place, options) => place.model === undefined ? unknownName(options) : new MisuseError('STORAGE_NOT_MIGRATED', `The database has no table${place.words}. Run db.migrate() before using it.`, options),
  '42703': (place, options) => place.model === undefined ? unknownName(options) : new MisuseError('STORAGE_NOT_MIGRATED', `The database lacks a column${place.words}. Run db.migrate() before using it.`, options),
};

/** In a statement of the caller's own, which no migration knows. */
function unknownName(options: OrmoluErrorOptions): MisuseError {
  return new MisuseError('STORAGE_SQL_REFUSED', 'A statement names a table or column that the database does not have; what it said stands in details.server. Correct the name, or migrate when it is one of a model.', options);
}

const lost: Maker = (place, options) => new OutageError('STORAGE_CONNECTION_LOST', `The database ended the connection in the middle of a transaction${place.words}; its changes are undone. Run the work again when the database is back.`, options);
const exhausted: Maker = (place, options) => new OutageError('STORAGE_RESOURCES', `The database has run out of a resource (connections, memory or disk)${place.words}; what it said stands in details.server.`, options);
const internal: Maker = (place, options) => new OutageError('STORAGE_SERVER_FAULT', `The database failed by itself${place.words}; what it said stands in details.server and in its log.`, options);

const CLASSES: Readonly<Record<string, Maker>> = {
  // What else made the server roll a transaction back.
  '40': (place, options) => new ConflictError('STORAGE_SERIALIZATION', `The database rolled the transaction back${place.words}. Run the whole work again in a fresh transaction.`, options),
  '08': lost,
  '57': lost,
  '53': exhausted,
  '54': (place, options) => new MisuseError('STORAGE_VALUE_REFUSED', `Something is larger than PostgreSQL takes${place.words}, such as an indexed text of more than 2,700 bytes; what it said stands in details.server. Make it smaller, or leave the index out.`, options),
  '58': internal,
  XX: internal,
  '22': (place, options) => new MisuseError('STORAGE_VALUE_REFUSED', `The database cannot take a value${place.words}: it is out of range or not of the column's form. Convert it before writing or searching.`, options),
};

/** Ids are worth naming when they can only be these: one record, or few. */
function alone(ids: StatementContext['ids']): string {
  return ids !== undefined && ids.length <= 5 ? inBrackets(ids) : '';
}

/** The row that was refused where the server says which, else those that may be it. */
function row({ row: id }: Place, ids: StatementContext['ids']): string {
  return id === undefined ? alone(ids) : inBrackets([id]);
}

/** `Key (country_id)=(7) is …`: the columns stand before the values, which are told only where one is an id. */
const KEY = /^Key \(([^)=]+)\)=\(([^)]*)\)/;

/** `Failing row contains (7, …`: the id of a row stands first in tables of ours. */
const ROW = /^Failing row contains \(([^,)]*)/;

function locate(error: ServerError, schema: Schema, context: StatementContext): Place {
  const table = error.table === undefined ? undefined : schema.tables.find((candidate) => candidate.table === error.table);
  const model = table?.model ?? context.model;
  const [, keyColumns = '', key] = KEY.exec(error.detail ?? '') ?? [];
  const [keyColumn, ...more] = keyColumns.split(', ').map((column) => column.replace(/^"(.*)"$/, '$1'));
  const field = table && fieldOfColumn(table, error.column ?? keyColumn, error.constraint);
  // Only an id that was sent is taken for one: in a table of others, something else may stand first.
  const [, first] = ROW.exec(error.detail ?? '') ?? [];
  const row = context.ids?.find((id) => String(id) === first);
  if (table && more.length > 0 && keyColumn !== undefined) {
    const fields = [keyColumn, ...more].map((column) => fieldOfColumn(table, column, undefined) ?? column);
    return { model, field: fields.join(', '), target: undefined, row, words: ` in fields '${fields.join("', '")}' of model '${table.model}'` };
  }
  const target = table?.columns.some(({ column }) => isNameOf(error.constraint, table.table, column, 'fkey')) === true ? key : undefined;
  if (model === undefined) return { model, field, target, row, words: '' };
  if (field === undefined && error.column !== undefined) return { model, field, target, row, words: ` in column '${error.column}' of model '${model}', which has no field for it` };
  return { model, field, target, row, words: field === undefined ? ` in model '${model}'` : ` in field '${field}' of model '${model}'` };
}

function fieldOfColumn(table: TableSchema, column: string | undefined, constraint: string | undefined): string | undefined {
  // A foreign key names its column in the constraint; the key it quotes is that of the table referred to.
  const byConstraint = constraint === undefined ? undefined : table.columns.find((candidate) => isNameOf(constraint, table.table, candidate.column, 'fkey') || isNameOf(constraint, table.table, candidate.column, 'key'));
  if (byConstraint) return byConstraint.field;
  return column === table.idColumn ? 'id' : table.columns.find((candidate) => candidate.column === column)?.field;
}
