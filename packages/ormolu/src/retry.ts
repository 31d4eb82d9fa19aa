import { ConflictError, OrmoluError } from '@ormolu/kernel';
import type { Transaction } from '@ormolu/transaction';
import { ExponentialBackoff, fullJitterGenerator, handleType, retry } from 'cockatiel';

/** How often a unit of work is tried, and what ends it early. */
export interface RetryOptions {
  /**
   * Executions in all, the first included; 1 never tries again.
   * @defaultValue 5
   */
  readonly tries?: number | undefined;
  /** Ends the waiting between two tries, and lets no further one begin. What runs already is not interrupted. */
  readonly signal?: AbortSignal | undefined;
}

const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 1_000;

/**
 * Runs a unit of work again when another transaction was faster: serialization failures and deadlocks, and nothing else.
 *
 * The waits between two tries double from 10 ms to a second, each a random share of that (full jitter), so that those who met once do
 * not meet again.
 * @param work - makes a fresh transaction each time
 * @throws {unknown} what the last try threw; the signal's reason when it was aborted before the first
 * @see AWS Architecture Blog, "Exponential Backoff And Jitter"; Odoo's `retrying`
 */
export async function withRetry<T>(work: () => Promise<T>, { tries = 5, signal }: RetryOptions): Promise<T> {
  signal?.throwIfAborted();
  const policy = retry(handleType(ConflictError), {
    maxAttempts: tries - 1,
    backoff: new ExponentialBackoff({ initialDelay: FIRST_WAIT_MS, maxDelay: LONGEST_WAIT_MS, generator: fullJitterGenerator }),
  });
  return policy.execute(work, signal);
}

/**
 * What a unit of work failed of. Work may catch a conflict and go on, or return: all it is told afterwards is that the transaction takes nothing
 * more, and that is no reason not to run it again.
 *
 * @returns the conflict that made the database give the transaction up, when what was thrown says no more than that; otherwise what was thrown
 */
export function conflictBehind(thrown: unknown, { stage }: Transaction): unknown {
  return OrmoluError.is(thrown) && thrown.code === 'TX_STATE' && stage.failure instanceof ConflictError ? stage.failure : thrown;
}
