import type { FieldDefinition } from '../field-definition';

/**
 * What the compiler knows of some models, in three tables: model → field → its type, model → method → its type, model → its id.
 *
 * Every step of a definition intersects this with what it adds. Intersections stay flat however many there are; types that merge
 * two objects nest, and end at sixteen. The tables are bounded by `object` only, because a tighter bound would be checked anew,
 * member by member, for every step.
 */
export interface Shape {
  readonly fields: object;
  readonly methods: object;
  readonly ids: object;
}

/** Models as `defineModels` and `extend` take them: of fields that are not known to the compiler, values are unknown. */
export type FieldDefinitions = Readonly<Record<string, Readonly<Record<string, FieldDefinition>>>>;

/** The names of the models. */
// As a text the compiler shows the names themselves in its messages, and not this alias.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-template-expression
export type ModelName<S extends Shape> = `${keyof S['fields'] & string}`;

/** The fields of a model. */
export type FieldsOf<S extends Shape, N extends string> = FieldsIn<S['fields'], N>;

/**
 * The same by the table of fields. What only reads fields is told no more than that table: every method and compute makes another
 * shape, the table stays the same, and what was worked out of it is found again.
 */
export type FieldsIn<T, N extends string> = N extends keyof T ? T[N] : never;

/** The names of a model's fields. */
export type FieldName<S extends Shape, N extends string> = NameIn<S['fields'], N>;

/** The same by the table of fields. */
// As a text, for the same reason.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-template-expression
export type NameIn<T, N extends string> = `${keyof FieldsIn<T, N> & string}`;

/** A field of a model. */
export type FieldAt<S extends Shape, N extends string, F extends string> = FieldOf<FieldsOf<S, N>, F>;

type FieldOf<T, F extends string> = F extends keyof T ? T[F] : never;

/** The methods of a model. */
export type MethodsOf<S extends Shape, N extends string> = N extends keyof S['methods'] ? S['methods'][N] : unknown;

/** The type of a model's ids. */
export type IdOf<S extends Shape, N extends string> = N extends keyof S['ids'] ? S['ids'][N] : number;

/** The type of ids of a kind. */
export interface IdTypes {
  readonly integer: number;
  readonly bigint: bigint;
  readonly uuid: string;
  readonly text: string;
}

/** The model a field leads to, or never. */
export type ComodelOf<S extends Shape, N extends string, T> = ComodelIn<S['fields'], N, T>;

/** The same by the table of fields; `X` is the field. */
export type ComodelIn<T, N extends string, X> =
  X extends { readonly $comodel: infer C extends string } ? C
  : X extends { readonly $path: infer P extends string } ? ComodelAt<T, N, P>
  : never;

/** The model that a path of relations leads to, or never. */
type ComodelAt<T, N extends string, P extends string> =
  P extends `${infer Head}.${infer Tail}`
    ? Head extends keyof FieldsIn<T, N> ? ComodelAt<T, ComodelIn<T, N, FieldsIn<T, N>[Head]>, Tail> : never
    : P extends keyof FieldsIn<T, N> ? ComodelIn<T, N, FieldsIn<T, N>[P]> : never;
