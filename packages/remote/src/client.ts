import {
  CloseNestedError, ConflictError, heldSessions, holding, OutageError, SessionNestedError, StorageClosedError, type Duration, type MigrateOptions, type MigrationReport, type PlanOptions, type Schema, type Session, type SessionOptions, type Storage,
  type StorageCapabilities, type UserView,
} from '@ormolu/kernel';
import { ExponentialBackoff, handleWhen, retry, type RetryPolicy } from 'cockatiel';
import { randomUUID } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { addressOf } from './address';
import { FarCounts } from './far-counts';
import { NotCommittedError, RemoteCommitUnknownError, RemoteOptionError, UnreachableError } from './errors';
import { MOST_MESSAGE_BYTES, MOST_TAKEN, positiveMs } from './limits';
import { Link, type Fill, type LinkOptions } from './link';
import { RemoteChangeLog } from './remote-log';
import type { WireView } from './protocol';
import { RemoteSession } from './remote-session';
import { RemoteSight } from './remote-sight';

/** How a server is reached. */
export interface RemoteOptions {
  /** What the server's option `auth` knows this client by. */
  readonly token?: string | undefined;
  /** Options of `node:tls`: `ca`, `cert`, `key` and so on. Given, or with a `tls:` address, the connection is encrypted. */
  readonly tls?: ConnectionOptions | undefined;
  /** How long a transaction tries to reach a server that is not there. @defaultValue '10s' */
  readonly connectTimeout?: Duration | undefined;
  /** How long an answer may take; migrations apart. @defaultValue '60s' */
  readonly callTimeout?: Duration | undefined;
  /** How often this side makes sure that the server is there. @defaultValue '15s' */
  readonly keepAlive?: Duration | undefined;
  /** Bytes of one answer, at most 1 GiB: a longer one to a question is REMOTE_LIMIT. @defaultValue 256 MiB */
  readonly maxMessageBytes?: number | undefined;
}

const KNOWN = ['token', 'tls', 'connectTimeout', 'callTimeout', 'keepAlive', 'maxMessageBytes'];

/**
 * A database that a server of Ormolu has open, as a storage: each transaction here is one there.
 *
 * @param address - `tcp://host:port`, or `tls://host:port`
 * @throws {MisuseError} REMOTE_OPTION for what cannot be meant
 * @remarks Connects with the first session, and anew with the first one after the connection broke. One connection carries all sessions.
 * @see docs/remote.md
 */
export function remote(address: string, options: RemoteOptions = {}): RemoteStorage {
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) throw new RemoteOptionError(`remote() has no option '${unknown}'`, `It has ${KNOWN.join(', ')}.`);
  const { token, tls, connectTimeout = '10s', callTimeout = '60s', keepAlive = '15s', maxMessageBytes = MOST_TAKEN } = options;
  if (token !== undefined && (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))) throw new RemoteOptionError("The option 'token' of remote() is no token", 'It is a text of printable characters without spaces; is an environment variable missing?');
  if (!Number.isSafeInteger(maxMessageBytes) || maxMessageBytes < 1 || maxMessageBytes > MOST_MESSAGE_BYTES) throw new RemoteOptionError(`'maxMessageBytes' of remote() is ${String(maxMessageBytes)}`, 'It takes a whole number from 1 to 1073741824, 1 GiB.');
  return new RemoteStorage({
    address: addressOf(address, tls), token, tls, maxMessageBytes,
    connectMs: positiveMs('connectTimeout', connectTimeout), callMs: positiveMs('callTimeout', callTimeout), keepAliveMs: positiveMs('keepAlive', keepAlive),
  });
}

/** How long what is about to begin when a client is closed may take to do so. */
const BEGINNING_MS = 1_000;

/** A session of this client that is not over. */
interface OpenSession {
  readonly ended: Promise<void>;
  readonly end: () => void;
  /** Ends it, if it has not begun. */
  readonly giveUp: () => void;
}

/** A storage on the other end of a connection. Made by {@link remote}. */
export class RemoteStorage implements Storage {
  readonly name = 'remote';
  /** What the server's storage can do; before the first connection, what most can. */
  capabilities: StorageCapabilities = { concurrentSessions: true, durable: true, sql: true };
  /** Of the server's storage; absent once it has said that there is none. */
  changeLog: RemoteChangeLog | undefined = new RemoteChangeLog(async ({ keep } = {}) => Number(await (await this.#linked()).call('trim', 0, [keep ?? null], { isUnbounded: true })));
  /** What of the questions the server's own caches have answered, and what its storage. */
  readonly far: FarCounts = new FarCounts();
  readonly #options: LinkOptions;
  readonly #open = new Map<Session, OpenSession>();
  #link: Link | undefined;
  #view: UserView | undefined;
  #isViewOld = false;
  #connecting: Promise<Link> | undefined;
  #closing: Promise<void> | undefined;
  #statements = 0;
  #roundTrips = 0;

  constructor(options: Omit<LinkOptions, 'onRoundTrip'>) {
    this.#options = { ...options, onRoundTrip: () => { this.#roundTrips += 1; } };
  }

  get statements(): number {
    return this.#statements;
  }

  /** How often somebody has waited for the server so far: calls that went right behind others apart. */
  get roundTrips(): number {
    return this.#roundTrips;
  }

  /** Reaches the server, unless that is done: nothing waits for it, but who calls it learns early that there is none. */
  async connect(): Promise<void> {
    await this.#linked();
  }

  /** What the server lets the programs of this user know; undefined where the token is a worker's. @remarks Comes with the connection; a round trip when it has changed since. */
  async view(): Promise<UserView | undefined> {
    const link = await this.#linked();
    if (this.#isViewOld) await this.#meet(link);
    return this.#view;
  }

  async open({ schema, isolation = 'repeatable read', readOnly = false, sight = false, view }: SessionOptions): Promise<Session> {
    const link = await this.#linked();
    if (!this.capabilities.concurrentSessions && this.#isHeldHere()) {
      throw new SessionNestedError(this.name);
    }
    const number = link.nextSession();
    const seeing = sight !== false && this.changeLog ? new RemoteSight(this.changeLog, schema, isolation) : undefined;
    // The first question goes right behind it, in the same breath.
    const token = randomUUID();
    const failure = link.call('open', number, [{ isolation, readOnly, sight: seeing && sight }, token, seeing?.extent ?? null, view?.digest ?? null], { schema }).then(() => undefined, (error: unknown) => {
      if (error instanceof ConflictError && error.code === 'REMOTE_VIEW') this.#isViewOld = true;
      return error;
    });
    return this.#session(link, number, { schema, isolation, readOnly, failure, token, sight: seeing });
  }

  async plan(schema: Schema, { discard }: PlanOptions = {}): Promise<MigrationReport> {
    const link = await this.#linked();
    return await link.call('plan', 0, [{ discard: discard ?? null }], { isUnbounded: true, schema }) as MigrationReport; // as the server's storage answered; so below
  }

  async migrate(schema: Schema, { discard, fill }: MigrateOptions = {}): Promise<MigrationReport> {
    const link = await this.#linked();
    const number = fill ? link.nextSession() : null;
    let thrown: { readonly error: unknown } | undefined;
    const onFill = (wanted: Fill): void => {
      void this.#fill(link, schema, wanted, fill).catch((error: unknown) => {
        thrown = { error };
      }).then(() => link.call('filled', 0, [wanted.serial, thrown === undefined])).catch(() => undefined);
    };
    try {
      return await link.call('migrate', 0, [{ discard: discard ?? null }, number], { isUnbounded: true, onFill, schema }) as MigrationReport;
    } catch (error) {
      if (thrown) throw thrown.error;
      throw error;
    }
  }

  async #fill(link: Link, schema: Schema, { session: number, added }: Fill, fill: MigrateOptions['fill']): Promise<void> {
    const session = this.#session(link, number, { schema, isolation: 'read committed', readOnly: false, failure: Promise.resolve(undefined), token: '' });
    try {
      await holding(session, async () => fill?.(session, added));
    } finally {
      this.#ended(session);
    }
  }

  /** Waits for what runs; what has not begun soon, for it waits for others to end, hears that the storage is closed. */
  close(): Promise<void> {
    if (this.#isHeldHere()) return Promise.reject(new CloseNestedError(this.name));
    this.#closing ??= (async () => {
      const patience = setTimeout(() => { for (const { giveUp } of this.#open.values()) giveUp(); }, BEGINNING_MS);
      while (this.#open.size > 0) await Promise.all(Array.from(this.#open.values(), ({ ended }) => ended));
      clearTimeout(patience);
      await this.#connecting?.catch(() => undefined);
      await this.#link?.close();
    })();
    return this.#closing;
  }

  #session(link: Link, number: number, options: Pick<Session, 'schema' | 'isolation' | 'readOnly'> & { readonly failure: Promise<unknown>; readonly token: string; readonly sight?: RemoteSight | undefined }): RemoteSession {
    const session = new RemoteSession({
      ...options, link, number,
      settle: (cause) => this.#settle(options.token, cause),
      onEnd: (ended) => { this.#ended(ended); },
      onReached: (asked, found, reached) => { this.far.add(asked, found, reached); },
      onStatements: (more) => { this.#statements += more; },
    });
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => { end = resolve; });
    let hasBegun = false;
    void options.failure.then((error) => { hasBegun = error === undefined; });
    this.#open.set(session, { ended, end, giveUp: () => { if (!hasBegun) session.giveUp(new StorageClosedError(this.name)); } });
    return session;
  }

  #ended(session: Session): void {
    this.#open.get(session)?.end();
    this.#open.delete(session);
  }

  /** @throws {NotCommittedError} REMOTE_NOT_COMMITTED @throws {RemoteCommitUnknownError} REMOTE_COMMIT_UNKNOWN */
  async #settle(token: string, cause: unknown): Promise<void> {
    const address = this.#options.address.text;
    let wasCommitted: unknown;
    try {
      // A server that is busy, or whose database is, says so in a moment.
      wasCommitted = await this.#patience(Date.now() + this.#options.connectMs, (error) => error instanceof OutageError).execute(async () => (await this.#connected()).call('outcome', 0, [token]));
    } catch (error) {
      throw new RemoteCommitUnknownError(address, token, error instanceof OutageError ? error : cause);
    }
    if (wasCommitted !== true) throw new NotCommittedError(address);
  }

  async #linked(): Promise<Link> {
    if (this.#isClosing()) throw new StorageClosedError(this.name);
    const link = await this.#connected();
    if (this.#isClosing()) throw new StorageClosedError(this.name);
    return link;
  }

  #isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** The connection there is, or a new one: whoever comes first makes it for all. */
  #connected(): Promise<Link> {
    if (this.#link?.isOpen === true) return Promise.resolve(this.#link);
    this.#connecting ??= this.#reach().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #reach(): Promise<Link> {
    // A server that was there is being started anew, mostly; one that never was is a wrong address, mostly.
    const until = this.#link ? Date.now() + this.#options.connectMs : 0;
    const link = await this.#patience(until, (error) => error instanceof UnreachableError).execute(() => Link.connect(this.#options));
    try {
      await this.#meet(link);
    } catch (error) {
      await link.close();
      throw error;
    }
    this.#link = link;
    return link;
  }

  #patience(until: number, passes: (error: Error) => boolean): RetryPolicy {
    return retry(handleWhen((error) => passes(error) && Date.now() < until), { maxAttempts: Number.MAX_SAFE_INTEGER, backoff: new ExponentialBackoff({ initialDelay: 25, maxDelay: 500 }) });
  }

  async #meet(link: Link): Promise<void> {
    const { capabilities, hasLog, maxMessageBytes, view } = await link.call('hello', 0, [this.#options.maxMessageBytes]) as Pick<Storage, 'capabilities'> & { readonly hasLog: boolean; readonly maxMessageBytes: number; readonly view: WireView | null }; // so the server says
    this.capabilities = capabilities;
    link.mostSent = maxMessageBytes;
    if (!hasLog) this.changeLog = undefined;
    this.#view = view ? { user: view.user, digest: view.digest, models: new Map(view.models.map(([model, fields, served]) => [model, { fields: new Set(fields), served: new Set(served) }])) } : undefined;
    this.#isViewOld = false;
  }

  #isHeldHere(): boolean {
    for (const session of heldSessions()) if (this.#open.has(session)) return true;
    return false;
  }
}
