import { ConflictError, OrmoluError } from '@ormolu/kernel';
import type { Transaction } from '@ormolu/transaction';
import { ExponentialBackoff, fullJitterGenerator, type IBackoff } from 'cockatiel';
import { setTimeout as passed } from 'node:timers/promises';

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

const BACKOFF = new ExponentialBackoff({ initialDelay: 10, maxDelay: 1_000, generator: fullJitterGenerator });

/** What a unit of work failed of, and then what was to run with its rollback: the first of its errors is that of the work, and its cause. */
export class FailedRollbackError extends AggregateError {
  constructor(work: unknown, rollback: unknown) {
    super([work, rollback], 'The work failed, and so did what was to run with its rollback: see errors, the first of which is that of the work.', { cause: work });
  }
}

/**
 * Runs a unit of work again when another transaction was faster: serialization failures and deadlocks, and nothing else.
 *
 * The waits between two tries double from 10 ms to a second, each a random share of that (full jitter), so that those who met once do
 * not meet again.
 * @param work - makes a fresh transaction each time
 * @param waits - lets time pass, or rejects when the signal is aborted meanwhile
 * @throws {unknown} what the last try threw; the signal's reason when it was aborted before the first, or between two, with the conflict of the try before
 * as its cause when it has none
 * @see AWS Architecture Blog, "Exponential Backoff And Jitter"; Odoo's `retrying`
 */
export async function withRetry<T>(work: () => Promise<T>, { tries = 5, signal }: RetryOptions, waits: (ms: number, options: { signal: AbortSignal | undefined }) => Promise<unknown> = waited): Promise<T> {
  signal?.throwIfAborted();
  let wait: IBackoff<unknown> | undefined;
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      const conflict = error instanceof FailedRollbackError ? error.cause : error;
      if (!(conflict instanceof ConflictError) || tried >= tries) throw error;
      if (error instanceof FailedRollbackError) tellFailedRollback(error.errors[1]);
      wait = wait?.next(undefined) ?? BACKOFF.next();
      try {
        await waits(wait.duration, { signal });
      } catch {
        throw reasonOf(signal, conflict);
      }
    }
  }
}

function waited(ms: number, options: { readonly signal: AbortSignal | undefined }): Promise<void> {
  return passed(ms, undefined, options);
}

/** Whoever is not thrown what failed beside the work is warned of it: the work is run again, and may come to a good end. */
export function tellFailedRollback(failure: unknown): void {
  const errors: readonly unknown[] = failure instanceof AggregateError ? failure.errors : [failure];
  process.emitWarning(
    `A unit of work is run again, but what was to run with its rollback failed: ${errors.map(String).join('; ')}. Functions given to prerollback and postrollback should not throw.`,
    { type: 'OrmoluWarning', code: 'DB_ROLLBACK_FAILED', detail: errors.map((error) => (error instanceof Error ? error.stack : undefined) ?? String(error)).join('\n') },
  );
}

/** Why it was aborted: the very thing that the signal was given, which says what it happened to if it can. */
function reasonOf(signal: AbortSignal | undefined, conflict: ConflictError): unknown {
  const reason: unknown = signal?.reason;
  // Not by class: an abort's own error is none of this realm's, where programs run in several.
  const isError = typeof reason === 'object' && reason !== null && 'message' in reason;
  if (isError && !('cause' in reason) && Object.isExtensible(reason)) Object.defineProperty(reason, 'cause', { value: conflict, writable: true, configurable: true });
  return reason;
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
