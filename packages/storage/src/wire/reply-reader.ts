import type { ServerError } from '../sqlstate';
import { readInt32 } from './result-columns';

/** Takes rows as they arrive. */
export interface RowSink {
  /** @param at - where the number of columns stands */
  row(bytes: Buffer, at: number): void;
  /** The names and types of the columns, when the statement asked for them. */
  describe?(bytes: Buffer, at: number): void;
}

/** The state the server reports after every exchange: no transaction, in one, in a failed one. */
export type TransactionStatus = 'I' | 'T' | 'E';

const [ROW, ERROR, NOTICE, READY, COMPLETE, EMPTY, DESCRIPTION, COPY_IN, COPY_OUT] = ['D', 'E', 'N', 'Z', 'C', 'I', 'T', 'G', 'H'].map((code) => code.charCodeAt(0));
/** Of statements whose effects may outlive their transaction on a connection: SET, LISTEN, PREPARE and the like, and those that run others. */
const SESSION_TAG = /^(?:SET|RESET|DISCARD|LISTEN|PREPARE|LOAD|DO|CALL)\b/;
const NOTHING = Buffer.alloc(0);
/** A message begins with its letter and its length. */
const HEAD = 5;

/**
 * Reads the server's messages out of chunks cut anywhere, until it is ready for the next request.
 *
 * An error inside is kept, not thrown, so that the stream of messages stays in step.
 */
export class ReplyReader {
  readonly #sinks: readonly (RowSink | undefined)[];
  /** Statements answered so far. */
  #answered = 0;
  /** Statements ahead that are not answered yet. */
  #ahead = 0;
  /** The beginning of a message that is not whole yet, as it came: joined once, however large the message is. */
  #carry: Buffer[] = [];
  #carried = 0;
  /** How many bytes make it whole, as far as its beginning tells. */
  #wanted = 0;
  /** What the server said, or what reading its rows threw. The first counts. */
  error: ServerError | undefined;
  failure: unknown;
  /** The tag of the last statement, such as `UPDATE 3` or `ROLLBACK`. */
  tag = '';
  /** A statement has ended a transaction, or gone back in it. */
  ending: 'COMMIT' | 'ROLLBACK' | undefined;
  /** A statement was a COPY that takes rows from the client, or sends them outside of results. */
  copy: 'in' | 'out' | undefined;
  /** The tags of statements that may have changed what a connection keeps beyond a transaction. */
  readonly sessionTags: string[] = [];
  /** The server has done something; news that it is ending the connection are no answer. */
  hasAnswer = false;
  /** Absent until the server is ready again. */
  status: TransactionStatus | undefined;
  /** What came in the last chunk behind the message that the server is ready: news that nobody asked for. */
  rest: Buffer = NOTHING;

  /** @param sinks - what takes the rows of each statement of the message, in their order */
  constructor(sinks: readonly (RowSink | undefined)[] = []) {
    this.#sinks = sinks;
  }

  /**
   * Takes a chunk. Its bytes may change afterwards: nothing of it is kept without a copy.
   * @returns whether the server is ready again; then nothing follows
   */
  feed(chunk: Uint8Array): boolean {
    const fresh = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#carried + fresh.length < this.#wanted) {
      this.#keep(Buffer.from(fresh));
      return false;
    }
    const bytes = this.#carried === 0 ? fresh : Buffer.concat([...this.#carry, fresh]);
    [this.#carry, this.#carried, this.#wanted] = [[], 0, 0];
    let at = 0;
    while (this.status === undefined && at + HEAD <= bytes.length) {
      const end = at + 1 + readInt32(bytes, at + 1);
      if (end > bytes.length) break;
      this.#message(bytes, at, end);
      at = end;
    }
    const rest = at === bytes.length ? NOTHING : Buffer.from(bytes.subarray(at));
    if (this.status !== undefined) {
      this.rest = rest;
      return true;
    }
    this.#wanted = rest.length < HEAD ? HEAD : 1 + readInt32(rest, 1);
    this.#keep(rest);
    return false;
  }

  /** The message is sent with a statement of somebody else's ahead: what comes of that, as long as it is done, is nothing to this one. */
  passOver(): void {
    this.#ahead += 1;
  }

  #keep(piece: Buffer): void {
    this.#carry.push(piece);
    this.#carried += piece.length;
  }

  #message(bytes: Buffer, at: number, end: number): void {
    const code = bytes[at];
    if (this.#ahead > 0 && code !== ERROR && code !== READY) {
      if (code === COMPLETE) this.#ahead -= 1;
      return;
    }
    this.hasAnswer ||= code !== ERROR && code !== NOTICE;
    if (code === ROW) {
      if (this.failure !== undefined) return;
      try {
        this.#sinks[this.#answered]?.row(bytes, at + 5);
      } catch (error) {
        this.failure = error;
      }
    } else if (code === COMPLETE) {
      this.#answered += 1;
      this.tag = bytes.toString('utf8', at + 5, end - 1);
      if (this.tag === 'COMMIT' || this.tag === 'ROLLBACK') this.ending = this.tag;
      if (SESSION_TAG.test(this.tag)) this.sessionTags.push(this.tag);
    } else if (code === EMPTY) {
      this.#answered += 1;
      this.tag = '';
    } else if (code === COPY_IN || code === COPY_OUT) {
      this.copy ??= code === COPY_IN ? 'in' : 'out';
    } else if (code === READY) {
      // The protocol knows these three letters only.
      this.status = String.fromCharCode(bytes[at + 5] ?? 0) as TransactionStatus;
    } else if (code === ERROR) {
      this.error ??= readError(bytes, at + 5);
    } else if (code === DESCRIPTION) {
      this.#sinks[this.#answered]?.describe?.(bytes, at + 5);
    }
  }
}

/** Field letter → name, of those we use. @see PostgreSQL manual, "Error and Notice Message Fields" */
const FIELDS: Readonly<Record<string, keyof ServerError>> = {
  V: 'severity', C: 'sqlstate', M: 'message', D: 'detail', s: 'schema', t: 'table', c: 'column', n: 'constraint',
};

function readError(bytes: Buffer, start: number): ServerError {
  const error: Partial<Record<keyof ServerError, string>> = {};
  let at = start;
  while (bytes[at] !== 0) {
    const field = FIELDS[String.fromCharCode(bytes[at] ?? 0)];
    const end = bytes.indexOf(0, at + 1);
    if (field) error[field] = bytes.toString('utf8', at + 1, end);
    at = end + 1;
  }
  return { sqlstate: '', message: '', ...error };
}
