import type { Session, StoredId } from '@ormolu/kernel';
import type { RecordSetIn } from './records';
import type { ModelName, Shape } from './shape';

/** What an async function given to `run` meets: it would return before its reads are answered. */
export interface RunTakesNoAsyncFunction {
  readonly $async: never;
}

/** What user code sees of the transaction it works in. */
export interface TransactionMembers {
  readonly session: Session;
  readonly state: string;
  flush(): Promise<void>;
  clear(): void;
  savepoint(): Promise<SavepointMembers>;
  savepoint<T>(work: () => Promise<T> | T, options?: { readonly flush?: boolean }): Promise<T>;
}

/** A savepoint to be ended by hand: rolls back at the end of an `await using` block unless it was released. */
export interface SavepointMembers extends AsyncDisposable {
  release(): Promise<void>;
  rollback(): Promise<void>;
}

/** Who is asking, and in which context. */
export interface EnvironmentIn<in out S extends Shape> {
  readonly uid: number | null;
  readonly su: boolean;
  readonly context: Readonly<Record<string, unknown>>;
  readonly transaction: TransactionMembers;
  /** The empty set of a model: where `browse`, `search` and `create` begin. */
  model<N extends ModelName<S>>(name: N): RecordSetIn<S, N>;
  /**
   * Runs plain synchronous code on an asynchronous database.
   *
   * @param fn - not async
   */
  run<T>(fn: (() => T) & (T extends PromiseLike<unknown> ? RunTakesNoAsyncFunction : unknown)): Promise<T>;
  withUser(user: number | null): EnvironmentIn<S>;
  withContext(context: Readonly<Record<string, unknown>>): EnvironmentIn<S>;
  sudo(): EnvironmentIn<S>;
  withCompany(company: StoredId): EnvironmentIn<S>;
  cacheKey(field: { readonly dependsContext: readonly string[] }): unknown;
  flush(): Promise<void>;
  sql(text: string, params?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
}
