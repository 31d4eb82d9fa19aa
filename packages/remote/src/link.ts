import type { AddedField, Schema } from '@ormolu/kernel';
import type { ConnectionOptions } from 'node:tls';
import { WebSocket } from 'ws';
import type { Address } from './address';
import { wrongReply } from './answer-shapes';
import { decode, encode } from './codec';
import { faultOf, refusalOf } from './connect-faults';
import { ConnectionLostError, DeadlineError, LimitError, ProtocolError } from './errors';
import { Sender } from './fragments';
import { keepAlive, type Transport } from './keep-alive';
import { FrameError, replyOf, SUBPROTOCOL, type CallName, type NamedSchema, type Reply, type SessionFigures } from './protocol';
import { ToldSchemas } from './told-schemas';
import { fromWire } from './wire-errors';

/** How long a server may take to say goodbye. */
const GOODBYE_MS = 1_000;

/** How a link is made. */
export interface LinkOptions {
  readonly address: Address;
  readonly token: string | undefined;
  readonly tls: ConnectionOptions | undefined;
  readonly connectMs: number;
  readonly callMs: number;
  readonly keepAliveMs: number;
  readonly maxMessageBytes: number;
  /** Told of each call that somebody waits for. */
  readonly onRoundTrip: () => void;
}

/** What came back from a call. */
export interface Answer {
  readonly value: unknown;
  readonly figures: SessionFigures | null;
}

/** An answer, or the error that came in its place, with what was told about the session. */
type Outcome = Answer & { readonly error?: Error };

/** Work that the server wants done, in a session of that number, before it answers the call of that serial. */
export interface Fill {
  readonly serial: number;
  readonly session: number;
  readonly added: readonly AddedField[];
}

interface Waiting {
  readonly name: CallName;
  readonly session: number;
  readonly args: readonly unknown[];
  settle(outcome: Outcome): void;
  readonly onFill: ((wanted: Fill) => void) | undefined;
}

/** How a call is made. */
export interface CallOptions {
  /** Told of the session's figures with the answer, also with an error. */
  readonly onFigures?: ((figures: SessionFigures) => void) | undefined;
  /** The server wants work done before it answers. */
  readonly onFill?: ((wanted: Fill) => void) | undefined;
  /** @defaultValue false: the deadline of the options holds */
  readonly isUnbounded?: boolean | undefined;
  /** Named before the other arguments: whole, where the server does not know it. @defaultValue the call names none */
  readonly schema?: Schema | undefined;
}

/** One connection to a server: sends calls, which it need not wait for one by one, and brings their answers. Once broken it stays so. */
export class Link {
  readonly #socket: WebSocket;
  readonly #options: LinkOptions;
  readonly #sender: Sender;
  readonly #waiting = new Map<number, Waiting>();
  readonly #told = new ToldSchemas<true>();
  /** Bytes of a message that the server takes. */
  mostSent: number = Infinity;
  /** Why it broke, where that is known. */
  #reason = '';
  #serial = 0;
  #sessions = 0;

  private constructor(socket: WebSocket, options: LinkOptions, transport: Transport) {
    this.#socket = socket;
    this.#options = options;
    this.#sender = new Sender(socket);
    socket.on('message', (data) => {
      this.#receive(data as Buffer); // 'nodebuffer' is what a socket gives unless told otherwise
    });
    socket.on('error', (error: Error & { readonly code?: string }) => {
      if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') this.#reason = `: an answer is longer than ${String(options.maxMessageBytes)} bytes, the most that maxMessageBytes of remote() lets in; ask for less at once, in batches or as a stream`;
    });
    socket.once('close', (_code, reason) => {
      if (this.#reason === '' && reason.length > 0) this.#reason = `: ${reason.toString()}`;
      this.#broken();
    });
    keepAlive(socket, options.keepAliveMs, transport);
  }

  /** @throws {UnreachableError} REMOTE_UNREACHABLE @throws {AccessError} REMOTE_ACCESS @throws {ProtocolError} REMOTE_PROTOCOL */
  static connect(options: LinkOptions): Promise<Link> {
    const { address, token, tls, connectMs, maxMessageBytes } = options;
    const socket = new WebSocket(address.url, [SUBPROTOCOL], {
      ...tls, handshakeTimeout: connectMs, maxPayload: maxMessageBytes, perMessageDeflate: false, followRedirects: false, ...token !== undefined && { headers: { authorization: `Bearer ${token}` } },
    });
    return new Promise((resolve, reject) => {
      let refusal: Error | undefined;
      let transport: Transport | undefined;
      socket.once('upgrade', (response) => { transport = response.socket; });
      socket.once('unexpected-response', (_request, response) => {
        refusal = refusalOf(address, response.statusCode ?? 0);
        response.resume();
        socket.terminate();
      });
      socket.on('error', (cause: Error & { readonly code?: string }) => {
        reject(refusal ?? faultOf(address, cause, connectMs));
      });
      socket.once('open', () => {
        if (transport) resolve(new Link(socket, options, transport));
      });
    });
  }

  /** Of the server, for messages. */
  get address(): string {
    return this.#options.address.text;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** A number that no other session of this connection has. */
  nextSession(): number {
    this.#sessions += 1;
    return this.#sessions;
  }

  /**
   * Sends a call. Those of one session are done in the order in which they were made.
   * @throws {OrmoluError} what the server threw; REMOTE_CONNECTION_LOST, REMOTE_DEADLINE
   */
  async call(name: CallName, session: number, args: readonly unknown[], { onFigures, ...options }: CallOptions = {}): Promise<unknown> {
    const outcome = await this.#send(name, session, args, options);
    if (outcome.figures) onFigures?.(outcome.figures);
    if (outcome.error) throw outcome.error;
    return outcome.value;
  }

  /** Whoever waits for an answer about a session hears this instead. */
  giveUp(session: number, error: Error): void {
    for (const [serial, waiting] of this.#waiting) {
      if (waiting.session !== session) continue;
      this.#waiting.delete(serial);
      waiting.settle({ value: undefined, figures: null, error });
    }
  }

  /** Closes the connection; what still waits is told that it broke. */
  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise<void>((resolve) => { this.#socket.once('close', () => { resolve(); }); });
    this.#socket.close();
    // Nothing is open: of one that does not say goodbye in turn nothing is lost.
    const patience = setTimeout(() => { this.#socket.terminate(); }, GOODBYE_MS);
    await closed;
    clearTimeout(patience);
  }

  #send(name: CallName, session: number, args: readonly unknown[], { onFill, isUnbounded, schema }: Omit<CallOptions, 'onFigures'>): Promise<Outcome> {
    const { address, callMs } = this.#options;
    if (!this.isOpen) return Promise.resolve({ value: undefined, figures: null, error: new ConnectionLostError(address.text, this.#reason) });
    this.#serial += 1;
    const serial = this.#serial;
    // Nobody waits for these two: what follows goes right behind them.
    if (name !== 'open' && name !== 'adopt') this.#options.onRoundTrip();
    // What cannot be written is the caller's mistake, and nothing was sent.
    const named = schema && this.#named(schema);
    const bytes = encode([serial, name, session, ...named ? [named] : [], ...args]);
    if (bytes.length > this.mostSent) throw new LimitError(`A call '${name}' weighs ${String(bytes.length)} bytes, and the server at ${address.text} takes no more than ${String(this.mostSent)} at once`, 'Nothing was sent. Split the records into several calls, or raise limits.maxMessageBytes of serve().');
    if (named?.[1]) this.#told.keep(named[0], true, bytes.length);
    return new Promise((resolve) => {
      const deadline = isUnbounded === true ? undefined : setTimeout(() => {
        this.#waiting.delete(serial);
        resolve({ value: undefined, figures: null, error: new DeadlineError(address.text, name, callMs) });
      }, callMs);
      this.#waiting.set(serial, {
        name, session, args, onFill,
        settle: (outcome) => {
          clearTimeout(deadline);
          resolve(outcome);
        },
      });
      this.#sender.send(bytes);
    });
  }

  #named(schema: Schema): NamedSchema {
    const name = `${schema.digest}/${String(schema.version)}`;
    return [name, this.#told.has(name) ? null : { version: schema.version, tables: schema.tables }];
  }

  #receive(data: Buffer): void {
    // What comes behind a reply that was none is not listened to.
    if (!this.isOpen) return;
    let reply: Reply;
    try {
      reply = replyOf(decode(data));
      if (reply.serial > this.#serial) throw new FrameError('a reply to what nobody has asked');
    } catch {
      this.#leave([...this.#waiting.keys()], 'it answers with what is none of the protocol');
      return;
    }
    const waiting = this.#waiting.get(reply.serial);
    // One that was given up.
    if (!waiting) return;
    const wrong = wrongReply(reply, waiting.name, waiting.session, waiting.args);
    if (wrong !== undefined) {
      this.#leave([reply.serial], `its answer to '${waiting.name}'${wrong}`);
      return;
    }
    if (reply.kind === 'fill') {
      waiting.onFill?.(reply);
      return;
    }
    this.#waiting.delete(reply.serial);
    waiting.settle({ value: reply.kind === 'answer' ? reply.value : undefined, figures: reply.figures, ...reply.kind === 'error' && { error: fromWire(reply.error) } });
  }

  /** Believes the server nothing more. Whoever waits for a commit does not know for that what became of it. */
  #leave(serials: readonly number[], what: string): void {
    for (const serial of serials) {
      const waiting = this.#waiting.get(serial);
      if (!waiting || waiting.name === 'commit') continue;
      this.#waiting.delete(serial);
      waiting.settle({ value: undefined, figures: null, error: new ProtocolError(this.#options.address.text, what) });
    }
    this.#reason = `: ${what}`;
    this.#socket.terminate();
  }

  #broken(): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const one of waiting) one.settle({ value: undefined, figures: null, error: new ConnectionLostError(this.#options.address.text, this.#reason) });
  }
}
