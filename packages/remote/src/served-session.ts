import type { Columns, ComputeQuestion, GroupQuery, InsertRows, Query, ReadQuestion, Schema, Session, StoredId, UpdateRows } from '@ormolu/kernel';
import type { CommitTokens } from './commit-tokens';
import { ForbiddenError } from './errors';
import { inOrderAsked } from './narrowed-answers';
import type { SessionCall, SessionFigures } from './protocol';
import { modelOf, type ServedLadder } from './served-ladder';
import { ServedSavepoints } from './served-savepoints';
import type { ServedSight, Told } from './served-sight';
import { ServedStreams } from './served-streams';
import { SessionClock, type SessionTimes } from './session-clock';
import type { UserWriting } from './user-writing';
import { imagesToWire, tagToWire, type WireImages } from './wire-sight';

/** What a session of a client needs of its connection. */
export interface SessionHome extends SessionTimes {
  readonly tokens: CommitTokens;
  /** By which the client asks afterwards whether the transaction was committed. */
  readonly token: string | undefined;
  /** What the client's caches are told; absent: it has none. */
  readonly sight?: ServedSight | undefined;
  /** Who answers its questions. */
  readonly ladder: ServedLadder;
  /** Who does what a user writes, and works out what he cannot; absent: the client is a worker, whose writes go to the session. */
  readonly writing?: ((session: Session) => Promise<UserWriting>) | undefined;
  /** Waits until the client has taken what it was sent. */
  taken(): Promise<void>;
  /** Told of what ends with a rollback that nobody waits for, and fails. */
  onFault(error: unknown): void;
  /** Told when its client has gone, or wants it no more: what has not begun need not. */
  onLeft(): void;
  /** Told when it has let go of its transaction, before the end of one that is kept to tell why. */
  onRolledBack(): void;
  /** Told when the session is over. */
  onEnd(): void;
}

/** An answer, and what the client is told about its session beside it. */
export interface ServedAnswer {
  readonly value: unknown;
  readonly figures: SessionFigures;
}

/** Calls that the rungs of the server may answer. */
const QUESTIONS: readonly SessionCall[] = ['read', 'query', 'count', 'group'];
/** Calls whose answers come from the database. */
const ASKING: readonly SessionCall[] = ['read', 'compute', 'query', 'count', 'group', 'insert', 'update', 'delete', 'sql', 'signal', 'next'];

/** One transaction of a client, on the server: calls are done in the order in which they come. */
export class ServedSession {
  readonly #home: SessionHome;
  readonly #opened: Promise<Session>;
  #session: Session | undefined;
  #user: UserWriting | undefined;
  readonly #savepoints = new ServedSavepoints();
  readonly #streams = new ServedStreams();
  /** The end of the call that came last. */
  #last: Promise<unknown> = Promise.resolve();
  #running = 0;
  /** The savepoint that was set last when the token was written; undefined: it is not there. */
  #tokenAt: number | undefined;
  #hasWritten = false;
  readonly #clock: SessionClock;
  /** Whether the storage is being asked, or the server's models are at work. */
  #isBusy = false;
  #isEnded = false;
  /** Whether what runs has been told to end, because its time was up. */
  #isStopped = false;
  /** What has kept it from taking the schema that its client goes by. */
  #misfit: unknown;

  constructor(home: SessionHome, opened: Promise<Session>) {
    this.#home = home;
    this.#opened = opened;
    this.#clock = new SessionClock(home, () => { if (this.#isBusy) this.#stop(); else this.#letGo(); });
    opened.then((session) => {
      this.#session = session;
      if (this.#isEnded) return;
      this.#clock.begin();
      this.#rest();
    }, () => {
      home.onEnd();
    });
  }

  /** What the client is told beside each answer; null before the transaction has begun. */
  get figures(): SessionFigures | null {
    return this.#session ? { state: this.#session.state, statements: this.#session.statements } : null;
  }

  /** Does what a client calls for. @throws {OrmoluError} what the storage throws; REMOTE_IDLE or REMOTE_TOO_LONG when it came too late */
  async call(name: SessionCall, args: readonly unknown[]): Promise<ServedAnswer> {
    this.#clock.wake();
    this.#running += 1;
    // It need not begin any more: else it would wait for that first.
    if (name === 'rollback' && !this.#session) this.#home.onLeft();
    // Its client waits for none of what came before.
    if (name === 'rollback' && args[0] === true) void this.#opened.then(giveUp, () => undefined);
    // One at a time, as the storage does them: a client that asks much and takes no answers is not answered ahead.
    const done = this.#last.then(async () => {
      await this.#home.taken();
      const session = await this.#opened;
      if (this.#clock.expired) throw this.#clock.expired;
      this.#isBusy = true;
      if (this.#misfit !== undefined && name !== 'rollback') {
        if (name === 'commit') await this.#over(session);
        throw this.#misfit as Error; // what the storage has thrown
      }
      const told = name === 'sight' ? await this.#home.sight?.ask(session, args[0]) : undefined;
      const value = await this.#do(session, name, args);
      return { value, figures: { state: session.state, statements: session.statements, ...told ?? await this.#beside(session, name), ...QUESTIONS.includes(name) && { reached: this.#home.ladder.takeReached() } } };
    }).catch((error: unknown) => {
      throw this.#isStopped ? this.#clock.expired ?? error : error;
    }).finally(() => {
      if (!this.#isBusy) return;
      this.#isBusy = false;
      if (this.#clock.expired) this.#letGo();
    });
    this.#last = done.catch(() => undefined);
    try {
      return await done;
    } finally {
      this.#running -= 1;
      this.#rest();
    }
  }

  /** Rolls back, unless it is over, and waits for no statement that runs. Never throws. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#clock.stop();
    this.#home.onLeft();
    const session = await this.#opened.catch(() => undefined);
    if (session) {
      giveUp(session);
      await this.#rollback(session);
    }
    this.#home.onEnd();
  }

  /** Of what a user's writes have asked to be run with it, nobody waits for an error. */
  async #rollback(session: Session): Promise<void> {
    try {
      await (this.#user ?? session).rollback();
    } catch (error) {
      this.#home.onFault(error);
    } finally {
      // Whatever became of that: nothing stays open.
      await session.rollback();
    }
  }

  // The arguments are what the client's own types say; what is not is refused by the storage, which checks names, or fails there.
  #do(session: Session, name: SessionCall, args: readonly unknown[]): unknown {
    const { ladder } = this.#home;
    const [first, second, third] = args;
    switch (name) {
      case 'open':
      case 'sight': return undefined;
      case 'adopt':
        this.#adopt(session, first as Schema); // the connection knows it by its name
        return undefined;
      case 'read': return this.#read(session, first as ReadQuestion);
      case 'compute': return this.#compute(session, first as ComputeQuestion);
      case 'query': return ladder.query(session, first as Query);
      case 'count': return ladder.count(session, first as Query);
      case 'group': return ladder.group(session, first as GroupQuery);
      case 'insert': return this.#changing(session, modelOf(first), (writer) => writer.insert(first as InsertRows));
      case 'update': return this.#changing(session, modelOf(first), (writer) => writer.update(first as UpdateRows));
      case 'delete': return this.#changing(session, first, (writer) => writer.delete(String(first), second as readonly StoredId[], (third ?? undefined) as readonly (bigint | null)[] | undefined));
      case 'sql': return this.#sql(session, String(first), second as readonly unknown[], third);
      case 'signal': return this.#writing(() => session.signal?.(first as readonly string[]));
      case 'savepoint': return this.#savepoints.set(session);
      case 'rollbackTo': return this.#rollbackTo(session, Number(first));
      case 'release': return this.#savepoints.release(session, Number(first));
      case 'stream': return this.#streams.begin(session, first as Query, (second ?? undefined));
      case 'next': return this.#streams.next(Number(first));
      case 'leave': return this.#streams.leave(Number(first));
      case 'commit': return this.#commit(session, first);
      case 'rollback': return this.#over(session);
    }
  }

  /** Nothing more is done for one whose client goes by another schema than its session. */
  #adopt(session: Session, schema: Schema): void {
    try {
      session.adopt(this.#home.tokens.beside(schema));
      this.#home.sight?.forget(schema);
    } catch (error) {
      this.#misfit = error;
      throw error;
    }
  }

  async #read(session: Session, question: ReadQuestion): Promise<Columns> {
    const answer = await this.#home.ladder.read(session, question);
    return this.#home.writing ? inOrderAsked(question, answer) : answer;
  }

  /** Workers have the models themselves. */
  async #compute(session: Session, question: ComputeQuestion): Promise<Columns> {
    const { writing } = this.#home;
    if (!writing) throw new ForbiddenError('compute');
    this.#user ??= await writing(session);
    return this.#user.compute(question);
  }

  #writing<T>(write: () => T): T {
    this.#hasWritten = true;
    return write();
  }

  /** What a user writes is done with the server's models, what a worker writes as it comes. */
  async #changing(session: Session, model: unknown, write: (writer: Pick<Session, 'insert' | 'update' | 'delete'>) => Promise<readonly StoredId[]>): Promise<readonly StoredId[]> {
    this.#hasWritten = true;
    const { ladder, writing } = this.#home;
    if (!writing) return ladder.changing(model, write(session));
    this.#user ??= await writing(session);
    return write(this.#user);
  }

  /** Notes the token first: SQL of the client's own may lead names elsewhere. */
  async #sql(session: Session, text: string, params: readonly unknown[], reads: unknown): Promise<unknown> {
    await this.#note(session);
    this.#home.sight?.noteCached(session, reads);
    this.#home.sight?.forget();
    return session.sql(text, params);
  }

  async #note(session: Session): Promise<void> {
    const { tokens, token } = this.#home;
    if (token === undefined || this.#tokenAt !== undefined || session.readOnly || session.state !== 'open') return;
    this.#tokenAt = this.#savepoints.last;
    // What a user may see does not name the table.
    if (this.#home.writing) session.adopt(tokens.beside(session.schema));
    await tokens.write(session, token);
  }

  /** @param reads - what caches have answered the client @returns how it has left what it changed, for whom that is worth its way */
  async #commit(session: Session, reads: unknown): Promise<WireImages | null> {
    try {
      if (this.#hasWritten) await this.#note(session);
      this.#home.sight?.noteCached(session, reads);
      // By the names that he sees, before the session takes those of the server's models.
      if (this.#user) await this.#user.commit((schema) => this.#home.tokens.beside(schema));
      else await session.commit();
    } catch (error) {
      // Who asks what became of it is told that it is none; a session that has ended already does nothing.
      await this.#over(session);
      throw error;
    }
    this.#end();
    // A user's are those of the server's models, and known to its caches.
    if (this.#home.writing) return null;
    await this.#home.ladder.publish(session);
    return this.#home.sight && session.committed ? imagesToWire(session.committed) : null;
  }

  /** A session that is over, or has failed, is told of no further. */
  async #beside(session: Session, name: SessionCall): Promise<Told> {
    const told = this.#home.sight && ASKING.includes(name) ? await this.#home.sight.beside(session, { hasWritten: this.#hasWritten }) : {};
    const touched = this.#user?.takeTouched() ?? [];
    return touched.length > 0 ? { ...told, touched: [...told.touched ?? [], ...touched.map(tagToWire)] } : told;
  }

  async #over(session: Session): Promise<void> {
    await this.#rollback(session);
    this.#end();
  }

  #end(): void {
    this.#isEnded = true;
    this.#clock.stop();
    this.#home.onEnd();
  }

  async #rollbackTo(session: Session, number: number): Promise<void> {
    await this.#savepoints.rollbackTo(session, number);
    // A token that was written behind the savepoint has gone with the rest.
    if (this.#tokenAt !== undefined && number <= this.#tokenAt) this.#tokenAt = undefined;
  }

  #rest(): void {
    if (this.#running === 0 && !this.#isEnded) this.#clock.rest();
  }

  /** Its time is up while something runs: that ends, where the database can be told so, unless it is what ends the transaction. What cannot be stopped is answered still. */
  #stop(): void {
    const session = this.#session;
    const before = session?.state;
    // What has failed already tells itself why.
    if (!session || before !== 'open') return;
    giveUp(session);
    this.#isStopped = session.state === 'failed';
  }

  /** Its time is up: nothing is held any more. */
  #letGo(): void {
    if (this.#isEnded) return;
    if (this.#session) void this.#rollback(this.#session).finally(() => { this.#home.onRolledBack(); });
    // Who comes back soon is told; nobody else is waited for.
    this.#clock.linger(() => { this.#end(); });
  }
}

/** Has what runs in the database stopped, where it can be. */
function giveUp(session: Session): void {
  session.abandon?.();
}
