import { MisuseError, nearestName, typeName, type Storage } from '@ormolu/kernel';
import { changeLogOf, type ChangeLogOption } from './change-log/option';
import { PgliteSource } from './pglite/pglite-source';
import { SqlStorage } from './sql-storage';

/** Where the embedded database lives. */
export interface PgliteOptions {
  /**
   * A directory of this machine, made when it is missing.
   * @defaultValue none: the database lives in memory and goes with the process
   */
  readonly dataDir?: string | undefined;
  /**
   * How changes get into the change log that caches are judged by.
   * @defaultValue 'triggers'
   */
  readonly changeLog?: ChangeLogOption | undefined;
}

/**
 * The embedded default: PostgreSQL itself, compiled to WebAssembly, inside this process.
 *
 * It has one connection, so that sessions wait for each other; one opened inside another of the same flow is refused.
 * @throws {MisuseError} STORAGE_OPTION for options that are none
 * @throws {MisuseError} STORAGE_DATA_DIR, from the first session on, when the directory holds anything but a database it can open;
 * nothing in it is changed then
 * @remarks Starts with the first session: three seconds for a new database, one for an existing one.
 */
export function pglite(options: PgliteOptions = {}): Storage {
  checkOptions(options);
  return new SqlStorage(new PgliteSource(options.dataDir), changeLogOf(options.changeLog));
}

/** An option that nobody reads would put the database into memory, and lose it with the process. */
function checkOptions(options: unknown): void {
  const remedy = "Name the directory: pglite({ dataDir: 'data' }), or nothing for a database in memory.";
  if (typeof options !== 'object' || options === null) throw new MisuseError('STORAGE_OPTION', `pglite() was given ${typeName(options)}, and no options. ${remedy}`);
  for (const [name, value] of Object.entries(options) as readonly [string, unknown][]) {
    const nearest = nearestName(name, ['dataDir', 'changeLog']);
    if (name === 'changeLog') continue;
    if (name !== 'dataDir') throw new MisuseError('STORAGE_OPTION', `pglite() has no option '${name}'. ${nearest ? `Did you mean '${nearest}'?` : remedy}`);
    if (value !== undefined && (typeof value !== 'string' || value === '')) throw new MisuseError('STORAGE_OPTION', `pglite() was given ${value === '' ? 'an empty text' : typeName(value)} for dataDir. ${remedy}`);
  }
}
