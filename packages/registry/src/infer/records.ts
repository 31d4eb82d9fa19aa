import type { Id } from '@ormolu/kernel';
import type { EnvironmentIn } from './environment';
import type { CheckedFilter } from './filters';
import type { EndOf, OrderOf, PathOf, PathsOf } from './paths';
import type { CheckedGroups, GroupAsk, GroupOf } from './groups';
import type { QueryIn } from './queries';
import type { ComodelOf, FieldName, FieldsOf, IdOf, MethodsOf, Shape } from './shape';
import type { CreateValues, DraftFields, DraftValues, FieldValues, GivenId, ReadValue, ValuesOf, WriteValues } from './values';

/** What a sort key may be; null comes last. */
export type SortKey = string | number | bigint | boolean | Date | null;

/** How a search is limited and ordered. */
export interface SearchOptionsOf<O> {
  /** `['country.name', '-population']`. @defaultValue the model's own order */
  readonly order?: O;
  /** At most so many records. @defaultValue all */
  readonly limit?: number;
  /** So many of the first are left out. @defaultValue 0 */
  readonly offset?: number;
}

/**
 * What every set of records offers, of one record or several.
 *
 * Sets are ordered and immutable. Calls that return a promise may ask the database; all others answer from memory. Within
 * `env.run` those with a promise are refused.
 */
export interface RecordMembers<in out S extends Shape, in out N extends string> {
  readonly env: EnvironmentIn<S>;
  /** The model's name. */
  readonly model: N;
  readonly ids: readonly IdOf<S, N>[];
  readonly length: number;
  [Symbol.iterator](): Iterator<RecordIn<S, N>>;
  /** The record at a place, counted from the end when negative. */
  at(index: number): RecordIn<S, N> | undefined;
  first(): RecordIn<S, N> | undefined;
  /** This set as the one record it holds. */
  ensureOne(): RecordIn<S, N>;
  /** Records by id; nothing is asked of the database. */
  browse(id: IdOf<S, N>): RecordIn<S, N>;
  browse(ids: readonly IdOf<S, N>[]): RecordSetIn<S, N>;
  /** Makes new records: a record of one object of values, a set of a list of them. */
  create(values: CreateValues<S, N>): Promise<RecordIn<S, N>>;
  create(values: readonly CreateValues<S, N>[]): Promise<RecordSetIn<S, N>>;
  search<const F, const O extends readonly string[] = readonly []>(filter?: F & CheckedFilter<S, N, F>, options?: SearchOptionsOf<OrderOf<S, N, O>>): Promise<RecordSetIn<S, N>>;
  /** A search that is sent when its answer is wanted; it may be iterated inside `env.run` and in computes. */
  where<const F>(filter?: F & CheckedFilter<S, N, F>): QueryIn<S, N>;
  count<const F>(filter?: F & CheckedFilter<S, N, F>): Promise<number>;
  /** Groups records by what they have in common, with figures of each group: `readGroup({ by: ['country.name'], sum: ['population'] })`. */
  readGroup<const O extends GroupAsk>(options: O & CheckedGroups<S, N, O>): Promise<readonly GroupOf<S, N, O>[]>;
  /** Brings paths into memory, so that plain property reads answer. */
  load<const P extends readonly string[]>(paths: PathsOf<S, N, P>): Promise<this>;
  /** Plain objects, one per record: relations as ids. */
  read<const F extends FieldName<S, N> | 'id'>(fields: readonly F[]): Promise<ValuesOf<S, N, F>[]>;
  /**
   * A draft: a record in memory only, of which everything may be null, until it is saved.
   *
   * @param options - `origin`: the record it is an edited copy of; `ref`: a name by which to find it again
   */
  'new'(values?: DraftValues<S, N>, options?: DraftOptions<IdOf<S, N>>): DraftIn<S, N>;
  /** Inserts the drafts among these with the drafts that they hold, one INSERT a model; a draft with an origin is written to it. */
  save(): Promise<RecordSetIn<S, N>>;
  /** Makes a copy of each record, with these values over what is copied. What is copied says the field option `copy`. */
  copy(values?: WriteValues<S, N> & GivenId<S, N>): Promise<this>;
  /** Sets the same values on all records. */
  write(values: WriteValues<S, N>): Promise<void>;
  unlink(): Promise<void>;
  /** The records among these that the database has. */
  exists(): Promise<RecordSetIn<S, N>>;
  /** Follows a path: the records it leads to, or the values of its last field, one per record. */
  mapped<const P extends string>(path: PathOf<S, N, P>): MappedAt<S, N, P>;
  filtered(keep: (record: RecordIn<S, N>) => boolean): RecordSetIn<S, N>;
  sorted(key: (record: RecordIn<S, N>) => SortKey, direction?: 'asc' | 'desc'): RecordSetIn<S, N>;
  grouped<K>(key: (record: RecordIn<S, N>) => K): Map<K, RecordSetIn<S, N>>;
  union(other: RecordMembers<S, N>): RecordSetIn<S, N>;
  intersect(other: RecordMembers<S, N>): RecordSetIn<S, N>;
  subtract(other: RecordMembers<S, N>): RecordSetIn<S, N>;
  /** Says that stored values of these fields changed by other ways than assignment. */
  modified(fields: readonly FieldName<S, N>[]): void;
  /** Forgets clean cached values, of all fields when none is named. */
  invalidate(fields?: readonly FieldName<S, N>[]): void;
  /** Computes stored fields of these records again, all when none is named. */
  recompute(fields?: readonly FieldName<S, N>[]): Promise<void>;
  /** Computes and writes what is pending of these records: of the fields named, or of all. */
  flush(fields?: readonly FieldName<S, N>[]): Promise<void>;
}

/** An ordered, immutable set of records; fields are read on its single records. */
export type RecordSetIn<S extends Shape, N extends string> = RecordMembers<S, N> & MethodsOf<S, N>;

/** A single record: its fields are properties. It is a set of one, too. */
export type RecordIn<S extends Shape, N extends string> = RecordMembers<S, N> & MethodsOf<S, N> & SingleMembers<S, N> & FieldValues<S, N, FieldsOf<S, N>>;

/** What a draft may remember of where it comes from. */
export interface DraftOptions<I> {
  readonly origin?: I;
  readonly ref?: string;
}

/** A record that is in memory only: everything may be null. */
export type DraftIn<S extends Shape, N extends string> = Omit<RecordMembers<S, N>, 'save'> & MethodsOf<S, N> & SingleMembers<S, N> & DraftFields<S, N, FieldsOf<S, N>> & {
  /** Inserts it, and gives the record. */
  save(): Promise<RecordIn<S, N>>;
};

/** What a single record has beside its fields and the members of sets. */
export interface SingleMembers<in out S extends Shape, in out N extends string> {
  readonly id: IdOf<S, N> & Id;
}

/** What a path leads to from a set. */
export type MappedAt<S extends Shape, N extends string, P extends string> =
  EndOf<S, N, P> extends { readonly model: infer M extends string; readonly field: infer T }
    ? T extends 'id' ? readonly IdOf<S, M>[]
      : [ComodelOf<S, M, T>] extends [never] ? readonly ReadValue<S, M, T>[] : RecordSetIn<S, ComodelOf<S, M, T>>
    : never;
