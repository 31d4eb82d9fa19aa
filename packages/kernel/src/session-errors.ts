import { MisuseError } from './errors';
import type { SessionState } from './session';

/** A session was used in a state that does not allow it. */
export class SessionStateError extends MisuseError {
  constructor(call: string, state: SessionState) {
    const remedy = state === 'failed'
      ? 'An earlier statement failed, so that the database refuses all others: roll back, to a savepoint or altogether.'
      : 'Open another session.';
    super('STORAGE_SESSION_STATE', `The session is ${state} and cannot ${call}. ${remedy}`, { details: { call, state } });
  }
}

/** A savepoint was used after it was gone, or by a session that did not make it. */
export class SavepointGoneError extends MisuseError {
  constructor(call: string) {
    super('STORAGE_SAVEPOINT_GONE', `A savepoint can be used once, by the session that made it, and ${call} came after it was gone: it was released or rolled back before, by itself or with one around it.`);
  }
}

/** A session was opened inside another one of the same flow, on a storage with one connection. */
export class SessionNestedError extends MisuseError {
  constructor(storage: string) {
    super('STORAGE_SESSION_NESTED', `Storage '${storage}' has one connection, and this flow of calls holds it already: a second session would wait for the first for ever. Use the open transaction, or a savepoint of it, instead of opening another.`);
  }
}

/** The storage was to be closed by a flow of calls that holds a session of it. */
export class CloseNestedError extends MisuseError {
  constructor(storage: string) {
    super('STORAGE_CLOSE_NESTED', `Storage '${storage}' was to be closed inside a transaction of its own, whose end it would wait for for ever. Close it when the transaction is over.`);
  }
}

/** The storage was closed before. */
export class StorageClosedError extends MisuseError {
  constructor(storage: string) {
    super('STORAGE_CLOSED', `Storage '${storage}' is closed. Open the database again before using it.`);
  }
}
