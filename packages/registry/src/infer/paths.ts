import type { ComodelOf, FieldName, FieldsOf, Shape } from './shape';

/**
 * A path of field names, checked part by part: itself when it holds, otherwise what would hold in place of its first wrong part.
 *
 * It parses the text that was written instead of listing all that could be: circular models have no end of paths. An editor
 * completes the part being written from the same answer. A text that is not a literal passes; it is checked when it is used.
 */
export type PathOf<S extends Shape, N extends string, P extends string> = string extends P ? string : Parsed<S, N, P, ''>;

type Parsed<S extends Shape, N extends string, P extends string, Before extends string> =
  P extends `${infer Head}.${infer Tail}`
    ? Head extends keyof FieldsOf<S, N>
      ? [ComodelOf<S, N, FieldsOf<S, N>[Head]>] extends [never]
        ? `${Before}${Head}`
        : Parsed<S, ComodelOf<S, N, FieldsOf<S, N>[Head]>, Tail, `${Before}${Head}.`>
      : `${Before}${FieldName<S, N>}`
    : P extends FieldName<S, N> | 'id' ? `${Before}${P}` : `${Before}${FieldName<S, N> | 'id'}`;

/** Every path of a list, checked. */
export type PathsOf<S extends Shape, N extends string, P extends readonly string[]> = { readonly [I in keyof P]: PathOf<S, N, P[I]> };

/** Terms of an order, checked: paths, descending with a minus before them. */
export type OrderOf<S extends Shape, N extends string, O extends readonly string[]> = {
  readonly [I in keyof O]: O[I] extends `-${infer P}` ? `-${PathOf<S, N, P>}` : PathOf<S, N, O[I]>;
};

/** Where a path ends: the field there, and the model that has it. */
export type EndOf<S extends Shape, N extends string, P extends string> =
  P extends `${infer Head}.${infer Tail}`
    ? Head extends keyof FieldsOf<S, N> ? EndOf<S, ComodelOf<S, N, FieldsOf<S, N>[Head]>, Tail> : never
    : P extends keyof FieldsOf<S, N> ? { readonly model: N; readonly field: FieldsOf<S, N>[P] }
    : P extends 'id' ? { readonly model: N; readonly field: 'id' }
    : never;
