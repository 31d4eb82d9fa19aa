import type { Storage } from '@ormolu/kernel';
import { MemoryStorage } from './memory/memory-storage';

/**
 * A database in the memory of this process, with the transactions, constraints and filters of a real one; for tests.
 *
 * Unlike PostgreSQL it never waits: who comes second to a record that another open transaction has changed gets a `ConflictError` at
 * once, and a serializable transaction is refused when any table it read was changed meanwhile.
 * @remarks Nothing is indexed: a query looks at every row.
 */
export function memory(): Storage {
  return new MemoryStorage();
}
