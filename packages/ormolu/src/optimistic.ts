import { ConcurrentModificationError, type ConflictError, type Session } from '@ormolu/kernel';
import type { Transaction } from '@ormolu/transaction';

/**
 * What stands behind a conflict of an optimistic transaction, which has been rolled back.
 *
 * At REPEATABLE READ the database refuses to change what others changed since, before it would compare any version. Whether that was a record
 * the transaction had read is looked up here, so that the caller learns the same at every isolation level.
 * @returns a `ConcurrentModificationError`; the conflict itself when no record that was to be changed has another version
 * @remarks One statement a model, after a conflict only.
 */
export async function modificationBehind(conflict: ConflictError, versions: NonNullable<Transaction['versions']>, open: () => Promise<Session>): Promise<unknown> {
  const session = await open();
  try {
    const [first, ...others] = await versions.modified((question) => session.read(question));
    return first ? new ConcurrentModificationError(first, others, conflict) : conflict;
  } catch {
    // Who cannot look cannot tell better than the database did.
    return conflict;
  } finally {
    await session.rollback();
  }
}
