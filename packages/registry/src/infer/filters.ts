import type { Id } from '@ormolu/kernel';
import type { ScalarDefinition } from '../define-fields';
import type { CheckedPath, FieldAt } from './paths';
import type { ModelName, WriteValue } from './values';

/** The comparisons every value can be put to. `V` has null where the field has. */
export interface Equality<V> {
  readonly eq?: V;
  readonly ne?: V;
  readonly in?: readonly V[];
  readonly notIn?: readonly V[];
  readonly isNull?: boolean;
  readonly exists?: boolean;
}

/** The comparisons of values that have an order. */
export interface Ordering<V> {
  readonly gt?: V;
  readonly gte?: V;
  readonly lt?: V;
  readonly lte?: V;
}

/** Looking into texts: `%` stands for any text, `_` for one character. */
export interface TextMatching {
  readonly like?: string;
  readonly ilike?: string;
  readonly startsWith?: string;
}

/** The comparisons a value of type `V` can be put to. */
export interface Comparison<V> extends Equality<V>, Ordering<V> {
  readonly like?: V & string;
  readonly ilike?: V & string;
  readonly startsWith?: V & string;
}

/** The kinds whose columns are texts. A uuid, a date and a decimal are texts to the program alone. */
type TextKind = 'char' | 'text' | 'html' | 'selection';

/** The comparisons of a scalar field, by its kind. */
export type ScalarComparison<V, K extends string> =
  K extends 'json' ? Equality<V | null>
  : K extends TextKind ? Equality<V | null> & Ordering<V> & TextMatching
  : Equality<V | null> & Ordering<V>;

/** A value that is not taken for a comparison where it stands by itself: a JSON object is put as `{ eq: { … } }`. */
type Bare<V, K extends string> = K extends 'json' ? (V extends readonly unknown[] ? V : V extends object ? never : V) : V;

/** What stands behind a path in a filter by itself: to be equal to it. */
type BareValue<D, M extends ModelName<D>, P extends string> = P extends 'id'
  ? Id
  : FieldAt<D, M, P> extends { readonly comodel: string } ? WriteValue<D, FieldAt<D, M, P>> | null
  : FieldAt<D, M, P> extends ScalarDefinition<infer V, boolean, infer K> ? Bare<V, K> | null
  : never;

/** What a path may be compared with, operator by operator. */
type ComparisonAt<D, M extends ModelName<D>, P extends string> = P extends 'id'
  ? Comparison<Id>
  : FieldAt<D, M, P> extends { readonly comodel: string } ? Comparison<WriteValue<D, FieldAt<D, M, P>> | null>
  : FieldAt<D, M, P> extends ScalarDefinition<infer V, boolean, infer K> ? ScalarComparison<V, K>
  : never;

/** What stands behind a path in a filter. */
export type FilterValue<D, M extends ModelName<D>, P extends string> = BareValue<D, M, P> | ComparisonAt<D, M, P>;

/** `G` was given: operators that are not in `C` must not be there. A filter is checked as a whole, so nothing else would notice them. */
type OnlyOperatorsOf<C, G> = C & { readonly [K in keyof G]: K extends keyof C ? unknown : never };

/** What was given behind a path, checked. */
type CheckedValue<D, M extends ModelName<D>, P extends string, G> =
  G extends BareValue<D, M, P> | Date | ArrayBufferView | readonly unknown[] ? FilterValue<D, M, P>
  : G extends object ? OnlyOperatorsOf<ComparisonAt<D, M, P>, G>
  : FilterValue<D, M, P>;

/** Every filter of a list, checked. */
type CheckedParts<D, M extends ModelName<D>, L extends readonly unknown[]> = { readonly [I in keyof L]: CheckedFilter<D, M, L[I]> };

/** A filter whose paths and values are checked one by one. */
export type CheckedFilter<D, M extends ModelName<D>, F> = {
  readonly [P in keyof F]: P extends 'or' | 'and'
    ? F[P] extends readonly unknown[] ? CheckedParts<D, M, F[P]> : readonly never[]
    : P extends 'not' ? CheckedFilter<D, M, F[P]>
    : P extends string
      ? P extends CheckedPath<D, M, P> ? CheckedValue<D, M, P, F[P]> : never
      : never;
};

/** Terms of an order: a path, descending with a minus before it. */
export type CheckedOrder<D, M extends ModelName<D>, O extends readonly string[]> = {
  readonly [I in keyof O]: O[I] extends `-${infer P}` ? `-${CheckedPath<D, M, P>}` : CheckedPath<D, M, O[I]>;
};
