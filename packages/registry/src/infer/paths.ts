import type { ComodelIn, FieldsIn, NameIn, Shape } from './shape';

/**
 * A path of field names, checked part by part: itself when it holds, otherwise what would hold in place of its first wrong part.
 *
 * It parses the text that was written instead of listing all that could be: circular models have no end of paths. An editor
 * completes the part being written from the same answer. A text that is not a literal passes; it is checked when it is used.
 */
export type PathOf<S extends Shape, N extends string, P extends string> = PathIn<S['fields'], N, P>;

type PathIn<T, N extends string, P extends string> = string extends P ? string : Parsed<T, N, P, ''>;

type Parsed<T, N extends string, P extends string, Before extends string> =
  P extends `${infer Head}.${infer Tail}`
    ? Head extends keyof FieldsIn<T, N>
      ? [ComodelIn<T, N, FieldsIn<T, N>[Head]>] extends [never]
        ? `${Before}${Head}`
        : Parsed<T, ComodelIn<T, N, FieldsIn<T, N>[Head]>, Tail, `${Before}${Head}.`>
      : `${Before}${NameIn<T, N>}`
    : P extends NameIn<T, N> | 'id' ? `${Before}${P}` : `${Before}${NameIn<T, N> | 'id'}`;

/** Every path of a list, checked. */
export type PathsOf<S extends Shape, N extends string, P extends readonly string[]> = PathsIn<S['fields'], N, P>;

type PathsIn<T, N extends string, P extends readonly string[]> = { readonly [I in keyof P]: PathIn<T, N, P[I]> };

/** Terms of an order, checked: paths, descending with a minus before them. */
export type OrderOf<S extends Shape, N extends string, O extends readonly string[]> = OrderIn<S['fields'], N, O>;

type OrderIn<T, N extends string, O extends readonly string[]> = {
  readonly [I in keyof O]: O[I] extends `-${infer P}` ? `-${PathIn<T, N, P>}` : PathIn<T, N, O[I]>;
};

/** Where a path ends: the field there, and the model that has it. */
export type EndOf<S extends Shape, N extends string, P extends string> = EndIn<S['fields'], N, P>;

type EndIn<T, N extends string, P extends string> =
  P extends `${infer Head}.${infer Tail}`
    ? Head extends keyof FieldsIn<T, N> ? EndIn<T, ComodelIn<T, N, FieldsIn<T, N>[Head]>, Tail> : never
    : P extends keyof FieldsIn<T, N> ? { readonly model: N; readonly field: FieldsIn<T, N>[P] }
    : P extends 'id' ? { readonly model: N; readonly field: 'id' }
    : never;
