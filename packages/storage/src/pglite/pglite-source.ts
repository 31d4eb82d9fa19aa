import { OutageError, type StorageCapabilities } from '@ormolu/kernel';
import type { PGlite } from '@electric-sql/pglite';
import type { ConnectionSource } from '../sql-storage';
import type { Connection } from '../wire/connection';
import type { ReplyReader } from '../wire/reply-reader';
import { DataDirError, prepareDataDir, startIn } from './data-dir';
import { DirectoryHeld, lockDirectory, LOCK_FILE } from './directory-lock';
import { startFresh } from './fresh-image';
import { loadEngine } from './load-engine';
import { Turnstile } from './turnstile';

/** The major version of PostgreSQL in the PGlite releases we take. */
const ENGINE_VERSION = '18';

/** A running engine and what to do when it stops. */
interface Running {
  readonly engine: PGlite;
  unlock(): void;
}

/** The one connection of an embedded database, started when it is first wanted. */
export class PgliteSource implements ConnectionSource {
  readonly name = 'pglite';
  readonly capabilities: StorageCapabilities;
  readonly #dataDir: string | undefined;
  readonly #turnstile = new Turnstile();
  #running: Promise<Running> | undefined;

  constructor(dataDir: string | undefined) {
    this.#dataDir = dataDir;
    this.capabilities = { concurrentSessions: false, durable: dataDir !== undefined, sql: true };
  }

  async acquire(): Promise<Connection> {
    const leave = await this.#turnstile.enter();
    try {
      this.#running ??= start(this.#dataDir);
      return new PgliteConnection((await this.#running).engine, leave);
    } catch (error) {
      this.#running = undefined;
      leave();
      throw error;
    }
  }

  async close(): Promise<void> {
    const running = await this.#running?.catch(() => undefined);
    await running?.engine.close();
    running?.unlock();
  }
}

class PgliteConnection implements Connection {
  readonly #engine: PGlite;
  readonly #leave: () => void;

  constructor(engine: PGlite, leave: () => void) {
    this.#engine = engine;
    this.#leave = leave;
  }

  async exchange(message: Uint8Array, replies: ReplyReader): Promise<void> {
    // The bytes are the engine's own memory, read before the call returns.
    await this.#engine.execProtocolRawStream(message, { onRawData: (bytes) => replies.feed(bytes) });
    if (replies.status === undefined) throw new OutageError('STORAGE_CONNECTION_LOST', 'The embedded database did not answer to the end. Close the database and open it again.');
  }

  release(): void {
    this.#leave();
  }
}

async function start(dataDir: string | undefined): Promise<Running> {
  if (dataDir === undefined) return { engine: await startFresh(loadEngine()), unlock: () => undefined };
  const { PGlite } = loadEngine().engine;
  await prepareDataDir(dataDir, ENGINE_VERSION);
  const unlock = lockDirectory(dataDir);
  if (unlock instanceof DirectoryHeld) {
    const holder = unlock.pid === process.pid ? 'this process' : `process ${unlock.pid}`;
    throw new DataDirError(dataDir, `${holder} has it open`, { remedy: `Use the database that is open, or wait until it is closed. If ${holder} is no program of yours, remove the file ${LOCK_FILE} there.` });
  }
  const said: string[] = [];
  try {
    return { engine: await startIn(dataDir, () => PGlite.create(dataDir, { onStderr: (line) => said.push(line) < 0 })), unlock };
  } catch (cause) {
    unlock();
    throw new DataDirError(dataDir, `PostgreSQL cannot start from it${said.length > 0 ? ` and says: ${said.slice(-3).join(' ')}` : ''}`, { cause });
  }
}
