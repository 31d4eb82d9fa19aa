import { describeIds, MisuseError, OutageError, type StoredId } from '@ormolu/kernel';

/** A stream was read on after a rollback had taken it back. */
export class StreamGoneError extends MisuseError {
  constructor(model: string) {
    super('STORAGE_STREAM_GONE', `A stream of model '${model}' was read on after a rollback to a savepoint that was set before it began. Read to its end first, or begin it again.`, { details: { model } });
  }
}

/** Something with a table, or with a name that means nothing, was to be signalled. */
export class SignalError extends MisuseError {
  constructor(model: string) {
    super('STORAGE_SIGNAL', `'${model}' was to be signalled, and is no name for that. Names begin with '$'; of what has a table the database tells by itself.`);
  }
}

/** Something that only a storage speaking SQL can do. */
export class SqlUnsupportedError extends MisuseError {
  constructor(storage: string) {
    super('STORAGE_SQL_UNSUPPORTED', `Storage '${storage}' takes no SQL. Ask storage.capabilities.sql first, or use PGlite or PostgreSQL.`);
  }
}

/** A write in a session that was opened for reading. */
export class ReadOnlyError extends MisuseError {
  constructor(model: string | undefined) {
    super('STORAGE_READ_ONLY', `The session is read-only${model === undefined ? '' : ` and cannot change model '${model}'`}. Open the transaction without readOnly.`, { details: { model } });
  }
}

/** Rows were to be added to a model whose ids the database does not make. */
export class IdsMissingError extends MisuseError {
  constructor(model: string) {
    super('STORAGE_IDS_MISSING', `The ids of model '${model}' are texts, which the database does not make: give one with every new record.`, { details: { model } });
  }
}

/** The connection broke while COMMIT was on its way: whether the changes are there, nobody here knows. */
export class CommitUnknownError extends OutageError {
  constructor(storage: string, cause: unknown) {
    super('STORAGE_COMMIT_UNKNOWN', `Storage '${storage}' lost its connection while COMMIT was on its way: the changes are there either all or none. Read them back before doing the work again.`, { cause });
  }
}

/** The connection broke in the middle of a transaction: its changes are undone. */
export class ConnectionLostError extends OutageError {
  constructor(storage: string, cause: unknown) {
    super('STORAGE_CONNECTION_LOST', `Storage '${storage}' lost its connection to the database in the middle of a transaction, which is undone. Run the work again when the database is back.`, { cause });
  }
}

/** No connection to be had. */
export class ConnectionRefusedError extends OutageError {
  constructor(storage: string, reason: string, cause: unknown) {
    super('STORAGE_REFUSED', `Storage '${storage}' got no connection to the database: ${reason}.`, { cause });
  }
}

/** Who was asked what when the database refused: for the words of an error. */
export interface StatementContext {
  readonly model?: string | undefined;
  readonly ids?: readonly StoredId[] | undefined;
}

/** ` (ids 1, 2 and 3 more)`, or nothing when they are unknown. */
export function inBrackets(ids: readonly StoredId[] | undefined): string {
  return ids === undefined || ids.length === 0 ? '' : ` (${ids.length === 1 ? 'id' : 'ids'} ${describeIds(ids)})`;
}
