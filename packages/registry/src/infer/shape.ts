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
export type FieldsOf<S extends Shape, N extends string> = N extends keyof S['fields'] ? S['fields'][N] : never;

/** The names of a model's fields. */
// As a text, for the same reason.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-template-expression
export type FieldName<S extends Shape, N extends string> = `${keyof FieldsOf<S, N> & string}`;

/** A field of a model. */
export type FieldAt<S extends Shape, N extends string, F extends string> = F extends keyof FieldsOf<S, N> ? FieldsOf<S, N>[F] : never;

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
export type ComodelOf<S extends Shape, N extends string, T> =
  T extends { readonly $comodel: infer C extends string } ? C
  : T extends { readonly $path: infer P extends string } ? ComodelAt<S, N, P>
  : never;

/** The model that a path of relations leads to, or never. */
type ComodelAt<S extends Shape, N extends string, P extends string> =
  P extends `${infer Head}.${infer Tail}`
    ? Head extends keyof FieldsOf<S, N> ? ComodelAt<S, ComodelOf<S, N, FieldsOf<S, N>[Head]>, Tail> : never
    : P extends keyof FieldsOf<S, N> ? ComodelOf<S, N, FieldsOf<S, N>[P]> : never;
