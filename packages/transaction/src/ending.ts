import { duringCall, isNestedIn, type CallInFlow } from '@ormolu/kernel';
import { TransactionStateError } from './errors';
import { tellTransaction } from './events';
import { forgetAll } from './forget';
import type { Transaction } from './transaction';

/** Flushes, makes everything true and tells the rungs below. @see Transaction.commit */
export async function commit(tx: Transaction): Promise<void> {
  tx.stage.assertAllows('commit');
  await prepare(tx);
  tx.stage.become('committing');
  try {
    await tx.session.commit();
  } catch (error) {
    // Nothing was written, as far as anybody can tell; what is to run with a rollback runs with it.
    tx.stage.become('failed');
    throw error;
  }
  tx.stage.become('closed');
  tellTransaction('commit');
  await finish(tx);
}

/** Takes everything back, in database and memory. A second call does nothing. */
export async function rollBack(tx: Transaction): Promise<void> {
  if (tx.state === 'closed') return;
  for (const hooks of [tx.precommit, tx.postcommit]) hooks.end();
  const errors = [...(await tx.prerollback.runAll())];
  await tx.session.rollback();
  tx.stage.become('closed');
  tellTransaction('rollback');
  tx.prerollback.end();
  forgetAll(tx);
  errors.push(...(await tx.postrollback.runAll()));
  tx.postrollback.end();
  if (errors.length > 0) throw new AggregateError(errors, 'The transaction was rolled back, but functions that were to run with it failed: see errors.');
}

/**
 * What comes before the COMMIT: everything pending is written, and what the hooks leave pending too.
 *
 * @throws {TransactionStateError} TX_SAVEPOINT_OPEN
 */
async function prepare(tx: Transaction): Promise<void> {
  refuseSavepoints(tx);
  await tx.flush();
  while (tx.precommit.size > 0) {
    await tx.precommit.run();
    refuseSavepoints(tx);
    await tx.flush();
  }
}

function refuseSavepoints({ savepoints }: Transaction): void {
  if (savepoints.length > 0) throw new TransactionStateError('TX_SAVEPOINT_OPEN', 'commit() was called inside a savepoint, or a function before the commit has left one open. Release it or roll it back first.');
}

/**
 * What follows when the commit is durable: the rungs below learn of it, then the hooks run, all of them.
 *
 * @throws {AggregateError} of everything that failed
 */
async function finish(tx: Transaction): Promise<void> {
  const errors: unknown[] = [];
  try {
    await tx.below.rung.publish({ changed: tx.below.changed, images: tx.session.committed });
  } catch (error) {
    errors.push(error);
  }
  for (const hooks of [tx.precommit, tx.prerollback, tx.postrollback]) hooks.end();
  errors.push(...(await tx.postcommit.runAll()));
  tx.postcommit.end();
  if (errors.length > 0) throw new AggregateError(errors, 'The commit is durable, but what was to follow it failed: see errors.');
}

/** The one call that ends a transaction. */
export class Ending {
  readonly #tx: Transaction;
  #running: { readonly token: CallInFlow; over?: Promise<void> } | undefined;

  constructor(tx: Transaction) {
    this.#tx = tx;
  }

  /**
   * Ends the transaction; who rolls back beside a rollback waits for that one.
   *
   * @throws {TransactionStateError} TX_OVERLAP when a function calls it that the end is waiting for
   */
  during(call: 'commit' | 'rollback', end: () => Promise<void>): Promise<void> {
    const before = this.#running;
    if (before && this.#tx.state !== 'closed') {
      if (isNestedIn(before.token)) return Promise.reject(endedTwice(call, before.token.call));
      if (before.over && call === 'rollback' && before.token.call === 'rollback') return before.over;
    }
    return duringCall(call, (token) => {
      // The first of these functions is called at once.
      const running: { readonly token: CallInFlow; over?: Promise<void> } = { token };
      this.#running = running;
      return (running.over = end().finally(() => {
        if (this.#running === running) this.#running = before;
      }));
    });
  }
}

function endedTwice(call: string, other: string): TransactionStateError {
  return new TransactionStateError(
    'TX_OVERLAP',
    `${call}() was called by a function that runs while ${other}() is ending the transaction, and waits for it. Return to let it go on${other === 'commit' ? '; throw to have nothing committed' : ''}.`,
    { details: { call, other } },
  );
}

/** Work was to end the transaction that it is the work of. */
export function endedInside(call: string): TransactionStateError {
  return new TransactionStateError(
    'TX_ENDED_INSIDE',
    `${call}() was called by the work of a transaction, which ends with it: return to commit, throw to roll back. What may fail by itself goes into tx.savepoint(…).`,
  );
}
