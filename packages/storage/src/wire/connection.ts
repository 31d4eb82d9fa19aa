import type { ReplyReader } from './reply-reader';
import type { Statement } from './statement';

/**
 * One connection to a PostgreSQL server, reduced to what all sessions need: bytes out, replies in.
 *
 * Held after `exchange`: the reader is done, or the connection is lost and the promise rejected. The caller sends one message at a
 * time; that is not checked again.
 */
export interface Connection {
  /** Sends one message that ends with Sync and feeds the replies to the reader. @throws whatever the driver throws when the connection is lost */
  exchange(message: Uint8Array, replies: ReplyReader): Promise<void>;
  /**
   * Has the exchange under way end soon, and with an error unless it was about to end anyway: the server stops what it does for it, or the connection breaks. The exchange is over only when nothing of that can meet
   * what is sent next. Absent where the server cannot be told.
   */
  stop?(): void;
  /**
   * Gives a lost connection up for another one; absent where there is only one.
   * @throws {OutageError} when there is none to be had
   */
  renew?(): Promise<void>;
  /** Gives the connection back. @param broken - it must not be used again */
  release(broken: boolean): void;
  /**
   * Gives the connection back with a statement that ends its transaction, and for whose answer nobody waits: it travels ahead of what is sent
   * next, or alone, as soon as what runs now has run. Absent where sending is all there is to wait for.
   */
  leave?(last: Statement): void;
}
