import type { Columns, Id, StoredId } from '@ormolu/kernel';
import type { RecordIn, RecordSetIn } from './records';
import type { FieldName, ModelName, Shape } from './shape';
import type { TransactionMembers } from './transaction';

/** What an async function or a generator given to `run` meets: it would return before its reads are answered. */
export interface RunTakesNoAsyncFunction {
  readonly $async: never;
}

/** What a function returns that is not over yet. */
type Unfinished = PromiseLike<unknown> | Iterator<unknown, unknown, never> | AsyncIterator<unknown, unknown, never>;

/** A single record of which only that much is known. */
export interface AnyRecord {
  readonly model: string;
  readonly id: Id;
  readonly ids: readonly Id[];
}

/** `env.user` and `env.company`, when it is known which models they are of. */
export interface ActorsIn<S extends Shape, U extends string, C extends string> {
  readonly user: RecordIn<S, U> | null;
  readonly company: RecordIn<S, C> | null;
  readonly companies: RecordSetIn<S, C>;
}

/** Who is asking, and in which context. */
export interface EnvironmentIn<in out S extends Shape> {
  readonly uid: number | null;
  /** Access is not limited. */
  readonly su: boolean;
  readonly context: Readonly<Record<string, unknown>>;
  /** The user's record, with access unlimited; null when nobody in particular is asking. Wants the option `users`. */
  readonly user: AnyRecord | null;
  /** The first of `context.allowedCompanyIds`, else the user's company. Wants the option `companies`. */
  readonly company: AnyRecord | null;
  /** All of `context.allowedCompanyIds`, else the user's company. Wants the option `companies`. */
  readonly companies: { readonly model: string; readonly ids: readonly Id[]; readonly length: number };
  /** The id of `company`, which needs no option when the context names companies. */
  readonly companyId: StoredId | null;
  /** The language of the context. */
  readonly lang: string | null;
  readonly transaction: TransactionMembers<S>;
  /** The empty set of a model: where `browse`, `search` and `create` begin. */
  model<N extends ModelName<S>>(name: N): RecordSetIn<S, N>;
  /**
   * Runs plain synchronous code on an asynchronous database.
   *
   * @param fn - not async, and no generator
   */
  run<T>(fn: (() => T) & (T extends Unfinished ? RunTakesNoAsyncFunction : unknown)): Promise<T>;
  /** The same for another user, whose access is limited. */
  withUser(user: number | AnyRecord | null): this;
  /** The same with context keys added or replaced; one set to `undefined` is removed. */
  withContext(context: Readonly<Record<string, unknown>>): this;
  /** The same with access unlimited. */
  sudo(): this;
  /** The same with another first company; those allowed besides stay. */
  withCompany(company: StoredId | AnyRecord): this;
  cacheKey(field: { readonly dependsContext: readonly string[] }): unknown;
  flush(): Promise<void>;
  /** Reads stored values past the cache, in the cache's form: the ids that exist, and a list of values for each field. */
  readStored<N extends ModelName<S>>(model: N, ids: readonly Id[], fields: readonly FieldName<S, N>[]): Promise<Columns>;
  sql(text: string, params?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
}
