import type { Storage } from '@ormolu/kernel';
import { changeLogOf, type ChangeLogOption } from './change-log/option';
import { MemoryStorage } from './memory/memory-storage';

/** How a database in memory is made. */
export interface MemoryOptions {
  /** False: there is no change log, and so nothing that caches may keep. @defaultValue 'triggers' */
  readonly changeLog?: ChangeLogOption | undefined;
}

/**
 * A database in the memory of this process, with the transactions, constraints and filters of a real one; for tests.
 *
 * Unlike PostgreSQL it never waits: who comes second to a record that another open transaction has changed gets a `ConflictError` at
 * once, and a serializable transaction is refused when any table it read was changed meanwhile.
 * @remarks Nothing is indexed: a query looks at every row.
 */
export function memory({ changeLog }: MemoryOptions = {}): Storage {
  return new MemoryStorage({ hasLog: changeLogOf(changeLog) !== false });
}
