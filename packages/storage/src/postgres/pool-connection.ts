import type { PoolClient } from 'pg';
import type { Connection } from '../wire/connection';
import { ReplyReader } from '../wire/reply-reader';
import { SYNC, writeAhead, type Statement } from '../wire/statement';
import { RawExchange } from './raw-exchange';

/** As they are when this is loaded: where tests let time stand still later on, transactions end all the same. */
const { setImmediate, clearImmediate } = globalThis;

/** What a connection needs of the pool it is from. */
export interface PoolHome {
  /** @throws {OutageError} when there is none to be had */
  connect(): Promise<PoolClient>;
  /** Keeps a connection that nobody has, and that has still something to send, for who wants one before it is sent. @returns false: others wait for the pool itself */
  offer(connection: PoolConnection): boolean;
  /** Ends what is exchanged and nobody wants any more. @returns once it is over, and nothing of this can meet another */
  stop(client: PoolClient, exchange: RawExchange): Promise<void>;
  /** It has sent it. */
  withdraw(connection: PoolConnection): void;
}

/**
 * A client of a pool, for one session after the other as long as each comes before the one before has sent its last statement: then that travels
 * with the first message of the next, and a transaction that was answered by caches costs one round trip.
 */
export class PoolConnection implements Connection {
  readonly #home: PoolHome;
  #client: PoolClient | undefined;
  #isHeld = true;
  #isLost = false;
  /** What ends the last transaction, still to be sent. */
  #owed: { readonly bytes: Uint8Array; readonly due: NodeJS.Immediate } | undefined;
  /** Its answer, when it was sent alone: until then nothing else may be sent. */
  #answer: Promise<void> | undefined;
  /** What is exchanged for whoever has it. */
  #running: RawExchange | undefined;
  /** Nobody waits for the answer of what is exchanged, or is about to be. */
  #isUnwanted = false;
  #stopping: Promise<void> | undefined;
  readonly #onError = (): void => {
    this.#isLost = true;
  };

  constructor(client: PoolClient, home: PoolHome) {
    this.#home = home;
    this.#hold(client);
  }

  async exchange(message: Uint8Array, replies: ReplyReader): Promise<void> {
    if (this.#answer) await this.#answer;
    const owed = this.#take();
    if (owed) replies.passOver();
    const exchange = new RawExchange(owed ? Buffer.concat([owed, message]) : message, replies);
    this.#client?.query(exchange);
    this.#running = exchange;
    if (this.#isUnwanted) this.stop();
    try {
      await exchange.done;
    } finally {
      // What stops this one must not meet the next, whose ever that is.
      await this.#stopping;
      [this.#running, this.#stopping, this.#isUnwanted] = [undefined, undefined, false];
    }
  }

  stop(): void {
    this.#isUnwanted = true;
    if (this.#client && this.#running) this.#stopping ??= this.#home.stop(this.#client, this.#running);
  }

  async renew(): Promise<void> {
    this.#take();
    this.#giveBack(true);
    this.#hold(await this.#home.connect());
  }

  release(broken: boolean): void {
    this.#isHeld = false;
    this.#isLost ||= broken;
    if (broken) this.#take();
    if (this.#owed) this.#offer();
    else if (!this.#answer) this.#giveBack(broken);
  }

  leave(last: Statement): void {
    this.#isHeld = false;
    this.#owed = { bytes: writeAhead(last), due: setImmediate(() => void this.#sendAlone()) };
    this.#offer();
  }

  /** Takes it for another session, as it was offered. */
  comeBack(): this {
    this.#isHeld = true;
    return this;
  }

  #offer(): void {
    if (!this.#home.offer(this)) void this.#sendAlone();
  }

  async #sendAlone(): Promise<void> {
    const owed = this.#take();
    if (!owed) return;
    this.#home.withdraw(this);
    const replies = new ReplyReader();
    const exchange = new RawExchange(Buffer.concat([owed, SYNC]), replies);
    this.#client?.query(exchange);
    this.#answer = exchange.done.catch(() => undefined);
    await this.#answer;
    this.#answer = undefined;
    // Whoever has it meanwhile finds out for himself what became of it.
    if (!this.#isHeld) this.#giveBack(replies.status !== 'I');
  }

  #take(): Uint8Array | undefined {
    const { bytes, due } = this.#owed ?? {};
    clearImmediate(due);
    this.#owed = undefined;
    return bytes;
  }

  #giveBack(broken: boolean): void {
    const client = this.#client;
    this.#client = undefined;
    client?.release(broken || this.#isLost);
    client?.off('error', this.#onError);
  }

  #hold(client: PoolClient): void {
    this.#client = client;
    this.#isLost = false;
    // Between statements nobody else listens, and an 'error' without listener ends the process.
    client.on('error', this.#onError);
  }
}
