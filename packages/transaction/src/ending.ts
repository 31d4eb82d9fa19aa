import { TransactionStateError } from './errors';
import type { Transaction } from './transaction';

/**
 * What comes before the COMMIT: everything pending is written, and what the hooks leave pending too.
 *
 * @throws {TransactionStateError} TX_SAVEPOINT_OPEN
 */
export async function prepareCommit(tx: Transaction): Promise<void> {
  if (tx.savepoints.length > 0) throw new TransactionStateError('TX_SAVEPOINT_OPEN', 'commit() was called inside a savepoint. Release it or roll it back first.');
  await tx.flush();
  while (tx.precommit.size > 0) {
    await tx.precommit.run();
    await tx.flush();
  }
}

/**
 * What follows when the commit is durable: the rungs below learn of it, then the hooks run, all of them.
 *
 * @throws {AggregateError} of everything that failed
 */
export async function finishCommit(tx: Transaction): Promise<void> {
  const errors: unknown[] = [];
  try {
    await tx.rung.publish({ changed: tx.changed });
  } catch (error) {
    errors.push(error);
  }
  for (const hooks of [tx.precommit, tx.prerollback, tx.postrollback]) hooks.clear();
  errors.push(...(await tx.postcommit.runAll()));
  if (errors.length > 0) throw new AggregateError(errors, 'The commit is durable, but what was to follow it failed: see errors.');
}
