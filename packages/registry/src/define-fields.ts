import type { OnDelete } from '@ormolu/kernel';
import type { FieldOptions } from './field';

/** What a user writes down of a field. `V` is its value's type, `R` whether null is refused. */
export interface ScalarDefinition<V, R extends boolean> {
  readonly kind: string;
  readonly options: FieldOptions;
  /** Only the compiler reads this. */
  readonly infer?: { readonly value: V; readonly required: R };
}

/** A many2one to the model `C`. */
export interface ReferenceDefinition<C extends string, R extends boolean> {
  readonly kind: 'many2one';
  readonly comodel: C;
  readonly options: FieldOptions & { readonly onDelete?: OnDelete | undefined };
  readonly infer?: { readonly required: R };
}

/** A list of records of the model `C`. */
export interface ListDefinition<C extends string> {
  readonly kind: 'one2many';
  readonly comodel: C;
  readonly inverse: string;
  readonly options: FieldOptions;
}

export type FieldDefinition = ScalarDefinition<unknown, boolean> | ReferenceDefinition<string, boolean> | ListDefinition<string>;

type IsRequired<O> = O extends { readonly required: true } ? true : false;

/** A short text. */
export function char<const O extends FieldOptions>(options?: O): ScalarDefinition<string, IsRequired<O>> {
  return { kind: 'char', options: options ?? {} };
}

/** A text of any length. */
export function text<const O extends FieldOptions>(options?: O): ScalarDefinition<string, IsRequired<O>> {
  return { kind: 'text', options: options ?? {} };
}

/** A whole number of four bytes. */
export function integer<const O extends FieldOptions>(options?: O): ScalarDefinition<number, IsRequired<O>> {
  return { kind: 'integer', options: options ?? {} };
}

/** A number with a fraction, of eight bytes. */
export function float<const O extends FieldOptions>(options?: O): ScalarDefinition<number, IsRequired<O>> {
  return { kind: 'float', options: options ?? {} };
}

/** True or false. */
export function boolean<const O extends FieldOptions>(options?: O): ScalarDefinition<boolean, IsRequired<O>> {
  return { kind: 'boolean', options: options ?? {} };
}

/**
 * One record of another model, or none.
 *
 * @param comodel - the model's name; it may be defined later, so that relations can be circular
 */
export function many2one<const C extends string, const O extends FieldOptions & { readonly onDelete?: OnDelete | undefined }>(comodel: C, options?: O): ReferenceDefinition<C, IsRequired<O>> {
  return { kind: 'many2one', comodel, options: options ?? {} };
}

/** The records of another model that refer to this one by their field `inverse`. */
export function one2many<const C extends string>(comodel: C, inverse: string): ListDefinition<C> {
  return { kind: 'one2many', comodel, inverse, options: {} };
}
