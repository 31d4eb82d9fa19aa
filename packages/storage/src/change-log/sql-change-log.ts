import { randomUUID } from 'node:crypto';
import { isWithin, LogKnowledge, OutageError, Schema, sees, TABLES_SIGNAL, type Snapshot, type StorageChangeLog } from '@ormolu/kernel';
import type { AskCatalog } from '../migrate/catalog';
import { errorOfSqlstate } from '../sqlstate';
import type { Connection } from '../wire/connection';
import { ReplyReader } from '../wire/reply-reader';
import { plainStatement, writeStatements } from '../wire/statement';
import { introduce, isIntroducedBy, type Introduction } from './introduction';
import { askPoll, askReloads, pollOf, reloadOf, type Beginning, type Reach, type ToldPoll } from './poll';
import type { LogMode } from './plan-log';

/** Rows of the log that are kept when nothing else is asked. */
const KEPT = 100_000;

/** Milliseconds for which it is taken for granted what the database has of the log: polls do not tell of triggers that are dropped or switched off, nor that somebody has put a log in place. */
const ASKED_AGAIN = 60_000;

/** Rows that a first poll looks back for at most: some hundredths of a second of a process's beginning. */
const REACHED_BACK = 20_000;

/** So many of those who have told that they altered tables are remembered; what was asked before them is renewed long before there are more. */
const MOST_ALTERED = 1_000;

/** What a schema's introduction is, or will be, and when it is to be asked for again. */
interface Asked {
  readonly answer: Promise<Introduction>;
  readonly until: number;
}

/** What the change log needs of its storage. */
export interface LogHome {
  readonly mode: LogMode;
  /** False: one session at a time, in this process; nobody else changes anything while it is open. */
  readonly concurrentSessions: boolean;
  /** A connection that no session can have, or none. @throws {OutageError} when it cannot be had */
  reserve(): Promise<Connection>;
  /** Runs work in a short transaction of its own. */
  aside<T>(work: (ask: AskCatalog) => Promise<T>): Promise<T>;
  countStatements(count: number): void;
}

/** The change log of one open storage: what is known of it, and how to know more. */
export class SqlChangeLog implements StorageChangeLog {
  readonly knowledge: LogKnowledge = new LogKnowledge();
  readonly mode: LogMode;
  readonly #home: LogHome;
  #introductions = new WeakMap<Schema, Asked>();
  #uncachable: ReadonlyMap<string, string> | undefined;
  #tellsTables: boolean | undefined;
  /** Transactions that have told of altered tables. */
  #altered: bigint[] = [];
  /** Until when somebody may have, unheard: a poll was cut off. */
  #unheard: Snapshot | undefined;
  /** The server, database and log in which those transactions have their numbers. */
  #lineage: string | undefined;
  /** What was found of introductions, until more is told. */
  #judged = new WeakMap<Pick<Introduction, 'seen'>, boolean>();
  /** How tables hung together when the log was last polled. */
  #structure: string | undefined;
  /** A poll was cut off: from this transaction on, it is not known who has told of other models. */
  #behind: bigint | undefined;
  #reserved: Connection | undefined;
  /** The poll under way, and the one that begins when it ends. */
  #running: Promise<Beginning | undefined> | undefined;
  #next: Promise<Beginning | undefined> | undefined;
  /** Rows by which the log is known to have grown since it was trimmed. */
  #grown = 0;
  /** Where the first poll begins, when it is to look back. */
  #from: bigint | undefined;
  readonly #instance = randomUUID();
  #trimming: Promise<unknown> = Promise.resolve();

  constructor(home: LogHome) {
    this.mode = home.mode;
    this.#home = home;
  }

  /** Whether others can commit while a session is open. */
  get isShared(): boolean {
    return this.#home.concurrentSessions;
  }

  get uncachable(): ReadonlyMap<string, string> | undefined {
    return this.#uncachable;
  }

  get alterations(): 'at once' | 'within a minute' | undefined {
    return this.#tellsTables === undefined ? undefined : this.#tellsTables || !this.isShared ? 'at once' : 'within a minute';
  }

  /** Whether somebody has told since that tables were altered: what was found then may not hold. */
  isOutdated(introduction: Pick<Introduction, 'seen'>): boolean {
    // Each question to a cache asks for it.
    const judged = this.#judged.get(introduction);
    if (judged !== undefined) return judged;
    const { seen } = introduction;
    const isOutdated = this.#altered.some((xid) => !sees(seen, xid)) || (this.#unheard !== undefined && !isWithin(this.#unheard, seen));
    this.#judged.set(introduction, isOutdated);
    return isOutdated;
  }

  /** What has to be known before a session of a schema begins; asked once, and now and then. */
  async introduction(schema: Schema, ask: AskCatalog): Promise<Introduction> {
    let asked = this.#introductions.get(schema);
    if (!asked || Date.now() > asked.until) {
      asked = { answer: this.#introduce(schema, ask), until: Date.now() + ASKED_AGAIN };
      this.#introductions.set(schema, asked);
      asked.answer.catch(() => this.#introductions.delete(schema));
    }
    const introduction = await asked.answer;
    this.#uncachable = introduction.uncachable;
    this.#tellsTables = introduction.tellsTables;
    return introduction;
  }

  /**
   * Of a database in this process another may have a copy: what is kept of it is nobody else's. Where tables hang together in another way, a process that begins
   * cannot tell what became of rows before: what others have kept from then is of another epoch.
   */
  async #introduce(schema: Schema, ask: AskCatalog): Promise<Introduction> {
    const known = await introduce(ask, schema, { mode: this.mode, isEmbedded: !this.isShared });
    const introduction = { ...known, epoch: `${known.epoch}/${known.structure}${this.isShared ? '' : `/${this.#instance}`}` };
    const behind = this.#behind;
    if (behind === undefined || introduction.log === undefined) return introduction;
    const reloads = await ask(askReloads(introduction.log), [String(behind)]);
    this.knowledge.remember(reloads.map((row) => reloadOf({ xid: BigInt(String(row['xid'])), model: String(row['model']) })));
    this.#behind = undefined;
    return introduction;
  }

  /** Where the next poll begins. */
  get reach(): Reach {
    const after = this.knowledge.extent?.until;
    return after ? { after, structure: this.#structure } : { after, from: this.#from };
  }

  /** Before the first poll: lets it begin so far back in the log that it brings no more rows than it may. */
  async reachBack({ log }: Introduction, ask: AskCatalog): Promise<void> {
    if (log === undefined || this.#from !== undefined || this.knowledge.extent || !this.isShared) return;
    const [row] = await ask(`select xid::text as beyond from ${log} where xid < pg_snapshot_xmax(pg_current_snapshot()) order by xid desc offset ${REACHED_BACK} limit 1`, []);
    this.#from = typeof row?.['beyond'] === 'string' ? BigInt(row['beyond']) + 1n : 1n;
  }

  /** The server, or the log, is not the one that was met: whoever begins next looks again. */
  forgetIntroductions(): void {
    this.#introductions = new WeakMap();
  }

  /**
   * Takes in what became visible. Trims the log in the background when much did.
   *
   * Where tables hang together in another way than before, nobody knows what the log has no rows of: what is older is not judged by it any more. Who tells that he has altered some has
   * left a row that concerns everything, by which it is.
   */
  learn(poll: ToldPoll, { structure }: Pick<Introduction, 'structure'>): void {
    // What it has not brought, of that, is asked for by whoever looks next.
    if (poll.isCut) this.#behind ??= this.knowledge.extent?.until.xmin ?? poll.until.xmin;
    if (this.#lineage !== poll.lineage) this.#forgetAltered(poll.lineage);
    this.knowledge.learn(poll);
    const told = new Set(poll.rows.filter(({ model }) => model === TABLES_SIGNAL).map(({ xid }) => xid));
    const isTold = told.size > 0;
    if (isTold) this.#altered = [...this.#altered, ...told].slice(-MOST_ALTERED);
    if (poll.isCut) this.#unheard = poll.until;
    if (isTold || poll.isCut) {
      this.#judged = new WeakMap();
      this.forgetIntroductions();
    }
    if (this.#structure !== undefined && this.#structure !== structure) this.knowledge.forgetBelow(poll.until.xmax);
    this.#structure = structure;
    this.#noteRows(poll.rows.length);
  }

  /** Numbers of transactions mean nothing in another lineage. */
  #forgetAltered(lineage: string): void {
    this.#lineage = lineage;
    this.#altered = [];
    this.#unheard = undefined;
    this.#judged = new WeakMap();
  }

  /** A session has committed writes: the log has grown, whoever reads it. @param rows - what it has at most left in the log by its own statements */
  noteWritten(rows: number): void {
    this.#noteRows(rows);
  }

  #noteRows(rows: number): void {
    this.#grown += rows;
    if (this.#grown < KEPT / 10) return;
    this.#grown = 0;
    // Whoever comes next tries again; nothing depends on it.
    this.#trimming = this.trim().catch(() => undefined);
  }

  /**
   * Polls on the reserved connection.
   * @returns what a transaction begun after this call was told, be it that tables were altered; undefined when it is not on the server of the introduction
   * @throws {OutageError} when the database cannot be reached
   */
  poll(introduction: Introduction): Promise<Beginning | undefined> {
    if (!this.#running) {
      this.#running = this.#ask(introduction).finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    // The one under way may have taken its snapshot before this call: the next serves all who wait by then.
    this.#next ??= this.#running.catch(() => undefined).then(() => {
      this.#next = undefined;
      return this.poll(introduction);
    });
    return this.#next;
  }

  trim({ keep = KEPT }: { readonly keep?: number | undefined } = {}): Promise<number> {
    return this.#home.aside(async (ask) => {
      // A log that has long not been trimmed takes its time.
      await ask('select set_config(\'statement_timeout\', \'0\', true)', []);
      const [row] = await ask('select ormolu_log_trim($1::int8)::text as gone', [keep]);
      return Number(row?.['gone']);
    });
  }

  async close(): Promise<void> {
    await this.#trimming;
    await this.#running?.catch(() => undefined);
    this.#reserved?.release(true);
    this.#reserved = undefined;
  }

  async #ask(introduction: Introduction): Promise<Beginning | undefined> {
    if (introduction.log === undefined) return undefined;
    const { reach } = this;
    const poll = askPoll({ log: introduction.log, poll: introduction.poll }, reach);
    // At READ COMMITTED each statement would see more than the one before.
    const statements = [plainStatement('begin isolation level repeatable read read only'), ...poll.companions.map(({ statement }) => statement), plainStatement('commit')];
    const replies = new ReplyReader([undefined, ...poll.companions.map(({ sink }) => sink)]);
    const isFresh = !this.#reserved;
    try {
      this.#reserved ??= await this.#home.reserve();
      this.#home.countStatements(statements.length);
      await this.#reserved.exchange(writeStatements(statements), replies);
    } catch (cause) {
      this.#reserved?.release(true);
      this.#reserved = undefined;
      // A connection that lay idle may have been closed by the server meanwhile.
      if (!isFresh) return this.#ask(introduction);
      throw cause instanceof OutageError ? cause : new OutageError('STORAGE_POLL_FAILED', 'The change log could not be polled: the connection kept for it broke. Reads go to the database meanwhile.', { cause });
    }
    if (replies.error) {
      this.#reserved.release(true);
      this.#reserved = undefined;
      this.forgetIntroductions();
      throw errorOfSqlstate(replies.error, new Schema([]), {});
    }
    const polled = poll.read();
    if (!polled || !isIntroducedBy(introduction, polled.beginning)) {
      this.forgetIntroductions();
      return undefined;
    }
    this.learn(pollOf(polled, { introduction, ...reach }), introduction);
    return polled.beginning;
  }
}
