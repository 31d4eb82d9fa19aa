import { ConflictError, ConstraintError, MisuseError, OutageError } from '@ormolu/kernel';

/** The server could not be reached. */
export class UnreachableError extends OutageError {
  constructor(address: string, reason: string, cause: unknown, remedy = 'Is it running, and is this its address?') {
    super('REMOTE_UNREACHABLE', `The server at ${address} could not be reached: ${reason}. ${remedy} The next transaction tries again.`, { cause });
  }
}

/** The connection broke while a transaction was open: the server has rolled it back. */
export class ConnectionLostError extends OutageError {
  /** @param reason - where it is known, with a colon before it */
  constructor(address: string, reason = '') {
    super('REMOTE_CONNECTION_LOST', `The connection to the server at ${address} broke${reason}. What was not committed is rolled back there; run the whole work again, a new transaction connects anew.`);
  }
}

/** The server did not answer in time. */
export class DeadlineError extends OutageError {
  constructor(address: string, call: string, deadlineMs: number) {
    super('REMOTE_DEADLINE', `The server at ${address} did not answer ${call} within ${String(deadlineMs)} ms. The transaction is given up; if statements may take longer, raise callTimeout.`);
  }
}

/** The connection broke while COMMIT was on its way, and the server told afterwards that it never came to it. */
export class NotCommittedError extends OutageError {
  constructor(address: string) {
    super('REMOTE_NOT_COMMITTED', `The connection to the server at ${address} broke before the transaction was committed: nothing of it is there, and never will be. Run the whole work again.`);
  }
}

/** The connection broke while COMMIT was on its way, and the server cannot be asked what became of it. */
export class RemoteCommitUnknownError extends OutageError {
  constructor(address: string, token: string, cause: unknown) {
    super('REMOTE_COMMIT_UNKNOWN', `The connection to the server at ${address} broke while COMMIT was on its way, and it cannot be asked since: the changes are there either all or none. Read them back before doing the work again.`, { cause, details: { token } });
  }
}

/** The server does not let this client in. */
export class AccessError extends MisuseError {
  constructor(address: string) {
    super('REMOTE_ACCESS', `The server at ${address} does not accept this token. Give the option 'token' of remote() what the server's option 'auth' knows.`);
  }
}

/** A user's client asked for what only workers may do. */
export class ForbiddenError extends MisuseError {
  constructor(call: string, model?: string) {
    super('REMOTE_FORBIDDEN', `The token of this client is a user's, which may not ${call}${model === undefined ? '' : ` records of '${model}'`}: it may do what 'auth' of the server says, with what the user's groups allow. Let a program do it that has a worker's token.`, { details: { call, ...model !== undefined && { model } } });
  }
}

/** What a user has written breaks a rule of something that he does not see. */
export class HiddenRuleError extends ConstraintError {
  /** @param code - that of the rule, by which a program knows what kind it is */
  constructor(code: string) {
    super(code, 'What was written breaks a rule about something that this user does not see, such as a field that is computed from it. Write other values, or let a program do it that has a worker\'s token.');
  }
}

/** What a user may see has become more or less since his client asked. */
export class ViewChangedError extends ConflictError {
  constructor() {
    super('REMOTE_VIEW', 'What this user may see has changed since his program asked the server. Run the whole work again: the next transaction asks anew.');
  }
}

/** A user's client has other models than the server. */
export class OtherModelsError extends MisuseError {
  constructor(model: string) {
    super('REMOTE_MODELS', `Model '${model}' of this client is kept in another table, or in other columns, than that of the server. A user's client takes its models from the program that serves; it may leave out what the user does not see.`, { details: { model } });
  }
}

/** The other side speaks another version of the protocol, or is no server of Ormolu. */
export class ProtocolError extends MisuseError {
  constructor(address: string, what: string) {
    super('REMOTE_PROTOCOL', `What answers at ${address} is no server that this client understands: ${what}. Use the same version of @ormolu/remote on both sides, or the address of a server of Ormolu.`);
  }
}

/** A call whose arguments are none of the protocol's. */
export class MalformedCallError extends MisuseError {
  constructor(call: string, what: string) {
    super('REMOTE_PROTOCOL', `The call '${call}' is not as this version of the protocol has it: ${what}. Nothing was done. Send what a session of @ormolu/remote sends, of the same version as the server's.`, { details: { call } });
  }
}

/** An option of serve() or remote() that cannot be meant. */
export class RemoteOptionError extends MisuseError {
  constructor(what: string, remedy: string) {
    super('REMOTE_OPTION', `${what}. ${remedy}`);
  }
}

/** More is asked of the server than its limits allow. */
export class LimitError extends MisuseError {
  constructor(what: string, remedy: string) {
    super('REMOTE_LIMIT', `${what}. ${remedy}`);
  }
}

/** A session lay idle for too long, and the server has rolled it back. */
export class IdleError extends OutageError {
  constructor(idleMs: number) {
    super('REMOTE_IDLE', `The transaction was not used for ${String(idleMs)} ms, and the server has rolled it back. Do slow work before or behind a transaction, or raise limits.idleTimeout of serve().`);
  }
}

/** A session was open for too long, and the server has rolled it back. */
export class TooLongError extends OutageError {
  constructor(longestMs: number) {
    super('REMOTE_TOO_LONG', `The transaction was open for ${String(longestMs)} ms, and the server has rolled it back: others need what it holds. Do less in one transaction, or raise limits.maxTransactionTime of serve().`);
  }
}

/** Something failed inside the server that is nobody's mistake here. */
export class ServerFaultError extends OutageError {
  constructor() {
    super('REMOTE_FAULT', 'The server failed in a way it does not tell of; its own log has the error. The transaction is to be rolled back.');
  }
}
