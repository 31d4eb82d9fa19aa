import type { ComodelOf, FieldName, ModelName } from './values';

/**
 * A path of field names, checked part by part: itself when it holds, otherwise a text that names the wrong part and what was
 * expected there.
 */
export type CheckedPath<D, M extends ModelName<D>, P extends string> =
  P extends `${infer Head}.${infer Tail}`
    ? Head extends FieldName<D, M>
      ? [ComodelOf<D, D[M][Head]>] extends [never]
        ? `'${Head}' of ${M} leads nowhere: end the path there`
        : CheckedPath<D, ComodelOf<D, D[M][Head]>, Tail> extends Tail ? P : `${Head}.${CheckedPath<D, ComodelOf<D, D[M][Head]>, Tail>}`
      : FieldName<D, M> | `${FieldName<D, M>}.`
    : P extends FieldName<D, M> | 'id' ? P : FieldName<D, M> | 'id';

/** Every path of a list, checked. */
export type CheckedPaths<D, M extends ModelName<D>, P extends readonly string[]> = { readonly [I in keyof P]: CheckedPath<D, M, P[I]> };

/** The definition at the end of a path. */
export type FieldAt<D, M extends ModelName<D>, P extends string> =
  P extends `${infer Head}.${infer Tail}`
    ? Head extends FieldName<D, M> ? FieldAt<D, ComodelOf<D, D[M][Head]>, Tail> : never
    : P extends FieldName<D, M> ? D[M][P] : never;
