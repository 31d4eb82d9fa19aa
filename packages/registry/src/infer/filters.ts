import type { Id } from '@ormolu/kernel';
import type { CheckedPath, FieldAt } from './paths';
import type { ModelName, WriteValue } from './values';

/** The comparisons a value of type `V` can be put to. */
export interface Comparison<V> {
  readonly eq?: V;
  readonly ne?: V;
  readonly gt?: V;
  readonly gte?: V;
  readonly lt?: V;
  readonly lte?: V;
  readonly in?: readonly V[];
  readonly notIn?: readonly V[];
  readonly like?: V & string;
  readonly ilike?: V & string;
  readonly startsWith?: V & string;
  readonly isNull?: boolean;
  readonly exists?: boolean;
}

/** What stands behind a path in a filter. */
export type FilterValue<D, M extends ModelName<D>, P extends string> = P extends 'id'
  ? Id | Comparison<Id>
  : WriteValue<D, FieldAt<D, M, P>> | null | Comparison<WriteValue<D, FieldAt<D, M, P>> | null>;

/** A filter whose paths and values are checked one by one. */
export type CheckedFilter<D, M extends ModelName<D>, F> = {
  readonly [P in keyof F]: P extends 'or' | 'and'
    ? F[P] extends readonly unknown[] ? { readonly [I in keyof F[P]]: CheckedFilter<D, M, F[P][I]> } : readonly never[]
    : P extends 'not' ? CheckedFilter<D, M, F[P]>
    : P extends string
      ? P extends CheckedPath<D, M, P> ? FilterValue<D, M, P> : never
      : never;
};

/** Terms of an order: a path, descending with a minus before it. */
export type CheckedOrder<D, M extends ModelName<D>, O extends readonly string[]> = {
  readonly [I in keyof O]: O[I] extends `-${infer P}` ? `-${CheckedPath<D, M, P>}` : CheckedPath<D, M, O[I]>;
};
