import { MisuseError, Schema, SessionStateError, type AddedField, type PlanOptions, type Session, type SessionOptions } from '@ormolu/kernel';
import type { WebSocket } from 'ws';
import { decode, encode } from './codec';
import type { CommitTokens } from './commit-tokens';
import type { Access } from './access';
import { checkArguments } from './call-arguments';
import { ForbiddenError, LimitError, OtherModelsError, ViewChangedError } from './errors';
import { sendMessage } from './fragments';
import { keepAlive, type Transport } from './keep-alive';
import type { LimitsInForce } from './limits';
import { narrowed, otherModel, type View } from './narrowed-schema';
import { callOf, NAMING_SCHEMAS, type Call, type CallName, type NamedSchema, type SessionFigures, type WireView } from './protocol';
import type { Served } from './server';
import { ServedLadder } from './served-ladder';
import { ServedSession, type SessionHome } from './served-session';
import { ServedSight } from './served-sight';
import type { Share, Shares } from './shares';
import { ToldSchemas } from './told-schemas';
import { UserWriting, type Writable } from './user-writing';
import { toWire } from './wire-errors';

/** What a connection needs of its server. */
export interface ConnectionHome {
  readonly served: Served;
  readonly access: Access;
  readonly tokens: CommitTokens;
  readonly limits: LimitsInForce;
  readonly shares: Shares;
  /** Told of what is none of Ormolu's errors: whoever keeps the server wants to know. */
  onFault(error: unknown): void;
  onClose(): void;
}

/** Bytes on their way to a client that does not take them, from which on nothing more is done for it. */
const MOST_UNSENT = 4 * 2 ** 20;
/** Messages as large as they may be, from which on nothing more is heard of a client until some of its calls are done. Not fewer: what a call waits for may be in the next message. */
const MOST_WAITING = 2;
/** Calls of one client that are being done, from which on it is not believed to wait for answers. */
const MOST_CALLS = 10_000;
/** Calls about the storage whose answers may be long. */
const TELLING: readonly CallName[] = ['hello', 'plan'];
/** Calls whose answers nobody misses that has asked for too much at once. */
const QUESTIONS: readonly CallName[] = ['read', 'compute', 'query', 'group', 'next'];
/** What a user's session takes. */
const OF_USERS: readonly CallName[] = ['open', 'sight', 'read', 'compute', 'query', 'count', 'group', 'savepoint', 'rollbackTo', 'release', 'stream', 'next', 'leave', 'commit', 'rollback'];
/** … of one who may write, beside. */
const OF_WRITERS: readonly CallName[] = ['insert', 'update', 'delete'];
/** WebSocket close codes. */
const GOING_AWAY = 1001;
const PROTOCOL_ERROR = 1002;
const POLICY_VIOLATION = 1008;

/** One client: its calls, its transactions. When it goes, they are rolled back. */
export class ServedConnection {
  readonly #socket: WebSocket;
  readonly #home: ConnectionHome;
  readonly #sessions = new Map<number, ServedSession>();
  readonly #told = new ToldSchemas<Schema>();
  readonly #fills = new Map<number, (error: Error | undefined) => void>();
  readonly #ending = new Set<Promise<void>>();
  /** Bytes of an answer that the client takes, as it has said. */
  #mostTaken = Infinity;
  #calls = 0;
  #waiting = 0;
  /** Calls that wait until the client takes its answers. */
  #untaken: (() => void)[] = [];
  #patience: NodeJS.Timeout | undefined;
  /** The end of what has a long answer and came last. */
  #turn: Promise<void> = Promise.resolve();

  /** @param transport - what carries its frames */
  constructor(socket: WebSocket, home: ConnectionHome, transport?: Transport) {
    this.#socket = socket;
    this.#home = home;
    socket.on('message', (data, isBinary) => {
      this.#receive(data as Buffer, isBinary); // 'nodebuffer' is what a socket gives unless told otherwise
    });
    // What is wrong with a frame closes the connection, which says all.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#closed();
    });
    keepAlive(socket, home.limits.keepAliveMs, transport);
  }

  /** Transactions that are open. */
  get transactions(): number {
    return this.#sessions.size;
  }

  /** Rolls back what is open and says goodbye. */
  async close(reason = 'the server is closing'): Promise<void> {
    this.#socket.close(GOING_AWAY, reason);
    this.#endSessions();
    await Promise.all(this.#ending);
    this.#socket.terminate();
  }

  /** What it may do. */
  get access(): Access {
    return this.#home.access;
  }

  /** Whoever has said what is none of the protocol is heard no more, and what he holds is let go at once: a goodbye takes as long as he likes. */
  #leave(code: number, reason: string): void {
    this.#socket.close(code, reason);
    this.#endSessions();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    let call: Call;
    try {
      if (!isBinary) throw new Error('a text');
      call = callOf(decode(data));
    } catch {
      this.#leave(PROTOCOL_ERROR, 'a message that is none of the protocol');
      return;
    }
    if (this.#calls >= MOST_CALLS) {
      this.#leave(POLICY_VIOLATION, 'too many calls without waiting for answers');
      return;
    }
    void this.#heard(call, data.length);
  }

  /** Does a call, and hears of no more for as long as those that are being done are large together. */
  async #heard(call: Call, bytes: number): Promise<void> {
    this.#waiting += bytes;
    const most = MOST_WAITING * this.#home.limits.maxMessageBytes;
    if (this.#waiting > most) this.#socket.pause();
    await this.#serve(call, bytes);
    this.#waiting -= bytes;
    if (this.#waiting <= most && this.#socket.isPaused) this.#socket.resume();
  }

  async #serve(sent: Call, bytes: number): Promise<void> {
    const { serial, session: number } = sent;
    this.#calls += 1;
    // A session that ends with this call is asked for its state afterwards.
    let session: ServedSession | undefined;
    try {
      checkArguments(sent);
      // Before anything refuses the call, or has it wait: its client goes on by what it has told.
      const call = NAMING_SCHEMAS.includes(sent.name) ? { ...sent, args: [this.#schemaOf(sent.args[0] as NamedSchema, bytes), ...sent.args.slice(1)] } : sent; // as was checked
      session = number === 0 ? undefined : this.#sessionFor(call);
      if (session) {
        const { value, figures } = await session.call(call.name as Parameters<ServedSession['call']>[0], call.args); // callOf: names go with numbers
        this.#send(['answer', serial, value, figures], QUESTIONS.includes(call.name));
      } else if (TELLING.includes(call.name)) await this.#inTurn(async () => { this.#send(['answer', serial, await this.#aboutStorage(call), null]); });
      else {
        const value = await this.#aboutStorage(call);
        await this.#untilTaken();
        this.#send(['answer', serial, value, null]);
      }
    } catch (error) {
      const wire = toWire(error, this.#home.access);
      if (wire.code === 'REMOTE_FAULT') this.#home.onFault(error);
      // Sessions have waited; whoever has come to none counts among the calls that are being done until he is told.
      if (!session) await this.#untilTaken();
      this.#send(['error', serial, wire, session?.figures ?? null]);
    } finally {
      this.#calls -= 1;
    }
  }

  /** Does what has a long answer when those before have been taken: one at a time, so that they are not made ahead of a client that takes none. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(async () => {
      await this.#untilTaken();
      await work();
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #sessionFor({ name, session: number, args }: Call): ServedSession {
    if (this.#home.access !== 'worker' && !OF_USERS.includes(name) && !(OF_WRITERS.includes(name) && this.#writable !== undefined)) throw new ForbiddenError(name);
    const known = this.#sessions.get(number);
    if (name !== 'open') {
      if (!known) throw new SessionStateError(name, 'rolled back');
      return known;
    }
    if (known) throw new LimitError('A session was opened under a number that another one has', 'Use another number for each.');
    if (this.#sessions.size >= this.#home.limits.maxTransactions) {
      throw new LimitError(`This connection has ${String(this.#sessions.size)} transactions open`, 'Let some end first, or raise limits.maxTransactions of serve().');
    }
    const [named, given, token, extent, believed] = args;
    const sent = named as Schema; // #serve: what such a call names
    const { access } = this.#home;
    const share = this.#home.shares.take(access);
    // What he may see when it begins, which may be a while.
    const seen = access === 'worker' ? undefined : share.held.then(() => this.#ofUser(sent, access.user, believed));
    const schema = seen ? seen.then((one) => one.schema) : sent;
    const options = given as Pick<SessionOptions, 'isolation' | 'readOnly' | 'sight'>; // as a client's own types say; a storage takes no others
    const { sight = false } = options;
    const { served: { storage, ladder }, limits } = this.#home;
    const rungs = ladder?.sight === false ? undefined : ladder;
    const look = sight === 'far' || rungs === undefined ? sight : rungs.sight;
    return this.#register(number, this.#open(schema, { ...options, sight: look }), {
      token: typeof token === 'string' && (access === 'worker' || this.#writable !== undefined) ? token : undefined,
      writing: seen && this.#writing(seen),
      sight: sight === false ? undefined : new ServedSight(storage, schema, { extent, reachesFar: sight === 'far', isNarrow: access !== 'worker' }),
      ladder: new ServedLadder(rungs?.rung),
      idleMs: limits.idleMs, share,
    });
  }

  async #open(asked: Schema | Promise<Schema>, { isolation, readOnly, sight }: Pick<SessionOptions, 'isolation' | 'readOnly' | 'sight'>): Promise<Session> {
    const isWorker = this.#home.access === 'worker';
    const schema = isWorker ? this.#home.tokens.beside(await asked) : await asked;
    return this.#home.served.storage.open({ schema, isolation: isolation ?? undefined, readOnly: isWorker || this.#writable !== undefined ? readOnly ?? undefined : true, sight: sight ?? false });
  }

  /** What the user at the other end may write; undefined of one who only reads, and of a worker, whose writes go another way. */
  get #writable(): Writable | undefined {
    const { access, served } = this.#home;
    return access === 'worker' || !served.writerFor ? undefined : access.mayWrite;
  }

  #writing(seen: Promise<Seen>): ((session: Session) => Promise<UserWriting>) {
    const { access, served } = this.#home;
    return async (session) => {
      const writer = access === 'worker' ? undefined : served.writerFor?.(access.user, session);
      if (!writer) throw new ForbiddenError('write');
      return new UserWriting(writer, await seen, this.#writable ?? []);
    };
  }

  /**
   * What a user may see now, by the server's models.
   *
   * @param believed - the digest of what his client knows of that
   * @throws {OtherModelsError} REMOTE_MODELS @throws {ViewChangedError} REMOTE_VIEW
   */
  async #ofUser(sent: Schema, user: number, believed: unknown): Promise<Seen> {
    const view = await this.#viewOf(user);
    if (typeof believed === 'string' && believed !== view.digest) throw new ViewChangedError();
    const schema = narrowed(view);
    const other = otherModel(sent, schema);
    if (other !== undefined) throw new OtherModelsError(other);
    return { schema, view };
  }

  async #viewOf(user: number): Promise<View> {
    const view = await this.#home.served.viewOf?.(user);
    if (!view) throw new ForbiddenError('open');
    return view;
  }

  /** What a client has to know before anything else. */
  async #hello(): Promise<unknown> {
    const { access, served: { storage }, limits: { maxMessageBytes } } = this.#home;
    const hasLog = storage.changeLog !== undefined;
    if (access === 'worker') return { name: storage.name, capabilities: { ...storage.capabilities, shared: true }, hasLog, maxMessageBytes, view: null };
    const { user, digest, models } = await this.#viewOf(access.user);
    const view: WireView = { user, digest, models: Array.from(models, ([model, { fields, served }]) => [model, [...fields], [...served]]) };
    return { name: storage.name, capabilities: { ...storage.capabilities, sql: false }, hasLog, maxMessageBytes, view };
  }

  #register(number: number, opened: Promise<Session>, { token, sight, writing, ladder = new ServedLadder(undefined), idleMs, share }: Partial<Pick<SessionHome, 'token' | 'sight' | 'ladder' | 'writing' | 'idleMs'>> & { readonly share?: Share } = {}): ServedSession {
    const { tokens } = this.#home;
    const session: ServedSession = new ServedSession({
      tokens, token, sight, ladder, writing, idleMs,
      taken: () => this.#untilTaken(),
      onFault: (error) => { this.#home.onFault(error); },
      onEnd: () => {
        if (this.#sessions.get(number) === session) this.#sessions.delete(number);
        share?.giveBack();
      },
      onLeft: () => { share?.leave(); },
      onRolledBack: () => { share?.giveBack(); },
    }, opened);
    this.#sessions.set(number, session);
    return session;
  }

  /** A schema that came before, by its name, or one that comes along. */
  #schemaOf([name, whole]: NamedSchema, bytes: number): Schema {
    if (whole) {
      const schema = new Schema(whole.tables, whole.version);
      this.#told.keep(name, schema, bytes);
      return schema;
    }
    const schema = this.#told.get(name);
    if (!schema) throw new LimitError('A session names a schema that the server was not told, or has forgotten', 'Send it whole, as a session of @ormolu/remote does.');
    return schema;
  }

  #aboutStorage({ serial, name, args }: Call): unknown {
    const { served: { storage }, tokens } = this.#home;
    const [first, second, third] = args;
    const isWorker = this.#home.access === 'worker';
    if (!isWorker && name !== 'hello' && !(name === 'outcome' && this.#writable !== undefined)) throw new ForbiddenError(name);
    switch (name) {
      case 'hello':
        if (typeof first === 'number') this.#mostTaken = first;
        return this.#ofOneAtATime(name, () => this.#hello());
      case 'plan': return storage.plan(first as Schema, optionsOf(second));
      case 'migrate': return storage.migrate(first as Schema, { ...optionsOf(second), fill: typeof third === 'number' ? (session, added) => this.#fill(serial, third, session, added) : undefined });
      case 'filled': {
        this.#fills.get(Number(first))?.(second === true ? undefined : new LimitError('The client could not give existing records their new values', 'Its own error says why; nothing of the migration stays.'));
        return undefined;
      }
      case 'outcome': return this.#ofOneAtATime(name, () => tokens.wasCommitted(String(first)));
      case 'trim': return storage.changeLog?.trim(typeof first === 'number' ? { keep: first } : {}) ?? 0;
      default: throw new MisuseError('REMOTE_PROTOCOL', `'${name}' is no call about the storage.`);
    }
  }

  #ofOneAtATime<T>(kind: string, work: () => Promise<T>): Promise<T> {
    return this.#home.shares.inTurn(this.#home.access, kind, () => this.#socket.readyState !== this.#socket.OPEN, work);
  }

  /** Lets the client work in the migration's own transaction, and waits until it says that it is done. */
  async #fill(serial: number, number: number, session: Session, added: readonly AddedField[]): Promise<void> {
    // Nobody would say that it is done: the migration would stay open for good, with all its locks.
    if (this.#socket.readyState !== this.#socket.OPEN) throw new GoneFillError();
    const done = new Promise<void>((resolve, reject) => {
      this.#fills.set(serial, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
    // It lies idle while the client computes, and behind the fill while indexes are made of what it has written: it ends with the migration, or with the client.
    this.#register(number, Promise.resolve(session));
    this.#send(['fill', serial, number, added]);
    try {
      await done;
    } finally {
      this.#fills.delete(serial);
      this.#sessions.delete(number);
    }
  }

  #send(reply: readonly ['answer' | 'error' | 'fill', number, unknown, unknown] | readonly ['answer' | 'error', number, unknown, SessionFigures | null], isQuestion = false): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    let bytes: Uint8Array;
    try {
      bytes = encode(reply);
    } catch (error) {
      this.#home.onFault(error);
      bytes = encode(['error', reply[1], toWire(error, this.#home.access), null]);
    }
    if (isQuestion && bytes.length > this.#mostTaken) {
      const tooMuch = new LimitError(`An answer weighs ${String(bytes.length)} bytes, and this client takes no more than ${String(this.#mostTaken)} at once`, 'Ask for less at once, in batches or as a stream, or raise maxMessageBytes of remote().');
      bytes = encode(['error', reply[1], toWire(tooMuch, this.#home.access), reply[3]]);
    }
    sendMessage(this.#socket, bytes, () => {
      if (this.#socket.bufferedAmount < MOST_UNSENT / 2) this.#taken();
    });
  }

  /** Waits until the client has taken its answers; one that never does holds locks for nothing, and is left. */
  #untilTaken(): Promise<void> {
    if (this.#socket.bufferedAmount < MOST_UNSENT) return Promise.resolve();
    if (!this.#patience) this.#wait();
    return new Promise((resolve) => { this.#untaken.push(resolve); });
  }

  /** Whoever takes some of it, however slowly, is waited for. */
  #wait(): void {
    const unsent = this.#socket.bufferedAmount;
    this.#patience = setTimeout(() => {
      if (this.#socket.bufferedAmount < unsent) this.#wait();
      else this.#socket.terminate();
    }, this.#home.limits.idleMs).unref();
  }

  #taken(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    const waiting = this.#untaken;
    this.#untaken = [];
    for (const go of waiting) go();
  }

  #closed(): void {
    this.#taken();
    this.#endSessions();
    this.#home.onClose();
  }

  #endSessions(): void {
    for (const fail of this.#fills.values()) fail(new GoneFillError());
    for (const [number, session] of this.#sessions) {
      this.#sessions.delete(number);
      const ending = session.end().finally(() => this.#ending.delete(ending));
      this.#ending.add(ending);
    }
  }
}

/** Who was to give new fields their values cannot do so any more. */
class GoneFillError extends LimitError {
  constructor() {
    super('The client went before it had given existing records their new values', 'Nothing of the migration stays; run it again.');
  }
}

/** What a user may see, and how storages know it. */
interface Seen {
  readonly schema: Schema;
  readonly view: View;
}

function optionsOf(argument: unknown): PlanOptions {
  const discard = (argument as { readonly discard?: readonly string[] | null } | null)?.discard;
  return discard ? { discard } : {};
}
