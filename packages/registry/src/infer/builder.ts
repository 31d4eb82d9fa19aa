import type { Operator } from '@ormolu/kernel';
import type { NoSuchPath } from './filters';
import type { PathOf } from './paths';
import type { RecordIn, RecordSetIn } from './records';
import type { FieldAt, FieldName, IdOf, MethodsOf, ModelName, Shape } from './shape';
import type { WriteValue } from './values';

/** What the compiler knows of `defineModels({ … })`. */
export interface BaseShape<F extends object> {
  readonly fields: F;
  readonly methods: object;
  readonly ids: object;
}

/** The shape behind a type parameter that others need not bound. */
export type Bounded<D> = D extends Shape ? D : never;

/** Stands where a relation names a model that is not there: the name, and the models that are. */
export interface NoSuchModel<C, Known> {
  readonly $noSuchModel: C;
  readonly $known: Known;
}

/** Stands where an extension gives a field another kind than it has. */
export interface AnotherKind<Was, Is> {
  readonly $was: Was;
  readonly $is: Is;
}

/** Definitions whose relations lead to models that exist, among these or before. `K` are the names of all models. */
export type CheckedRelations<E, K> = {
  readonly [N in keyof E]: { readonly [F in keyof E[N]]: E[N][F] extends { readonly $comodel: infer C } ? (string extends C ? unknown : C extends K ? unknown : NoSuchModel<C, K>) : unknown };
};

/** Additions whose fields, where they exist already, keep their kind. */
export type CheckedKinds<E, F> = {
  readonly [N in keyof E & keyof F]: {
    readonly [X in keyof E[N] & keyof F[N]]: E[N][X] extends { readonly kind: infer A } ? (F[N][X] extends { readonly kind: infer B } ? ([A] extends [B] ? unknown : AnotherKind<B, A>) : unknown) : unknown;
  };
};

/** What computing a field gives: for a list the records it holds, or their ids. */
export type ComputedValue<S extends Shape, N extends string, F extends FieldName<S, N>> = ValueOfCompute<S, N, FieldAt<S, N, F>>;

type ValueOfCompute<S extends Shape, N extends string, T> =
  T extends { readonly kind: 'one2many' | 'many2many'; readonly $comodel: infer C extends string } ? RecordSetIn<S, C> | readonly (IdOf<S, C> | RecordIn<S, C>)[] : WriteValue<S, N, T>;

/** Nothing, and no promise of nothing either: what must not be async returns this. */
// A function that returns nothing gives void; next to undefined the compiler no longer lets a promise pass for it.
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type
export type Silent = void | undefined;

/** Functions that become methods of a model's records. */
export type MethodTable<S extends Shape, N extends string> = Readonly<Record<string, (records: RecordSetIn<S, N>, ...args: never[]) => unknown>>;

/** A function as records have it: without the first parameter. Nothing else is kept of its type, or it would repeat all models. */
export type Callable<T> = T extends (records: never, ...args: infer A) => infer R ? (...args: A) => R : never;

/** The methods of a model as functions of records: what an override calls. */
export type PreviousOf<S extends Shape, N extends string> = Uncalled<MethodsOf<S, N>, RecordSetIn<S, N>>;

type Uncalled<T, R> = { readonly [K in keyof T]: T[K] extends (...args: infer A) => infer X ? (records: R, ...args: A) => X : never };

/**
 * How `search` finds records by a value that is not stored: a filter on fields that are. `R` is what was written; its paths are
 * checked, its values are not, because which operator and which value it will be asked is not known.
 */
export type SearchFunction<S extends Shape, N extends string, R> = (operator: Operator, value: unknown) => R & CheckedNames<S, N, R>;

/** A filter whose paths are checked. */
export type CheckedNames<S extends Shape, N extends string, R> = {
  readonly [P in keyof R]: P extends 'or' | 'and' | 'not' ? unknown : P extends string ? (P extends PathOf<S, N, P> ? unknown : NoSuchPath<P, PathOf<S, N, P>>) : unknown;
};

/** What one field of a delegating model shows of the record it delegates to. */
export type Delegated<S extends Shape, N extends ModelName<S>, F extends FieldName<S, N>> =
  FieldAt<S, N, F> extends { readonly $comodel: infer C extends string }
    ? { readonly [X in Exclude<FieldName<S, C>, FieldName<S, N>>]: { readonly kind: 'related'; readonly $flags: { readonly filled: true }; readonly $path: `${F}.${X}` } }
    : object;
