import type { WebSocket } from 'ws';
import { encode, TooLongMessage } from './codec';
import { LimitError } from './errors';
import { Sender } from './fragments';
import { leftOf, type Transport } from './keep-alive';
import { MOST_TAKEN } from './limits';
import type { SessionFigures, WireError } from './protocol';

/** Bytes on their way to a client that does not take them, from which on nothing more is done for it. */
const MOST_UNSENT = 4 * 2 ** 20;

/** What is sent to a client. */
export type WireReply = readonly ['answer' | 'error' | 'fill', number, unknown, unknown] | readonly ['answer' | 'error', number, unknown, SessionFigures | null];

/** What the way to a client needs of its connection. */
export interface OutgoingHome {
  readonly transport: Transport;
  /** A client that takes nothing of its answers for so long is left. */
  readonly patienceMs: number;
  /** An error as this client is told of it. */
  toWire(error: unknown): WireError;
  /** Told of answers that cannot be written. */
  onFault(error: unknown): void;
}

/** The way to one client: what it is sent, and whether it takes that. */
export class Outgoing {
  readonly #socket: WebSocket;
  readonly #home: OutgoingHome;
  readonly #sender: Sender;
  /** Bytes of an answer that the client takes: as it has said, or as one of ours does that was told nothing else. */
  mostTaken: number = MOST_TAKEN;
  /** Calls that wait until the client takes its answers. */
  #untaken: (() => void)[] = [];
  #patience: NodeJS.Timeout | undefined;
  /** The end of what has a long answer and came last. */
  #turn: Promise<void> = Promise.resolve();

  constructor(socket: WebSocket, home: OutgoingHome) {
    this.#socket = socket;
    this.#home = home;
    this.#sender = new Sender(socket);
  }

  /** Whether anybody hears what is sent. */
  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /**
   * Sends what has come of a call.
   *
   * @param isQuestion - a client that has asked for more than it takes is told so in its place, and goes on
   * @returns false: it was larger than the client takes
   */
  send(reply: WireReply, isQuestion = false): boolean {
    if (!this.isOpen) return true;
    let bytes: Uint8Array;
    let isTooMuch = false;
    try {
      bytes = encode(reply, isQuestion ? this.mostTaken : Infinity);
    } catch (error) {
      isTooMuch = error instanceof TooLongMessage;
      if (!isTooMuch) this.#home.onFault(error);
      const told = isTooMuch ? new LimitError(`An answer is longer than ${String(this.mostTaken)} bytes, the most that this client takes at once`, 'Ask for less at once, in batches or as a stream, or raise maxMessageBytes of remote().') : error;
      bytes = encode(['error', reply[1], this.#home.toWire(told), isTooMuch ? reply[3] : null]);
    }
    this.#sender.send(bytes, () => {
      if (this.#sender.unsent < MOST_UNSENT / 2) this.letGo();
    });
    return !isTooMuch;
  }

  /** Does what has a long answer when those before have been taken: one at a time, so that they are not made ahead of a client that takes none. */
  inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(async () => {
      await this.taken();
      await work();
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Waits until the client has taken its answers; one that never does holds locks for nothing, and is left. */
  taken(): Promise<void> {
    if (this.#sender.unsent < MOST_UNSENT) return Promise.resolve();
    if (!this.#patience) this.#wait();
    return new Promise((resolve) => { this.#untaken.push(resolve); });
  }

  /** Nothing waits for the client any more: it has taken what it was sent, or it has gone. */
  letGo(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    const waiting = this.#untaken;
    this.#untaken = [];
    for (const go of waiting) go();
  }

  /** Whoever takes some of it, however slowly, is waited for; what joins the queue meanwhile says nothing of that. */
  #wait(): void {
    const left = leftOf(this.#home.transport);
    this.#patience = setTimeout(() => {
      if (leftOf(this.#home.transport) > left) this.#wait();
      else this.#socket.terminate();
    }, this.#home.patienceMs).unref();
  }
}
