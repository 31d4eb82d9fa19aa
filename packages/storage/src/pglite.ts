import type { Storage } from '@ormolu/kernel';
import { PgliteSource } from './pglite/pglite-source';
import { SqlStorage } from './sql-storage';

/** Where the embedded database lives. */
export interface PgliteOptions {
  /**
   * A directory of this machine, made when it is missing.
   * @defaultValue none: the database lives in memory and goes with the process
   */
  readonly dataDir?: string | undefined;
}

/**
 * The embedded default: PostgreSQL itself, compiled to WebAssembly, inside this process.
 *
 * It has one connection, so that sessions wait for each other; one opened inside another of the same flow is refused.
 * @throws {MisuseError} STORAGE_DATA_DIR, from the first session on, when the directory holds anything but a database it can open;
 * nothing in it is changed then
 * @remarks Starts with the first session: three seconds for a new database, one for an existing one.
 */
export function pglite(options: PgliteOptions = {}): Storage {
  return new SqlStorage(new PgliteSource(options.dataDir));
}
