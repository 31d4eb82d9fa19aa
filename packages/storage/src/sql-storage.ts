import {
  CloseNestedError, SessionNestedError, StorageClosedError, heldSessions, holding, MisuseError, OutageError, Schema, type MigrateOptions, type MigrationReport, type PlanOptions, type Session, type SessionOptions, type Storage, type StorageCapabilities,
} from '@ormolu/kernel';
import type { Introduction } from './change-log/introduction';
import type { ChangeLogOption } from './change-log/option';
import { SessionLog } from './change-log/session-log';
import { SqlChangeLog } from './change-log/sql-change-log';
import type { AskCatalog } from './migrate/catalog';
import { askIn, migrate, plan } from './migrate/migrate';
import { SqlSession } from './sql-session';
import { SqlTransaction, type SqlHome } from './sql-transaction';
import type { Connection } from './wire/connection';
import { DescribedRows } from './wire/described-rows';

/** Where connections come from. */
export interface ConnectionSource {
  readonly name: string;
  readonly capabilities: StorageCapabilities;
  /** @throws {OutageError} when there is none to be had */
  acquire(): Promise<Connection>;
  /** A connection beside those that sessions get, never waiting for them; absent where there is only one. @throws {OutageError} when there is none to be had */
  reserve?(): Promise<Connection>;
  /** Lets go of everything; all connections have been released. */
  close(): Promise<void>;
}

/** PostgreSQL from the oldest version on whose functions we build. */
const OLDEST_VERSION = 130_000;

/** A storage on any server that speaks PostgreSQL's protocol. */
export class SqlStorage implements Storage {
  readonly name: string;
  readonly capabilities: StorageCapabilities;
  readonly changeLog: SqlChangeLog | undefined;
  readonly #source: ConnectionSource;
  readonly #eventTriggers: boolean;
  /** Connections handed out, each a promise that ends with its release. */
  readonly #held = new Set<Promise<void>>();
  readonly #sessions = new WeakSet<Session>();
  #statements = 0;
  #home: Promise<SqlHome> | undefined;
  #closing: Promise<void> | undefined;

  /**
   * @param changeLog - how changes get into the change log @defaultValue by triggers
   * @param options - `eventTriggers`: whether migrations let the database tell who alters tables, where they may
   */
  constructor(source: ConnectionSource, changeLog: ChangeLogOption = 'triggers', { eventTriggers = true }: { readonly eventTriggers?: boolean | undefined } = {}) {
    // In a database of this process alone nobody else alters anything.
    this.#eventTriggers = eventTriggers && source.capabilities.concurrentSessions;
    this.changeLog = changeLog === false ? undefined : new SqlChangeLog({
      mode: changeLog,
      concurrentSessions: source.capabilities.concurrentSessions && source.reserve !== undefined,
      reserve: async () => {
        if (!source.reserve) throw new OutageError('STORAGE_POLL_FAILED', `Storage '${source.name}' has no connection beside those of its sessions.`);
        return source.reserve();
      },
      aside: (work) => this.#aside(work),
      countStatements: (count) => {
        this.#statements += count;
      },
    });
    this.name = source.name;
    this.capabilities = source.capabilities;
    this.#source = source;
  }

  get statements(): number {
    return this.#statements;
  }

  async open(options: SessionOptions): Promise<Session> {
    const connection = await this.#acquire();
    const home = await this.#homeOf(connection);
    return this.#begin(home, connection, { ...options, introduction: await this.#introduction(home, connection, options) }).session;
  }

  async plan(schema: Schema, options: PlanOptions = {}): Promise<MigrationReport> {
    const connection = await this.#acquire();
    return plan(schema, this.#begin(await this.#homeOf(connection), connection, { schema, readOnly: true }).transaction, { ...options, log: this.changeLog?.mode, eventTriggers: this.#eventTriggers });
  }

  async migrate(schema: Schema, options: MigrateOptions = {}): Promise<MigrationReport> {
    const connection = await this.#acquire();
    // Read committed: what others migrated while this one waited for its turn must be seen.
    const { transaction, session } = this.#begin(await this.#homeOf(connection), connection, { schema, isolation: 'read committed' });
    const report = await holding(session, () => migrate(schema, transaction, { ...options, session, log: this.changeLog?.mode, eventTriggers: this.#eventTriggers }));
    this.changeLog?.forgetIntroductions();
    // Who may not, or finds none, leaves it to others.
    await this.changeLog?.trim().catch(() => undefined);
    return report;
  }

  #begin(home: SqlHome, connection: Connection, options: SessionOptions & { readonly introduction?: Introduction | undefined }): { readonly transaction: SqlTransaction; readonly session: SqlSession } {
    const { schema, isolation = 'repeatable read', readOnly = false, sight = false, introduction } = options;
    const log = sight !== false && this.changeLog && introduction && new SessionLog(this.changeLog, introduction, { schema, isolation });
    const transaction = new SqlTransaction(home, connection, { schema, begin: `begin isolation level ${isolation}${readOnly ? ' read only' : ''}`, ahead: log ? log.ahead : undefined });
    const sending = this.changeLog?.mode === 'flush' ? introduction : undefined;
    const session = new SqlSession(home, transaction, {
      schema, isolation, readOnly, log: log === false ? undefined : log, sending, onWritten: (rows) => this.changeLog?.noteWritten(rows),
    });
    this.#sessions.add(session);
    return { transaction, session };
  }

  /** What a session has to know of the change log before it begins, if it has a part in it. */
  async #introduction(home: SqlHome, connection: Connection, { schema, sight }: SessionOptions): Promise<Introduction | undefined> {
    if (!this.changeLog || ((sight ?? false) === false && this.changeLog.mode !== 'flush')) return undefined;
    // Renewed where it can be: the server may have been started anew, and the pool hold connections to the one before.
    const asking = new SqlTransaction(home, { exchange: (message, replies) => connection.exchange(message, replies), ...connection.renew && { renew: () => connection.renew?.() ?? Promise.resolve() }, release: () => undefined }, { schema, begin: 'begin read only' });
    try {
      const introduction = await this.changeLog.introduction(schema, askIn(asking));
      if (sight === 'far') await this.changeLog.reachBack(introduction, askIn(asking));
      return introduction;
    } catch (error) {
      connection.release(true);
      throw error;
    } finally {
      await asking.rollback();
    }
  }

  /** Runs work in a transaction of its own that nobody sees as a session. */
  async #aside<T>(work: (ask: AskCatalog) => Promise<T>): Promise<T> {
    const connection = await this.#acquire();
    const transaction = new SqlTransaction(await this.#homeOf(connection), connection, { schema: new Schema([]), begin: 'begin isolation level read committed' });
    try {
      const result = await work(askIn(transaction));
      await transaction.commit();
      return result;
    } finally {
      await transaction.rollback();
    }
  }

  close(): Promise<void> {
    if (this.#isHeldHere()) return Promise.reject(new CloseNestedError(this.name));
    this.#closing ??= (async () => {
      await this.changeLog?.close();
      while (this.#held.size > 0) await Promise.all(this.#held);
      await this.#source.close();
    })();
    return this.#closing;
  }

  async #acquire(): Promise<Connection> {
    if (this.#closing) throw new StorageClosedError(this.name);
    // A session inside another one would wait for it, and it for the session.
    if (!this.capabilities.concurrentSessions && this.#isHeldHere()) throw new SessionNestedError(this.name);
    const connection = await this.#source.acquire();
    let released: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      released = resolve;
    });
    this.#held.add(held);
    const isBack = (): void => {
      this.#held.delete(held);
      released();
    };
    return {
      exchange: (message, replies) => connection.exchange(message, replies),
      ...connection.stop && { stop: () => { connection.stop?.(); } },
      ...connection.renew && { renew: () => connection.renew?.() ?? Promise.resolve() },
      release: (broken) => {
        connection.release(broken);
        isBack();
      },
      ...connection.leave && {
        leave: (last) => {
          connection.leave?.(last);
          isBack();
        },
      },
    };
  }

  /** Whether this flow of calls has a session of this storage that is not over. */
  #isHeldHere(): boolean {
    for (const session of heldSessions()) {
      if (this.#sessions.has(session) && (session.state === 'open' || session.state === 'failed')) return true;
    }
    return false;
  }

  /** What all sessions share, asked from the server once, on the first connection. */
  async #homeOf(connection: Connection): Promise<SqlHome> {
    try {
      this.#home ??= this.#ask(connection);
      return await this.#home;
    } catch (error) {
      this.#home = undefined;
      connection.release(true);
      throw error;
    }
  }

  async #ask(connection: Connection): Promise<SqlHome> {
    const home: SqlHome = { name: this.name, foldingCollation: undefined, countStatements: () => undefined };
    const rows = new DescribedRows();
    const asking = new SqlTransaction(home, { exchange: (message, replies) => connection.exchange(message, replies), release: () => undefined }, { schema: new Schema([]), begin: 'begin' });
    await asking.run('ask the server', { statement: { text: SERVER_FACTS, parameters: [], results: 'described' }, sink: rows, context: {} });
    await asking.commit();
    const facts = rows.rows[0] ?? {};
    if (Number(facts['version']) < OLDEST_VERSION) throw new MisuseError('STORAGE_SERVER_TOO_OLD', `Storage '${this.name}' is on PostgreSQL ${Math.floor(Number(facts['version']) / 10_000)}; Ormolu needs 13 or newer. Upgrade the server.`);
    if (facts['encoding'] !== 'UTF8') throw new MisuseError('STORAGE_ENCODING', `The database of storage '${this.name}' keeps texts in ${String(facts['encoding'])}, which cannot hold every character. Create a database with encoding UTF8.`);
    const folding = facts['folding'];
    return {
      name: this.name,
      foldingCollation: typeof folding === 'string' ? folding : undefined,
      countStatements: (count) => {
        this.#statements += count;
      },
    };
  }
}

/**
 * Collations that fold case letter by letter, the best first: the built-in one is the same on every machine; those of the C library
 * follow; ICU, whose sigma depends on what follows it, is better than ASCII alone. (6 is UTF8 among PostgreSQL's encodings.)
 */
const FOLDING = ['pg_c_utf8', 'C.utf8', 'C.UTF-8', 'en_US.utf8', 'en_US.UTF-8', 'und-x-icu'];

const SERVER_FACTS = `select current_setting('server_version_num')::int4 as version, current_setting('server_encoding') as encoding,
  (select c.collname::text from unnest('{${FOLDING.join(',')}}'::text[]) with ordinality f(name, rank)
    join pg_collation c on c.collname = f.name and c.collnamespace = 'pg_catalog'::regnamespace and c.collencoding in (-1, 6)
    order by rank limit 1) as folding`;
