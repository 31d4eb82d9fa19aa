import { OutageError } from '@ormolu/kernel';
import Denque from 'denque';
import { connect, type Socket } from 'node:net';
import { types } from 'node:util';
import { whenRead } from '../when-read';

/** What a server says to one request of its meta protocol. */
export interface MetaReply {
  /** `HD` done, `VA` a value, `EN` a miss, `NS` not stored, `EX` another was faster, `NF` not there, `MN` nothing to do. */
  readonly status: string;
  /** What follows the status: flags that were asked for. */
  readonly flags: string;
  readonly value: Buffer | undefined;
}

/** Requests that were made in one, until the last of them is answered. */
interface Waiting {
  readonly sinceMs: number;
  readonly count: number;
  readonly replies: MetaReply[];
  refusal: OutageError | undefined;
  readonly resolve: (replies: readonly MetaReply[]) => void;
  readonly reject: (error: unknown) => void;
}

/** A host and port, or the path of a Unix socket. */
export type MetaAddress = { readonly host: string; readonly port: number } | { readonly path: string };

const FIRST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 200;
/** A connection that has owed an answer for so long is given up: the far end may be gone without a word. */
const SILENT_MS = 5_000;
const LINE_END = Buffer.from('\r\n');

/**
 * One connection to a Memcached, on which requests follow each other without waiting; answers come in their order.
 *
 * It connects by itself, again and again. While there is no connection, requests fail at once: it is the caller who knows what to do without.
 * @see https://docs.memcached.org/protocols/meta/
 */
export class MetaConnection {
  readonly #address: MetaAddress;
  readonly #onState: (isUp: boolean, cause?: OutageError) => void;
  readonly #waiting = new Denque<Waiting>();
  #socket: Socket | undefined;
  #isUp = false;
  #isClosed = false;
  #tries = 0;
  #retry: NodeJS.Timeout | undefined;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  /** Of the next answer, as far as it is known: until there is so much, looking again is in vain. */
  #neededBytes = 0;

  constructor(address: MetaAddress, onState: (isUp: boolean, cause?: OutageError) => void) {
    this.#address = address;
    this.#onState = onState;
    this.#connect();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Of the connection there is. */
  get receivedBytes(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  /** @param value - travels behind the line @throws {OutageError} TIER_UNAVAILABLE without a connection, or when it ends before the answer */
  async request(line: string, value?: Uint8Array): Promise<MetaReply> {
    const [reply] = await this.#send(line, 1, value);
    // One was asked for.
    return reply as MetaReply;
  }

  /**
   * Several requests at once, none of which carries a value.
   *
   * @returns an answer per line @throws {OutageError} TIER_UNAVAILABLE when there is no answer to one of them
   */
  requestMany(lines: readonly string[]): Promise<readonly MetaReply[]> {
    return lines.length === 0 ? Promise.resolve([]) : this.#send(lines.join(''), lines.length);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#socket?.destroy();
  }

  #send(lines: string, count: number, value?: Uint8Array): Promise<readonly MetaReply[]> {
    const socket = this.#socket;
    if (!this.#isUp || socket === undefined) return Promise.reject(this.#outage('There is no connection'));
    const sinceMs = performance.now();
    const oldest = this.#waiting.peekFront();
    if (oldest && sinceMs - oldest.sinceMs > SILENT_MS) whenRead(() => this.#giveUp(socket, oldest));
    // A tick's requests leave as one.
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    socket.write(lines, 'latin1');
    if (value) {
      socket.write(value);
      socket.write(LINE_END);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ sinceMs, count, replies: [], refusal: undefined, resolve, reject });
    });
  }

  #giveUp(socket: Socket, silent: Waiting): void {
    if (this.#waiting.peekFront() === silent) socket.destroy(new Error('There was no answer for long, so that the connection is given up'));
  }

  #connect(): void {
    const socket = connect(this.#address);
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('connect', () => {
      this.#tries = 0;
      this.#isUp = true;
      this.#onState(true);
    });
    socket.on('data', (bytes: Buffer) => {
      try {
        this.#take(bytes);
      } catch (error) {
        // What is no answer leaves us not knowing where the next one begins.
        socket.destroy(error as Error);
      }
    });
    let cause: unknown;
    socket.on('error', (error) => {
      cause = error;
    });
    socket.on('close', () => this.#lost(cause));
  }

  #lost(cause: unknown): void {
    const wasUp = this.#isUp;
    this.#isUp = false;
    this.#received = [];
    this.#receivedBytes = 0;
    this.#neededBytes = 0;
    const waiting = this.#waiting.toArray();
    this.#waiting.clear();
    for (const { reject } of waiting) reject(this.#outage('The connection ended before the answer', cause));
    if (wasUp || this.#tries === 0) this.#onState(false, this.#outage(`There is no connection${types.isNativeError(cause) ? `: ${cause.message}` : ''}`, cause));
    if (this.#isClosed) return;
    this.#tries += 1;
    this.#retry = setTimeout(() => this.#connect(), Math.min(FIRST_WAIT_MS * this.#tries, LONGEST_WAIT_MS));
  }

  #take(bytes: Buffer): void {
    this.#received.push(bytes);
    this.#receivedBytes += bytes.length;
    if (this.#receivedBytes < this.#neededBytes) return;
    const all = this.#received.length === 1 ? bytes : Buffer.concat(this.#received, this.#receivedBytes);
    let at = 0;
    let needed = 0;
    while (at < all.length) {
      const feed = lineFeedFrom(all, at);
      if (feed < 0) break;
      const isValue = all[at] === VALUE_FIRST && all[at + 1] === VALUE_SECOND;
      const next = feed + 1 + (isValue ? sizeAt(all, at + 3) + 2 : 0);
      if (next > all.length) {
        needed = next - at;
        break;
      }
      this.#answer(all, { at, feed, value: isValue ? all.subarray(feed + 1, next - 2) : undefined });
      at = next;
    }
    this.#received = at === all.length ? [] : [all.subarray(at)];
    this.#receivedBytes = all.length - at;
    this.#neededBytes = needed;
  }

  #answer(all: Buffer, { at, feed, value }: { readonly at: number; readonly feed: number; readonly value: Buffer | undefined }): void {
    const line = value !== undefined && isBare(all, at, feed) ? 'VA ' : all.toString('latin1', at, feed - 1);
    const waiting = this.#waiting.peekFront();
    if (waiting === undefined) throw new Error(`an answer to nothing: ${line.slice(0, 40)}`);
    if (/^(?:[A-Z]+_)?ERROR/.test(line)) waiting.refusal = this.#outage(`It refused: ${line.slice(0, 100)}`);
    waiting.replies.push({ status: line.slice(0, 2), flags: line.slice(3), value });
    if (waiting.replies.length < waiting.count) return;
    this.#waiting.shift();
    if (waiting.refusal) waiting.reject(waiting.refusal);
    else waiting.resolve(waiting.replies);
  }

  #outage(what: string, cause?: unknown): OutageError {
    const where = 'path' in this.#address ? this.#address.path : `${this.#address.host}:${String(this.#address.port)}`;
    return new OutageError('TIER_UNAVAILABLE', `Memcached at ${where}: ${what}.`, { cause });
  }
}

const LINE_FEED = 10;
const SPACE = 32;
const DIGIT_ZERO = 48;
const [VALUE_FIRST, VALUE_SECOND] = Buffer.from('VA');

/** Lines are short: a call of `indexOf` would cost more than looking. */
function lineFeedFrom(all: Buffer, at: number): number {
  for (let place = at; place < all.length; place += 1) if (all[place] === LINE_FEED) return place;
  return -1;
}

/** The number that stands there. */
function sizeAt(all: Buffer, at: number): number {
  let size = 0;
  for (let place = at; ; place += 1) {
    const digit = (all[place] ?? 0) - DIGIT_ZERO;
    if (digit < 0 || digit > 9) return size;
    size = 10 * size + digit;
  }
}

/** Whether the line says how long the value is, and nothing else. */
function isBare(all: Buffer, at: number, feed: number): boolean {
  for (let place = at + 3; place < feed; place += 1) if (all[place] === SPACE) return false;
  return true;
}
