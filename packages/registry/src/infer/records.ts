import type { Id, Session } from '@ormolu/kernel';
import type { ListDefinition } from '../define-fields';
import type { CheckedFilter, CheckedOrder } from './filters';
import type { CheckedPath, CheckedPaths, FieldAt } from './paths';
import type { ComodelOf, FieldName, ModelName, ReadValue, WriteValues } from './values';

/** What a function may return that must not be asynchronous. */
export type NotPromise<T> = T extends PromiseLike<unknown> ? 'a function given to run() must not be async: it would return before its reads are answered' : T;

/** How a search is limited and ordered. */
export interface SearchOptionsOf<O> {
  /** `['country.name', '-population']`. @defaultValue the model's own order */
  readonly order?: O;
  readonly limit?: number;
  readonly offset?: number;
}

/** What every set of records offers, of one record or several. */
export interface RecordMembers<D, M extends ModelName<D>> {
  readonly env: EnvironmentOf<D>;
  readonly model: M;
  readonly ids: readonly Id[];
  readonly length: number;
  [Symbol.iterator](): Iterator<RecordOf<D, M>>;
  at(index: number): RecordOf<D, M> | undefined;
  first(): RecordOf<D, M> | undefined;
  ensureOne(): RecordOf<D, M>;
  browse(id: Id): RecordOf<D, M>;
  browse(ids: readonly Id[]): RecordSetOf<D, M>;
  create(values: WriteValues<D, M>): Promise<RecordOf<D, M>>;
  create(values: readonly WriteValues<D, M>[]): Promise<RecordSetOf<D, M>>;
  search<const F, const O extends readonly string[] = readonly []>(filter?: F & CheckedFilter<D, M, F>, options?: SearchOptionsOf<O & CheckedOrder<D, M, O>>): Promise<RecordSetOf<D, M>>;
  count<const F>(filter?: F & CheckedFilter<D, M, F>): Promise<number>;
  load<const P extends readonly string[]>(paths: P & CheckedPaths<D, M, P>): Promise<this>;
  read<const N extends FieldName<D, M> | 'id'>(fields: readonly N[]): Promise<Record<N | 'id', unknown>[]>;
  write(values: WriteValues<D, M>): Promise<void>;
  unlink(): Promise<void>;
  exists(): Promise<RecordSetOf<D, M>>;
  mapped<const P extends string>(path: P & CheckedPath<D, M, P>): MappedAt<D, M, P>;
  filtered(keep: (record: RecordOf<D, M>) => boolean): RecordSetOf<D, M>;
  sorted(key: (record: RecordOf<D, M>) => string | number | bigint | boolean | Date | null, direction?: 'asc' | 'desc'): RecordSetOf<D, M>;
  grouped<K>(key: (record: RecordOf<D, M>) => K): Map<K, RecordSetOf<D, M>>;
  union(other: RecordMembers<D, M>): RecordSetOf<D, M>;
  intersect(other: RecordMembers<D, M>): RecordSetOf<D, M>;
  subtract(other: RecordMembers<D, M>): RecordSetOf<D, M>;
  modified(fields: readonly FieldName<D, M>[]): void;
  invalidate(fields?: readonly FieldName<D, M>[]): void;
  recompute(fields?: readonly FieldName<D, M>[]): Promise<void>;
  flush(): Promise<void>;
}

/** An ordered, immutable set of records: fields are read on its single records. */
export type RecordSetOf<D, M extends ModelName<D>> = RecordMembers<D, M>;

/** A single record: its fields are properties. */
export type RecordOf<D, M extends ModelName<D>> = RecordMembers<D, M> & { readonly id: Id } & {
  -readonly [F in FieldName<D, M> as D[M][F] extends ListDefinition<string> ? never : F]: ReadValue<D, D[M][F]>;
} & {
  // A list is the other side of a many2one: that is what gets written.
  readonly [F in FieldName<D, M> as D[M][F] extends ListDefinition<string> ? F : never]: ReadValue<D, D[M][F]>;
};

/** What a path leads to from a set: records, or the values of its last field. */
export type MappedAt<D, M extends ModelName<D>, P extends string> = [ComodelOf<D, FieldAt<D, M, P>>] extends [never]
  ? readonly ReadValue<D, FieldAt<D, M, P>>[]
  : RecordSetOf<D, ComodelOf<D, FieldAt<D, M, P>>>;

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
export interface EnvironmentOf<D> {
  readonly uid: number | null;
  readonly su: boolean;
  readonly context: Readonly<Record<string, unknown>>;
  readonly transaction: TransactionMembers;
  model<M extends ModelName<D>>(name: M): RecordSetOf<D, M>;
  run<T>(fn: () => NotPromise<T>): Promise<T>;
  withUser(user: number | null): EnvironmentOf<D>;
  withContext(context: Readonly<Record<string, unknown>>): EnvironmentOf<D>;
  sudo(): EnvironmentOf<D>;
  withCompany(company: number | string | bigint): EnvironmentOf<D>;
  flush(): Promise<void>;
  sql(text: string, params?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
}
