import type { OnDelete } from '@ormolu/kernel';
import type { FieldOptions, KindOptions } from './field';
import type { DeepReadonly, JsonValue } from './field-kinds/json-kind';

/** What a user writes down of a field. `V` is its value's type, `R` whether null is refused, `K` its kind. */
export interface ScalarDefinition<V, R extends boolean, K extends string = string> {
  readonly kind: K;
  readonly options: KindOptions;
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

/** Whether a field is required: only where the compiler sees `required: true`. */
type IsTrue<R> = [R] extends [true] ? true : false;

/** What may be said of a field whose values are of type `V`. */
export interface ScalarOptions<V, R extends boolean = boolean> extends FieldOptions {
  readonly required?: R | undefined;
  /** A value for new records, or a function that gives one. */
  readonly default?: V | null | (() => V | null) | undefined;
}

/** What may be said of a text. */
export interface TextOptions<R extends boolean = boolean> extends ScalarOptions<string, R> {
  /** The most characters, counted as code points: an emoji counts as one. @defaultValue no limit */
  readonly size?: number | undefined;
}

/** What may be said of a decimal. */
export interface DecimalOptions<R extends boolean = boolean> extends ScalarOptions<string, R> {
  /** The most digits, on both sides of the point together, 1 to 1000. @defaultValue 1000 */
  readonly precision?: number | undefined;
  /** How many digits stand behind the point, 0 to 1000. */
  readonly scale: number;
}

/** What may be said of an amount of money. */
export interface MonetaryOptions<R extends boolean = boolean> extends Omit<DecimalOptions<R>, 'scale'> {
  /** How many digits stand behind the point. @defaultValue 2 */
  readonly scale?: number | undefined;
}

/** A short text. */
export function char<const R extends boolean = false>(options: TextOptions<R> = {}): ScalarDefinition<string, IsTrue<R>, 'char'> {
  return { kind: 'char', options };
}

/** A text of any length. */
export function text<const R extends boolean = false>(options: TextOptions<R> = {}): ScalarDefinition<string, IsTrue<R>, 'text'> {
  return { kind: 'text', options };
}

/** A text that is HTML. It is kept as it was given: cleaning what strangers wrote is up to whoever shows it. */
export function html<const R extends boolean = false>(options: TextOptions<R> = {}): ScalarDefinition<string, IsTrue<R>, 'html'> {
  return { kind: 'html', options };
}

/** A uuid. It is taken in either case, with or without hyphens, and given in lower case with them. */
export function uuid<const R extends boolean = false>(options: ScalarOptions<string, R> = {}): ScalarDefinition<string, IsTrue<R>, 'uuid'> {
  return { kind: 'uuid', options };
}

/**
 * One of some texts, and of no others.
 *
 * @param values - at least one; a value that is taken off the list later is still read where records have it, and no longer written
 * @example selection(['draft', 'done'], { required: true, default: 'draft' })
 */
export function selection<const V extends string, const R extends boolean = false>(values: readonly V[], options: ScalarOptions<NoInfer<V>, R> = {}): ScalarDefinition<V, IsTrue<R>, 'selection'> {
  return { kind: 'selection', options: { ...options, values: [...values] } };
}

/** A whole number of four bytes. */
export function integer<const R extends boolean = false>(options: ScalarOptions<number, R> = {}): ScalarDefinition<number, IsTrue<R>, 'integer'> {
  return { kind: 'integer', options };
}

/** A whole number of eight bytes, as a `bigint`. */
export function bigint<const R extends boolean = false>(options: ScalarOptions<bigint, R> = {}): ScalarDefinition<bigint, IsTrue<R>, 'bigint'> {
  return { kind: 'bigint', options };
}

/** A number with a fraction, of eight bytes. It is not exact in tenths: money and measures that are added up are decimals. */
export function float<const R extends boolean = false>(options: ScalarOptions<number, R> = {}): ScalarDefinition<number, IsTrue<R>, 'float'> {
  return { kind: 'float', options };
}

/**
 * An exact decimal, as text with exactly `scale` digits behind the point: `'12.50'`.
 *
 * It never rounds: more digits behind the point than the scale are refused, unless they are zeros. Numbers are refused.
 * @example decimal({ precision: 10, scale: 2 })
 */
export function decimal<const R extends boolean = false>(options: DecimalOptions<R>): ScalarDefinition<string, IsTrue<R>, 'decimal'> {
  return { kind: 'decimal', options };
}

/** An amount of money: a decimal with two digits behind the point, or as many as its currency has. The currency is a field of its own. */
export function monetary<const R extends boolean = false>(options: MonetaryOptions<R> = {}): ScalarDefinition<string, IsTrue<R>, 'monetary'> {
  return { kind: 'monetary', options };
}

/** True or false. */
export function boolean<const R extends boolean = false>(options: ScalarOptions<boolean, R> = {}): ScalarDefinition<boolean, IsTrue<R>, 'boolean'> {
  return { kind: 'boolean', options };
}

/** A day of the calendar as text, `'2026-02-28'`, from year 1 to 9999. It has no time zone. */
export function date<const R extends boolean = false>(options: ScalarOptions<string, R> = {}): ScalarDefinition<string, IsTrue<R>, 'date'> {
  return { kind: 'date', options };
}

/** An instant in milliseconds UTC, as a `Date`. Every read gives a new one: to change the field, assign it. */
export function datetime<const R extends boolean = false>(options: ScalarOptions<Date, R> = {}): ScalarDefinition<Date, IsTrue<R>, 'datetime'> {
  return { kind: 'datetime', options };
}

/** What may be said of a json field; its type is given by hand, so whether null is refused is told by overloads. */
type JsonOptions<V, R extends boolean> = ScalarOptions<DeepReadonly<V>, R>;

/**
 * A JSON value; reads give it frozen. Its type may be said, `json<Settings>()`, with `Settings` a `type`, not an `interface`.
 *
 * @remarks The type is a promise of the program to itself: that a stored value has this shape is not checked.
 */
export function json<V extends JsonValue = JsonValue>(options: JsonOptions<V, true> & { readonly required: true }): ScalarDefinition<DeepReadonly<V>, true, 'json'>;
export function json<V extends JsonValue = JsonValue>(options?: JsonOptions<V, false>): ScalarDefinition<DeepReadonly<V>, false, 'json'>;
export function json(options: ScalarOptions<JsonValue> = {}): ScalarDefinition<JsonValue, boolean, 'json'> {
  return { kind: 'json', options };
}

/** Bytes. Given ones are copied, and every read gives a copy: to change the field, assign it. */
export function binary<const R extends boolean = false>(options: ScalarOptions<Uint8Array, R> = {}): ScalarDefinition<Uint8Array, IsTrue<R>, 'binary'> {
  return { kind: 'binary', options };
}

/** What may be said of a many2one. */
export interface ReferenceOptions<R extends boolean = boolean> extends FieldOptions {
  readonly required?: R | undefined;
  /** What the database does when the record referred to is deleted. @defaultValue 'set null', of a required one 'restrict' */
  readonly onDelete?: OnDelete | undefined;
}

/**
 * One record of another model, or none.
 *
 * @param comodel - the model's name; it may be defined later, so that relations can be circular
 */
export function many2one<const C extends string, const R extends boolean = false>(comodel: C, options: ReferenceOptions<R> = {}): ReferenceDefinition<C, IsTrue<R>> {
  return { kind: 'many2one', comodel, options };
}

/** The records of another model that refer to this one by their field `inverse`. */
export function one2many<const C extends string>(comodel: C, inverse: string): ListDefinition<C> {
  return { kind: 'one2many', comodel, inverse, options: {} };
}
