import { OrmoluError } from '@ormolu/kernel';

/** What is asked so that its answer is in the caches: a lazy query, whose records are loaded, or anything that reads. */
export type WarmQuery<E> = (env: E) => WarmAnswer | Promise<unknown>;

/** A lazy query. */
export interface WarmAnswer {
  all(): Promise<unknown>;
}

/** How far warming is. */
export interface WarmProgress {
  /** Queries that have ended, failed ones among them, of how many; undefined while their number is not known. */
  readonly done: number;
  readonly total: number | undefined;
  readonly failed: number;
}

/** How caches are warmed. */
export interface WarmOptions {
  /** Queries, and transactions, at a time: keep it below the connections that the program needs meanwhile. @defaultValue 4 */
  readonly concurrency?: number | undefined;
  /** Told after each query. */
  readonly onProgress?: ((progress: WarmProgress) => void) | undefined;
  /** Ends it: what has begun is finished. */
  readonly signal?: AbortSignal | undefined;
}

/** What warming has done. */
export interface WarmReport {
  readonly done: number;
  /** The queries that failed, by their place, and why. The others were asked all the same. */
  readonly failures: readonly { readonly at: number; readonly error: unknown }[];
  /** It was ended by its signal before all were asked. */
  readonly wasAborted: boolean;
  readonly ms: number;
  readonly statements: number;
}

/** What warming works with. */
export interface Warming<E> {
  /** Runs a query in a transaction of its own that reads. */
  readonly ask: (query: (env: E) => Promise<unknown>) => Promise<unknown>;
  readonly statements: () => number;
}

const CONCURRENCY = 4;

/**
 * Asks queries, a few at a time, so that their answers are in the caches when they are wanted.
 *
 * A query that fails is told of in the report, and keeps none of the others from being asked.
 */
export async function warm<E>(queries: Iterable<WarmQuery<E>>, { concurrency = CONCURRENCY, onProgress, signal }: WarmOptions, { ask, statements }: Warming<E>): Promise<WarmReport> {
  const [began, before] = [performance.now(), statements()];
  const total = Array.isArray(queries) ? queries.length : undefined;
  const failures: { readonly at: number; readonly error: unknown }[] = [];
  let done = 0;
  let at = -1;
  const iterator = queries[Symbol.iterator]();
  const one = async (): Promise<void> => {
    for (;;) {
      if (signal?.aborted === true) return;
      const next = iterator.next();
      if (next.done === true) return;
      const place = (at += 1);
      try {
        await ask(async (env) => {
          const answer = next.value(env);
          return isLazy(answer) ? answer.all() : answer;
        });
      } catch (error) {
        // Of a closed database nothing can be asked.
        if (OrmoluError.is(error) && error.code === 'DB_CLOSED') throw error;
        failures.push({ at: place, error });
      }
      done += 1;
      onProgress?.({ done, total, failed: failures.length });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, one));
  return { done, failures, wasAborted: signal?.aborted === true && iterator.next().done !== true, ms: performance.now() - began, statements: statements() - before };
}

function isLazy(answer: WarmAnswer | Promise<unknown>): answer is WarmAnswer {
  return 'all' in answer && typeof answer.all === 'function';
}
