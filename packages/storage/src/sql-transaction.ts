import { SessionStateError, channels, MisuseError, type Schema, type SessionState, type StatementEvent } from '@ormolu/kernel';
import { CommitUnknownError, ConnectionLostError, type StatementContext } from './errors';
import { FORGET_ALL, FORGET_SETTINGS, touchesConnection } from './connection-traces';
import { errorOfSqlstate } from './sqlstate';
import type { Connection } from './wire/connection';
import { ReplyReader, type RowSink } from './wire/reply-reader';
import { plainStatement, writeStatements, type Statement } from './wire/statement';

/** How often the first message of a transaction is tried: pools may hold several connections that a restarted server has forgotten. */
const ATTEMPTS = 4;

/** What a transaction tells and asks the storage it belongs to. */
export interface SqlHome {
  readonly name: string;
  /** The collation by whose rules letters differ by case only; absent: the column's own. */
  readonly foldingCollation: string | undefined;
  /** So many statements have been sent. */
  countStatements(count: number): void;
}

/** A statement, what takes its rows, and the words for its errors. */
export interface Request {
  readonly statement: Statement;
  readonly sink?: RowSink | undefined;
  readonly context: StatementContext;
  /** Statements that follow it in the same message, as long as all succeed. */
  readonly then?: readonly Companion[] | undefined;
}

/** A statement that travels with another one, and what takes its rows. */
export interface Companion {
  readonly statement: Statement;
  readonly sink?: RowSink | undefined;
}

/**
 * The state of one database transaction and the order of what is sent in it.
 *
 * `open` → `failed` when a statement fails; back to `open` by a rollback to a savepoint; either → `committed` or `rolled back`,
 * when the connection is given back. A lost connection leaves it `failed` without one.
 *
 * BEGIN and SAVEPOINT wait until there is something to do in them and then travel in one message with it: no round trips of their
 * own, and a transaction or savepoint in which nothing happens costs nothing.
 */
export class SqlTransaction {
  readonly #home: SqlHome;
  /** Names for error messages. */
  schema: Schema;
  #connection: Connection | undefined;
  #ahead: Companion[];
  /** Whether the server knows of this transaction. */
  #begun = false;
  /** Whether the database was asked for anything but where the transaction is. */
  #hasAsked = false;
  /** What makes the connection forget whatever this transaction may have left on it; nothing to forget: none. */
  #forgetting: readonly string[] = [];
  /** Whether a statement of the caller's own has ended it. */
  #isEnded = false;
  /** Whether nobody wants any more of it than its end. */
  #isAbandoned = false;
  /** Whether its own COMMIT or ROLLBACK is sent, or what comes behind that. */
  #isEnding = false;
  #isSending = false;
  state: SessionState = 'open';
  statements = 0;

  /** @param options - `begin`: the text of BEGIN; `ahead`: what follows it in the same message */
  constructor(home: SqlHome, connection: Connection, { schema, begin, ahead = [] }: { readonly schema: Schema; readonly begin: string; readonly ahead?: readonly Companion[] | undefined }) {
    this.#home = home;
    this.schema = schema;
    this.#connection = connection;
    this.#ahead = [{ statement: plainStatement(begin) }, ...ahead];
  }

  /** Whether the server knows of this transaction. */
  get isBegun(): boolean {
    return this.#begun;
  }

  /** @throws {SessionStateError} STORAGE_SESSION_STATE unless the state is among these */
  demand(call: string, ...states: readonly SessionState[]): void {
    if (!states.includes(this.state)) throw new SessionStateError(call, this.state);
  }

  /** Refuses to go back to a savepoint: there is none where a statement of the caller's own has ended the transaction, though the session is not over. */
  demandSavepoints(call: string): void {
    if (this.#isEnded) throw endedError();
    if (this.#isAbandoned) this.demand(call, 'open');
    this.demand(call, 'open', 'failed');
  }

  /** Keeps a statement back until the next one travels. */
  defer(text: string): void {
    this.#ahead.push({ statement: plainStatement(text) });
  }

  /** Takes back what is kept since a deferred statement, itself included. @returns false when it has been sent */
  takeBack(text: string): boolean {
    const at = this.#ahead.findIndex(({ statement }) => statement.text === text);
    if (at !== -1) this.#ahead.splice(at);
    return at !== -1;
  }

  /**
   * Sends a statement and waits for its answer.
   * @returns the statement's tag, such as `UPDATE 3`
   */
  run(call: string, request: Request): Promise<string> {
    this.#hasAsked = true;
    return this.#ask(call, request);
  }

  async #ask(call: string, { statement, sink, context, then = [] }: Request): Promise<string> {
    this.demand(call, 'open');
    const sent = [...this.#ahead, { statement, sink }, ...then];
    const statements = sent.map((one) => one.statement);
    const bytes = writeStatements(statements);
    const sinks = sent.map((one) => one.sink);
    // The sinks of a first message that is sent again have taken nothing: a connection that breaks in an answer is not tried again.
    const replies = await this.#exchange(statements, bytes, () => new ReplyReader(sinks));
    if (statement.mayCopy === true && this.#forgetting !== FORGET_ALL) this.#forgetting = touchesConnection(statement.text, replies.sessionTags) ? FORGET_ALL : FORGET_SETTINGS;
    const isChaining = statement.mayCopy === true && isChained(statement.text, replies);
    this.#isEnded ||= isChaining || (statement.mayCopy === true && replies.status === 'I' && !replies.error);
    this.#check(replies, context);
    if (isChaining) {
      // What stands now is another transaction, of which nobody knows: it goes with the rollback.
      this.state = 'failed';
      throw endedError();
    }
    return replies.tag;
  }

  /** Sends what was kept back, with nothing behind it. */
  async begin(call: string): Promise<void> {
    const last = this.#ahead.pop();
    if (last) await this.#ask(call, { ...last, context: {} });
  }

  /** Refuses what follows until a rollback, as the server does after a statement it refused. */
  fail(): void {
    this.demand('fail', 'open');
    this.state = 'failed';
  }

  /** Goes back to a savepoint and drops it. A failed transaction is open again. */
  async returnTo(savepoint: string): Promise<void> {
    this.demandSavepoints('roll back to a savepoint');
    const statements = [plainStatement(`rollback to savepoint ${savepoint}`), plainStatement(`release savepoint ${savepoint}`)];
    const replies = await this.#exchange(statements, writeStatements(statements), () => new ReplyReader());
    this.#check(replies, {});
    this.state = this.#isAbandoned ? 'failed' : 'open';
  }

  /**
   * Ends the transaction for good; what was deferred is dropped. Where the database was asked for nothing but where the transaction is, nothing
   * can come of its end that anybody should wait for.
   *
   * @param options - what is asked in the same message, unless nothing was ever sent; `behind`: no part of the transaction
   */
  async commit({ before, behind }: { readonly before?: Companion | undefined; readonly behind?: Companion | undefined } = {}): Promise<void> {
    if (this.state === 'failed') {
      await this.rollback();
      throw new SessionStateError('commit; it is rolled back now', 'failed');
    }
    this.demand('commit', 'open');
    this.#ahead = [];
    if (!this.#begun) {
      this.#end('committed', false);
      return;
    }
    if (this.#left('committed')) return;
    const sent: readonly Companion[] = [...before ? [before] : [], { statement: COMMIT }, ...behind ? [behind] : []];
    const statements = sent.map(({ statement }) => statement);
    const replies = new ReplyReader(sent.map(({ sink }) => sink));
    this.#isEnding = true;
    try {
      await this.#send(statements, writeStatements(statements), replies);
    } catch (cause) {
      // What was asked behind it may be lost.
      if (replies.tag === 'COMMIT') {
        this.#end('committed', true);
        return;
      }
      this.#end('failed', true);
      throw new CommitUnknownError(this.#home.name, cause);
    }
    const isOver = replies.status === 'I';
    if (replies.error && replies.tag !== 'COMMIT') {
      this.#end(isOver ? 'rolled back' : 'failed', !isOver);
      throw errorOfSqlstate(replies.error, this.schema, {});
    }
    this.#end('committed', !isOver || !await this.#forgotten());
  }

  /** Undoes all. Never throws; does nothing when it is over. */
  async rollback(): Promise<void> {
    if (!this.#connection) return;
    this.#ahead = [];
    this.#isEnding = true;
    if (this.#left('rolled back')) return;
    const replies = new ReplyReader();
    if (this.#begun) {
      const statements = [plainStatement('rollback')];
      try {
        await this.#send(statements, writeStatements(statements), replies);
      } catch {
        // The server undoes what a lost connection leaves behind.
      }
    }
    const isBroken = this.#begun && replies.status !== 'I';
    this.#end('rolled back', isBroken || !await this.#forgotten());
  }

  /** Takes nothing from now on but a rollback, and has the server stop what it does for it. What ends it is left to end it: whether a COMMIT came to pass must not depend on who is faster. */
  abandon(): void {
    if (this.#isEnding || this.#isAbandoned) return;
    this.#isAbandoned = true;
    if (this.state === 'open') this.state = 'failed';
    if (this.#isSending) this.#connection?.stop?.();
  }

  /** Ends a transaction in which nothing was asked, as far as connections can be left to end it. @returns whether it is over */
  #left(state: 'committed' | 'rolled back'): boolean {
    const connection = this.#connection;
    if (this.#hasAsked || !this.#begun || this.state !== 'open' || !connection?.leave) return false;
    const statement = COMMIT;
    this.statements += 1;
    this.#home.countStatements(1);
    if (channels.statement.hasSubscribers) channels.statement.publish({ storage: this.#home.name, text: statement.text, rows: 0, ms: 0 } satisfies StatementEvent);
    this.state = state;
    this.#connection = undefined;
    connection.leave(statement);
    return true;
  }

  /** What is known to be left is gone before anybody hears that the transaction has ended: a lock may be waited for. @returns whether it could */
  async #forgotten(): Promise<boolean> {
    if (this.#forgetting !== FORGET_ALL || !this.#connection) return true;
    const isRestored = await this.#restored(this.#connection);
    this.#forgetting = [];
    return isRestored;
  }

  /** Lets a connection forget what statements of others may have left on it, so that the next transaction finds it as every other. @returns whether it could */
  async #restored(connection: Connection): Promise<boolean> {
    const statements = this.#forgetting.map(plainStatement);
    const replies = new ReplyReader();
    try {
      await this.#send(statements, writeStatements(statements), replies, connection);
      return replies.error === undefined;
    } catch {
      return false;
    }
  }

  async #exchange(statements: readonly Statement[], bytes: Uint8Array, read: () => ReplyReader): Promise<ReplyReader> {
    this.#ahead = [];
    const isFirst = !this.#begun;
    this.#begun = true;
    for (let attempt = 1; ; attempt += 1) {
      const replies = read();
      try {
        await this.#send(statements, bytes, replies);
        return replies;
      } catch (cause) {
        // A pooled connection may have died of old age. Nothing has happened in a transaction whose BEGIN got no answer.
        const canRetry = isFirst && !replies.hasAnswer && !this.#isAbandoned && attempt < ATTEMPTS && this.#connection?.renew !== undefined;
        if (!canRetry || !await this.#renewed()) {
          this.#end('failed', true);
          throw new ConnectionLostError(this.#home.name, cause);
        }
      }
    }
  }

  /** @returns whether there is another connection in place of a lost one, and still something to be done on it */
  async #renewed(): Promise<boolean> {
    try {
      await this.#connection?.renew?.();
      return !this.#isAbandoned;
    } catch {
      return false;
    }
  }

  async #send(statements: readonly Statement[], bytes: Uint8Array, replies: ReplyReader, connection = this.#connection): Promise<void> {
    if (!connection) throw new SessionStateError('send a statement', this.state);
    this.statements += statements.length;
    this.#home.countStatements(statements.length);
    const started = channels.statement.hasSubscribers ? performance.now() : undefined;
    this.#isSending = true;
    try {
      await connection.exchange(bytes, replies);
    } finally {
      this.#isSending = false;
    }
    if (started === undefined) return;
    const ms = performance.now() - started;
    statements.forEach(({ text }, n) => {
      const isLast = n === statements.length - 1;
      // Those that travelled ahead answer no rows, and the time of the message is that of the statement it was sent for.
      const event: StatementEvent = { storage: this.#home.name, text, rows: isLast ? rowsOfTag(replies.tag) : 0, ms: isLast ? ms : 0 };
      channels.statement.publish(event);
    });
  }

  #check(replies: ReplyReader, context: StatementContext): void {
    if (replies.status === 'I') {
      // The statement itself was a COMMIT or ROLLBACK, or BEGIN failed.
      this.#end(replies.error ? 'rolled back' : 'failed', false);
      if (!replies.error) throw endedError();
    } else if (replies.status === 'E') {
      this.state = 'failed';
    }
    if (replies.copy !== undefined) {
      if (this.state === 'open') this.state = 'failed';
      throw new MisuseError('STORAGE_SQL_REFUSED', replies.copy === 'in'
        ? 'COPY FROM STDIN wants a stream that a session has no way to send. Use create, or INSERT … SELECT FROM unnest.'
        : 'COPY TO STDOUT sends a stream that a session has no way to take. Use SELECT, or a query in batches.');
    }
    if (replies.error) throw errorOfSqlstate(replies.error, this.schema, context);
    if (replies.failure !== undefined) throw replies.failure as Error; // thrown by our own readers of values
  }

  #end(state: SessionState, isBroken: boolean): void {
    this.state = state;
    const connection = this.#connection;
    this.#connection = undefined;
    if (!connection) return;
    if (isBroken || this.#forgetting.length === 0) connection.release(isBroken);
    // Nobody waits for it but who is given the connection next.
    else void this.#restored(connection).then((isRestored) => {
      connection.release(!isRestored);
    });
  }
}

const COMMIT = plainStatement('commit');

function endedError(): MisuseError {
  return new MisuseError('STORAGE_SESSION_ENDED', 'A statement of env.sql ended the transaction it ran in. Leave BEGIN, COMMIT and ROLLBACK to the transaction itself.');
}

/** Whether a statement has ended its transaction and begun another. The tag of a rollback to a savepoint is that of a rollback. */
function isChained(text: string, { ending }: ReplyReader): boolean {
  return ending === 'COMMIT' || (ending === 'ROLLBACK' && /\band\s+chain[\s;]*$/i.test(text.replaceAll(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ')));
}

/** `SELECT 12` → 12 */
function rowsOfTag(tag: string): number {
  return Number(/\d+$/.exec(tag)?.[0] ?? 0);
}
