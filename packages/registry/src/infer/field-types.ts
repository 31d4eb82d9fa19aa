import type { KindOptions } from '../field-definition';

/**
 * What the compiler knows of a field beside its kind. `required`: null is refused. `filled`: a new record gets a value of itself.
 *
 * Flags are kept as keys, so that an intersection of two definitions of one field has the flags of both: that is how an extension
 * adds to a field without any type being computed anew.
 */
export type Flag = 'required' | 'filled';

/** The flags that options give. */
export type FlagsOf<R extends boolean, F, P extends boolean> =
  | (R extends true ? 'required' : never)
  | (F extends undefined ? never : 'filled')
  | (P extends true ? 'filled' : never);

/** A field as `char()`, `many2one()`, … give it. Names with `$` are read by the compiler only; no object has them. */
export interface FieldType<K extends string, G extends Flag> {
  readonly kind: K;
  readonly options: KindOptions;
  readonly $flags: { readonly [X in G]: true };
}

/** A field that holds a value of its own. */
export interface ScalarField<K extends string, V, G extends Flag> extends FieldType<K, G> {
  readonly $value: V;
}

/** A field that holds one of some words; an extension that names more adds them. */
export interface SelectionField<O extends string, G extends Flag> extends FieldType<'selection', G> {
  readonly $words: { readonly [X in O]: true };
}

/** A field that holds one record of the model `C`, or none. */
export interface ToOneField<C extends string, G extends Flag> extends FieldType<'many2one', G> {
  readonly $comodel: C;
}

/** A field that holds a list of records of the model `C`. */
export interface ToManyField<K extends 'one2many' | 'many2many', C extends string> extends FieldType<K, 'filled'> {
  readonly $comodel: C;
}

/** A list of the records of the model `C` that hold this one in their many2one `I`. */
export interface OtherSideField<C extends string, I extends string> extends ToManyField<'one2many', C> {
  readonly $inverse: I;
}

/** A field that holds one record of any of the models `C`, or none; an extension that names more adds them. */
export interface ReferenceField<C extends string, G extends Flag> extends FieldType<'reference', G> {
  readonly $models: { readonly [X in C]: true };
}

/** A field that shows what stands at the end of the path `P`. */
export interface RelatedField<P extends string> extends FieldType<'related', 'filled'> {
  readonly $path: P;
}
