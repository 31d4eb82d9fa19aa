import type { WebSocket } from 'ws';

/** Of a message, at once. */
const MOST_AT_ONCE = 64 * 2 ** 10;
/** Handed over to the system, and not taken by it: it writes what stands in a queue as one, whose progress nobody sees before its end. */
const MOST_HANDED_OVER = 8 * MOST_AT_ONCE;

interface Message {
  readonly bytes: Uint8Array;
  /** How much of it has been handed over. */
  from: number;
  readonly onSent: (() => void) | undefined;
}

/**
 * What goes out on a connection: messages in the order in which they came, large ones in parts, a few parts at a time. As one, a message would count as not sent until its last byte is, and
 * nobody could tell a slow way from one that has ended.
 */
export class Sender {
  readonly #socket: WebSocket;
  readonly #waiting: Message[] = [];
  #waitingBytes = 0;
  #handedOver = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Bytes that nobody has taken. */
  get unsent(): number {
    return this.#socket.bufferedAmount + this.#waitingBytes;
  }

  /** Sends a message. @param onSent - told when the system has taken all of it, or nobody will */
  send(bytes: Uint8Array, onSent?: () => void): void {
    this.#waiting.push({ bytes, from: 0, onSent });
    this.#waitingBytes += bytes.length;
    this.#handOver();
  }

  #handOver(): void {
    while (this.#handedOver < MOST_HANDED_OVER) {
      const [message] = this.#waiting;
      if (!message) return;
      const { bytes, from, onSent } = message;
      const isLast = from + MOST_AT_ONCE >= bytes.length;
      const part = isLast && from === 0 ? bytes : bytes.subarray(from, from + MOST_AT_ONCE);
      message.from += part.length;
      if (isLast) this.#waiting.shift();
      this.#waitingBytes -= part.length;
      this.#handedOver += part.length;
      this.#socket.send(part, { binary: true, fin: isLast }, () => {
        this.#handedOver -= part.length;
        if (isLast) onSent?.();
        this.#handOver();
      });
    }
  }
}
