import type { Transaction } from '../transaction';
import { assertAllowed } from '../transaction-state';

/**
 * Runs a call that creates or deletes records after those of its kind that were called before, and after what a search has to write: of each, the others find all
 * or nothing.
 *
 * @throws {TransactionStateError} TX_STATE, TX_OVERLAP, when called or when its turn comes; then nothing was done
 */
export async function inTurn<T>(tx: Transaction, call: string, work: () => Promise<T>): Promise<T> {
  return tx.exclusive.inTurn(call, async () => {
    await tx.flushIsOver();
    assertAllowed(tx.state, 'write');
    return work();
  });
}
