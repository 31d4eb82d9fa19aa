import type { Connection as PgConnection, Submittable } from 'pg';
import type { Duplex } from 'node:stream';
import type { ReplyReader } from '../wire/reply-reader';

type DataListener = (chunk: Buffer) => void;

/**
 * One message of ours on a connection of `pg`, read by our own reader: rows go straight into columns.
 *
 * For the time of the exchange the socket's data come to us instead of to `pg`'s parser, as pg-copy-streams does it; the closing
 * ReadyForQuery is handed back, so that the client knows that it is free again.
 */
export class RawExchange implements Submittable {
  readonly done: Promise<void>;
  readonly #message: Uint8Array;
  readonly #replies: ReplyReader;
  #succeed: () => void = () => undefined;
  #fail: (cause: unknown) => void = () => undefined;
  #handBack: () => void = () => undefined;
  /** Whether the server has it, or will. */
  isSent = false;
  /** Whether it was answered to the end, or failed. */
  isOver = false;

  constructor(message: Uint8Array, replies: ReplyReader) {
    this.#message = message;
    this.#replies = replies;
    this.done = new Promise<void>((resolve, reject) => {
      this.#succeed = resolve;
      this.#fail = reject;
    });
  }

  submit(connection: PgConnection): void {
    // Not in the type declarations of `pg`, but in every release of it, and relied on by its own satellites.
    const { stream } = connection as unknown as { stream: Duplex };
    const theirs = stream.listeners('data') as DataListener[];
    const ours: DataListener = (chunk) => {
      if (!this.#replies.feed(chunk)) return;
      this.#handBack();
      const ready = Buffer.concat([readyForQuery(this.#replies.status ?? 'I'), this.#replies.rest]);
      for (const listener of theirs) listener.call(stream, ready);
    };
    this.#handBack = () => {
      stream.off('data', ours);
      for (const listener of theirs) stream.on('data', listener);
      this.#handBack = () => undefined;
    };
    for (const listener of theirs) stream.off('data', listener);
    stream.on('data', ours);
    this.isSent = true;
    stream.write(this.#message);
  }

  handleReadyForQuery(): void {
    this.isOver = true;
    this.#succeed();
  }

  handleError(cause: Error): void {
    this.isOver = true;
    this.#handBack();
    this.#fail(cause);
  }

  // The rest of what `pg` may call is never reached while its parser does not see the data.
  handleRowDescription(): void { /* never called */ }

  handleDataRow(): void { /* never called */ }

  handleCommandComplete(): void { /* never called */ }

  handleCloseComplete(): void { /* never called */ }

  handleEmptyQuery(): void { /* never called */ }
}

function readyForQuery(status: string): Buffer {
  return Buffer.from([0x5a, 0, 0, 0, 5, status.charCodeAt(0)]);
}
