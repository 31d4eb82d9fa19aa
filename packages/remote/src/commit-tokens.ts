import { ConflictError, ConstraintError, Schema, type ColumnSchema, type Session, type Storage, type TableSchema } from '@ormolu/kernel';
import { setTimeout as delay } from 'node:timers/promises';

const MODEL = 'ormolu.remote.commit';
const AT: ColumnSchema = { field: 'at', column: 'at', type: 'timestamptz', required: true, unique: false, index: true };
/** Of a token that somebody has taken who asked for it, for the transaction was not committed. */
const ASKED: ColumnSchema = { field: 'asked', column: 'asked', type: 'bool', required: false, unique: false, index: false };
const TABLE: TableSchema = { model: MODEL, table: 'ormolu_remote_commits', idColumn: 'token', idType: 'text', columns: [AT, ASKED], lists: [], order: [], versioned: false, aside: true };

/** How long the token of a commit is kept: longer than anybody waits to ask for it. */
const KEPT_MS = 24 * 3_600_000;
/** How often old ones are forgotten while a server runs. */
const TRIM_MS = 3_600_000;
/** How many at once: a server that has run for months has millions, and they need not be there together. */
const MOST_AT_ONCE = 10_000;
/** How often one that is being written at this moment is asked for again. */
const TRIES = 50;

/**
 * The tokens of commits, kept in the database and written in the very transactions that they stand for: whether one is there says whether
 * the transaction was committed, whatever became of the server and of the answer.
 */
export class CommitTokens {
  readonly #storage: Storage;
  readonly #onFault: (error: unknown) => void;
  #known = new WeakMap<Schema, Schema>();
  #timer: NodeJS.Timeout | undefined;
  #trimming: Promise<void> | undefined;
  #hasMore = false;
  #isClosed = false;

  /** @param onFault - told of what keeps old tokens from being forgotten */
  constructor(storage: Storage, onFault: (error: unknown) => void) {
    this.#storage = storage;
    this.#onFault = onFault;
  }

  /** Creates the table, and forgets the oldest tokens: no more than a server can begin behind. */
  async prepare(): Promise<void> {
    await this.#storage.migrate(new Schema([TABLE]));
    this.#hasMore = await this.#forget() === MOST_AT_ONCE;
  }

  /** Forgets old tokens now and then, until it is closed. */
  begin(): void {
    this.#timer = setInterval(() => { this.#trim(); }, TRIM_MS).unref();
    if (this.#hasMore) this.#trim();
  }

  /** Ends with what is being forgotten at this moment, and leaves the rest. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#trimming;
  }

  #trim(): void {
    this.#trimming ??= (async () => {
      // Each in a transaction of its own: whoever shares a storage that has one at a time comes in between.
      while (!this.#isClosed && await this.#forget() === MOST_AT_ONCE);
    })().catch(this.#onFault).finally(() => { this.#trimming = undefined; });
  }

  /** @returns how many: fewer than at once when there are no more */
  async #forget(): Promise<number> {
    const session = await this.#storage.open({ schema: new Schema([TABLE]), isolation: 'read committed' });
    try {
      const before = new Date(Date.now() - KEPT_MS);
      const { ids } = await session.query({ model: MODEL, filter: { kind: 'condition', path: ['at'], operator: 'lt', value: before }, limit: MOST_AT_ONCE });
      if (ids.length > 0) await session.delete(MODEL, ids);
      await session.commit();
      return ids.length;
    } finally {
      await session.rollback();
    }
  }

  /** A schema, and the table of tokens beside its own. */
  beside(schema: Schema): Schema {
    let joined = this.#known.get(schema);
    if (!joined) this.#known.set(schema, (joined = new Schema([...schema.tables, TABLE], schema.version)));
    return joined;
  }

  /** Notes, in the transaction itself, that it is the one with this token. */
  async write(session: Session, token: string): Promise<void> {
    await write(session, token, false);
  }

  /**
   * Whether the transaction with this token was committed. When it was not, it never will be: its token is taken from here on, and what
   * bears it still fails.
   */
  async wasCommitted(token: string): Promise<boolean> {
    for (let tries = 1; ; tries += 1) {
      const session = await this.#storage.open({ schema: new Schema([TABLE]), isolation: 'read committed' });
      try {
        // Waits for one that is just being committed.
        await write(session, token, true);
        await session.commit();
        return false;
      } catch (error) {
        if (error instanceof ConstraintError) {
          await session.rollback();
          // Somebody may have asked before whom the answer did not reach.
          return !await this.#wasAsked(token);
        }
        // A storage that does not wait says that it is being written.
        if (!(error instanceof ConflictError) || tries === TRIES) throw error;
        await delay(20 * tries);
      } finally {
        await session.rollback();
      }
    }
  }

  /** Whether whoever has taken a token has asked for it. */
  async #wasAsked(token: string): Promise<boolean> {
    const session = await this.#storage.open({ schema: new Schema([TABLE]), isolation: 'read committed', readOnly: true });
    try {
      const { columns: [[asked] = []] } = await session.read({ model: MODEL, ids: [token], fields: ['asked'] });
      return asked === true;
    } finally {
      await session.rollback();
    }
  }
}

async function write(session: Session, token: string, asked: boolean): Promise<void> {
  await session.insert({ model: MODEL, count: 1, ids: [token], fields: ['at', 'asked'], columns: [[new Date()], [asked]] });
}
