import { MisuseError, Schema, SessionStateError, type AddedField, type PlanOptions, type Session, type SessionOptions } from '@ormolu/kernel';
import type { WebSocket } from 'ws';
import type { Access } from './access';
import { checkArguments, checkSchema } from './call-arguments';
import { ClientRights } from './client-rights';
import { decode } from './codec';
import type { CommitTokens } from './commit-tokens';
import { LimitError } from './errors';
import { Fills, GoneFillError } from './fills';
import { keepAlive, type Transport } from './keep-alive';
import { MOST_MESSAGE_BYTES, type LimitsInForce } from './limits';
import { Outgoing } from './outgoing';
import { callOf, NAMING_SCHEMAS, type Call, type CallName, type NamedSchema } from './protocol';
import type { Served } from './server';
import { ServedLadder } from './served-ladder';
import { ServedSession, type SessionHome } from './served-session';
import { ServedSight } from './served-sight';
import type { Share, Shares } from './shares';
import { ToldSchemas } from './told-schemas';
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

/** Messages as large as they may be, from which on nothing more is heard of a client until some of its calls are done. Not fewer: what a call waits for may be in the next message. */
const MOST_WAITING = 2;
/** Calls of one client that are being done, from which on it is not believed to wait for answers. */
const MOST_CALLS = 10_000;
/** Calls about the storage whose answers may be long. */
const TELLING: readonly CallName[] = ['hello', 'plan'];
/** Calls whose answers nobody misses that has asked for too much at once. */
const QUESTIONS: readonly CallName[] = ['read', 'compute', 'query', 'group', 'next'];
/** WebSocket close codes. */
const GOING_AWAY = 1001;
const PROTOCOL_ERROR = 1002;
const POLICY_VIOLATION = 1008;

/** One client: its calls, its transactions. When it goes, they are rolled back. */
export class ServedConnection {
  readonly #socket: WebSocket;
  readonly #home: ConnectionHome;
  readonly #rights: ClientRights;
  readonly #out: Outgoing;
  readonly #sessions = new Map<number, ServedSession>();
  readonly #told = new ToldSchemas<Schema>();
  readonly #fills = new Fills();
  readonly #ending = new Set<Promise<void>>();
  #calls = 0;
  #waiting = 0;

  /** @param transport - what carries its frames */
  constructor(socket: WebSocket, home: ConnectionHome, transport: Transport) {
    this.#socket = socket;
    this.#home = home;
    this.#rights = new ClientRights(home.access, home.served);
    this.#out = new Outgoing(socket, { transport, patienceMs: home.limits.idleMs, toWire: (error) => toWire(error, home.access), onFault: (error) => { home.onFault(error); } });
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
    if (!this.#out.isOpen) return;
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
      const call = this.#withSchema(sent, bytes);
      session = number === 0 ? undefined : this.#sessionFor(call);
      if (session) await this.#answer(session, call);
      else if (TELLING.includes(call.name)) await this.#out.inTurn(async () => { this.#out.send(['answer', serial, await this.#aboutStorage(call), null]); });
      else {
        const value = await this.#aboutStorage(call);
        await this.#out.taken();
        this.#out.send(['answer', serial, value, null]);
      }
    } catch (error) {
      const wire = toWire(error, this.#home.access);
      if (wire.code === 'REMOTE_FAULT') this.#home.onFault(error);
      // Sessions have waited; whoever has come to none counts among the calls that are being done until he is told.
      if (!session) await this.#out.taken();
      this.#out.send(['error', serial, wire, session?.figures ?? null]);
    } finally {
      this.#calls -= 1;
    }
  }

  /** Takes in what schema a call brings before anything refuses the call, or has it wait: its client goes on by what it has told. */
  #withSchema(sent: Call, bytes: number): Call {
    if (!NAMING_SCHEMAS.includes(sent.name)) {
      checkArguments(sent);
      return sent;
    }
    checkSchema(sent);
    const schema = this.#schemaOf(sent.args[0] as NamedSchema, bytes); // as was checked
    checkArguments(sent);
    return { ...sent, args: [schema, ...sent.args.slice(1)] };
  }

  async #answer(session: ServedSession, { serial, name, args }: Call): Promise<void> {
    const { value, figures } = await session.call(name as Parameters<ServedSession['call']>[0], args); // callOf: names go with numbers
    const isTaken = this.#out.send(['answer', serial, value, figures], QUESTIONS.includes(name));
    // What follows in that stream is not the next of what the client has had.
    if (!isTaken && name === 'next') await session.call('leave', args);
  }

  #sessionFor({ name, session: number, args }: Call): ServedSession {
    this.#rights.demand(name, false);
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
    const sent = named as Schema; // #withSchema: what such a call names
    const { served: { storage, ladder }, limits, shares, access } = this.#home;
    const options = given as Pick<SessionOptions, 'isolation' | 'readOnly' | 'sight'>; // as a client's own types say; a storage takes no others
    const { sight = false } = options;
    const rungs = ladder?.sight === false ? undefined : ladder;
    const look = sight === 'far' || rungs === undefined ? sight : rungs.sight;
    const share = shares.take(access);
    try {
      // What he may see when it begins, which may be a while.
      const seen = this.#rights.isWorker ? undefined : share.held.then(() => this.#rights.seen(sent, believed));
      const schema = seen ? seen.then((one) => one.schema) : sent;
      return this.#register(number, this.#open(schema, { ...options, sight: look }), {
        token: typeof token === 'string' && this.#rights.commits ? token : undefined,
        writing: seen && this.#rights.writing(seen),
        sight: sight === false ? undefined : new ServedSight(storage, schema, { extent, reachesFar: sight === 'far', isNarrow: !this.#rights.isWorker }),
        ladder: new ServedLadder(rungs?.rung),
        idleMs: limits.idleMs, longestMs: limits.longestMs, share,
      });
    } catch (error) {
      share.giveBack();
      throw error;
    }
  }

  async #open(asked: Schema | Promise<Schema>, { isolation, readOnly, sight }: Pick<SessionOptions, 'isolation' | 'readOnly' | 'sight'>): Promise<Session> {
    const schema = this.#rights.isWorker ? this.#home.tokens.beside(await asked) : await asked;
    return this.#home.served.storage.open({ schema, isolation: isolation ?? undefined, readOnly: this.#rights.commits ? readOnly ?? undefined : true, sight: sight ?? false });
  }

  /** What a client has to know before anything else. */
  async #hello(): Promise<unknown> {
    const { served: { storage }, limits: { maxMessageBytes } } = this.#home;
    const view = await this.#rights.wireView();
    const capabilities = view ? { ...storage.capabilities, sql: false } : { ...storage.capabilities, shared: true };
    return { name: storage.name, capabilities, hasLog: storage.changeLog !== undefined, maxMessageBytes, view };
  }

  #register(number: number, opened: Promise<Session>, { token, sight, writing, ladder = new ServedLadder(undefined), idleMs, longestMs, share }: Partial<Pick<SessionHome, 'token' | 'sight' | 'ladder' | 'writing' | 'idleMs' | 'longestMs'>> & { readonly share?: Share } = {}): ServedSession {
    const { tokens } = this.#home;
    const session: ServedSession = new ServedSession({
      tokens, token, sight, ladder, writing, idleMs, longestMs,
      taken: () => this.#out.taken(),
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
    this.#rights.demand(name, true);
    switch (name) {
      case 'hello':
        if (typeof first === 'number' && first >= 1) this.#out.mostTaken = Math.min(first, MOST_MESSAGE_BYTES);
        return this.#ofOneAtATime(name, () => this.#hello());
      case 'plan': return storage.plan(first as Schema, optionsOf(second));
      case 'migrate': return storage.migrate(first as Schema, { ...optionsOf(second), fill: typeof third === 'number' ? (session, added) => this.#fill(serial, third, session, added) : undefined });
      case 'filled':
        this.#fills.tell(Number(first), second === true);
        return undefined;
      case 'outcome': return this.#ofOneAtATime(name, () => tokens.wasCommitted(String(first)));
      case 'trim': return storage.changeLog?.trim(typeof first === 'number' ? { keep: first } : {}) ?? 0;
      default: throw new MisuseError('REMOTE_PROTOCOL', `'${name}' is no call about the storage.`);
    }
  }

  #ofOneAtATime<T>(kind: string, work: () => Promise<T>): Promise<T> {
    return this.#home.shares.inTurn(this.#home.access, kind, () => !this.#out.isOpen, work);
  }

  /** Lets the client work in the migration's own transaction, and waits until it says that it is done. */
  async #fill(serial: number, number: number, session: Session, added: readonly AddedField[]): Promise<void> {
    // Nobody would say that it is done: the migration would stay open for good, with all its locks.
    if (!this.#out.isOpen) throw new GoneFillError();
    // It lies idle while the client computes, and behind the fill while indexes are made of what it has written: it ends with the migration, or with the client.
    this.#register(number, Promise.resolve(session));
    const done = this.#fills.done(serial);
    this.#out.send(['fill', serial, number, added]);
    try {
      await done;
    } finally {
      this.#sessions.delete(number);
    }
  }

  #closed(): void {
    this.#out.letGo();
    this.#endSessions();
    this.#home.onClose();
  }

  #endSessions(): void {
    this.#fills.fail();
    for (const [number, session] of this.#sessions) {
      this.#sessions.delete(number);
      const ending = session.end().finally(() => this.#ending.delete(ending));
      this.#ending.add(ending);
    }
  }
}

function optionsOf(argument: unknown): PlanOptions {
  const discard = (argument as { readonly discard?: readonly string[] | null } | null)?.discard;
  return discard ? { discard } : {};
}
