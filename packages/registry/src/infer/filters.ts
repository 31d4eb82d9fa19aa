import type { EndOf, PathOf } from './paths';
import type { RecordIn } from './records';
import type { FieldAt, FieldName, IdOf, Shape } from './shape';
import type { PlainValue } from './values';

/** The comparisons every value can be put to. `V` has null where it may be nothing. */
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

/** The comparisons of records beside being equal; both follow the model's option `parent`. */
export interface TreeComparison<V> {
  readonly childOf?: V | readonly V[];
  readonly parentOf?: V | readonly V[];
}

/** The kinds whose columns are texts. A uuid, a date and a decimal are texts to the program alone. */
type TextKind = 'char' | 'text' | 'html' | 'selection' | 'reference';

/** The comparisons of a field that holds a value, by its kind. */
export type ScalarComparison<V, K> =
  K extends 'json' ? Equality<V | null>
  : K extends TextKind ? Equality<V | null> & Ordering<V> & TextMatching
  : Equality<V | null> & Ordering<V>;

/** A value that is not taken for a comparison where it stands by itself: a JSON object is put as `{ eq: { … } }`. */
type Bare<V, K> = K extends 'json' ? (V extends readonly unknown[] ? V : V extends object ? never : V) : V;

/** What stands behind a path that is wrong: the name of the path, and what could stand there instead. */
export interface NoSuchPath<P, Expected> {
  readonly $noSuchPath: P;
  readonly $expected: Expected;
}

/** Stands behind an operator that the field has not: its name, and those it has. */
export interface NoSuchOperator<O, Expected> {
  readonly $noSuchOperator: O;
  readonly $expected: Expected;
}

/** What may stand behind a path in a filter: a value to be equal to, or comparisons. */
type ConditionOn<S extends Shape, N extends string, T> =
  T extends 'id' ? IdOf<S, N> | (Equality<IdOf<S, N>> & Ordering<IdOf<S, N>> & TreeComparison<IdOf<S, N>>)
  : T extends { readonly $comodel: infer C extends string } ? RecordIn<S, C> | IdOf<S, C> | null | (Equality<IdOf<S, C> | null> & TreeComparison<IdOf<S, C>>)
  : T extends { readonly $path: infer P extends string } ? ConditionAt<S, N, P>
  : T extends { readonly kind: infer K } ? Bare<NonNullable<PlainValue<S, N, T>>, K> | null | ScalarComparison<NonNullable<PlainValue<S, N, T>>, K>
  : never;

type ConditionAt<S extends Shape, N extends string, P extends string> =
  EndOf<S, N, P> extends { readonly model: infer M extends string; readonly field: infer T } ? ConditionOn<S, M, T> : never;

/** What stands for itself in a filter, and is no set of comparisons. */
type Single = Date | ArrayBufferView | readonly unknown[] | { readonly ids: readonly unknown[] };

/** The operators of comparisons. */
type OperatorsOf<C> = C extends object ? keyof C : never;

/** The members of a union that are comparisons. */
type Comparisons<C> = C extends Single ? never : C extends object ? C : never;

/** `C` may stand there, and `G` does: operators that `C` has not must not be there. Nothing else would notice them. */
type OnlyIn<C, G> = G extends Single ? C : G extends object ? Chosen<Comparisons<C>, G> : Extract<C, Primitive>;

/** Comparisons have optional members only, which a text or number would pass for. */
type Primitive = string | number | bigint | boolean | null | undefined;

type Chosen<C, G> = C & { readonly [K in keyof G]: K extends OperatorsOf<C> ? unknown : NoSuchOperator<K, OperatorsOf<C>> };

/**
 * A filter whose paths, operators and values are checked one by one.
 *
 * `F` is what was written. A wrong path becomes `NoSuchPath`, which names it and what was expected.
 */
export type CheckedFilter<S extends Shape, N extends string, F> = {
  readonly [P in keyof F]:
    P extends 'or' | 'and' ? (F[P] extends readonly unknown[] ? CheckedFilters<S, N, F[P]> : readonly never[])
    : P extends 'not' ? CheckedFilter<S, N, F[P]>
    : P extends string ? (string extends P ? unknown : P extends PathOf<S, N, P> ? OnlyIn<ConditionAt<S, N, P>, F[P]> : NoSuchPath<P, PathOf<S, N, P>>)
    : never;
};

/** Every filter of a list, checked. */
type CheckedFilters<S extends Shape, N extends string, L extends readonly unknown[]> = { readonly [I in keyof L]: CheckedFilter<S, N, L[I]> };

/** A filter that was not written in place: names of the model's own fields are checked, longer paths when it is used. */
export type FilterOf<S extends Shape, N extends string> =
  & { readonly [P in FieldName<S, N>]?: ConditionOn<S, N, FieldAt<S, N, P>> }
  & { readonly id?: ConditionOn<S, N, 'id'>; readonly or?: readonly FilterOf<S, N>[]; readonly and?: readonly FilterOf<S, N>[]; readonly not?: FilterOf<S, N> }
  & { readonly [P in `${FieldName<S, N>}.${string}`]?: unknown };
