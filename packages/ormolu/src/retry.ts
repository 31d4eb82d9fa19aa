import { ConflictError } from '@ormolu/kernel';
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
