import type { OnDelete, StoredId } from '@ormolu/kernel';
import type { FieldDefinition, FieldOptions } from './field-definition';
import type { DeepReadonly, JsonValue } from './field-kinds/json-kind';
import type { FlagsOf, OtherSideField, ReferenceField, RelatedField, ScalarField, SelectionField, ToManyField, ToOneField } from './infer/field-types';

/** What a function that gives defaults is told: who makes the record, and in which context. */
export interface DefaultEnvironment {
  readonly uid: number | null;
  readonly context: Readonly<Record<string, unknown>>;
  readonly companyId: StoredId | null;
  readonly lang: string | null;
}

/** A value for new records, or a plain function that gives one; undefined is none. */
export type DefaultOf<V> = V | null | ((env: DefaultEnvironment) => V | null) | undefined;

/** What may be said of a field that holds a value. `R`, `F` and `P` are what the compiler remembers of it: required, default, precomputed. */
export interface ValueOptions<R extends boolean, F, P extends boolean> extends Omit<FieldOptions, 'required' | 'default' | 'precompute'> {
  /** Null is refused. @defaultValue false */
  readonly required?: R | undefined;
  /** A value for new records, or a function that gives one. */
  readonly default?: F;
  /** Of a computed field that is stored: computed before its row is inserted, so that the column may refuse null. @defaultValue false */
  readonly precompute?: P | undefined;
}

/** What may be said of a text. */
export interface TextOptions<R extends boolean, F, P extends boolean> extends ValueOptions<R, F, P> {
  /** The most characters, counted as code points: an emoji counts as one. @defaultValue no limit */
  readonly size?: number | undefined;
}

/** What may be said of a decimal. */
export interface DecimalOptions<R extends boolean, F, P extends boolean> extends ValueOptions<R, F, P> {
  /** The most digits, on both sides of the point together, 1 to 1000. @defaultValue 1000 */
  readonly precision?: number | undefined;
  /** How many digits stand behind the point, 0 to 1000. */
  readonly scale: number;
}

/** What may be said of an amount of money. */
export interface MonetaryOptions<R extends boolean, F, P extends boolean> extends Omit<DecimalOptions<R, F, P>, 'scale'> {
  /** How many digits stand behind the point. @defaultValue 2 */
  readonly scale?: number | undefined;
  /** The field of the same model that holds the currency. */
  readonly currency?: string | undefined;
}

/** What may be said of a many2one. */
export interface ToOneOptions<R extends boolean, F, P extends boolean> extends ValueOptions<R, F, P> {
  /** What the database does when the record referred to is deleted. @defaultValue 'set null', of a required one 'restrict' */
  readonly onDelete?: OnDelete | undefined;
}

/** What may be said of a list. */
export type ListOptions = Pick<FieldOptions, 'copy' | 'groups' | 'readonly' | 'recursive' | 'dependsContext' | 'description'>;

/** What may be said of a many2many. */
export interface ManyToManyOptions extends ListOptions {
  /** Kept in the database; a computed one is not. @defaultValue false when computed, else true */
  readonly store?: boolean | undefined;
  /** The relation table. @defaultValue both models' tables in alphabetical order, and `rel` */
  readonly table?: string | undefined;
  /** Its column of this model. @defaultValue the model's table and `id` */
  readonly column?: string | undefined;
  /** Its column of the other model. @defaultValue the other model's table and `id` */
  readonly otherColumn?: string | undefined;
}

/** What may be said of a related field. */
export type RelatedOptions = Pick<FieldOptions, 'store' | 'readonly' | 'index' | 'groups' | 'copy' | 'prefetch' | 'sensitive' | 'column' | 'description'>;

/** A short text. */
export function char<const R extends boolean = false, F extends DefaultOf<string> = undefined, const P extends boolean = false>(options?: TextOptions<R, F, P>): ScalarField<'char', string, FlagsOf<R, F, P>> {
  return define('char', options);
}

/** A text of any length. */
export function text<const R extends boolean = false, F extends DefaultOf<string> = undefined, const P extends boolean = false>(options?: TextOptions<R, F, P>): ScalarField<'text', string, FlagsOf<R, F, P>> {
  return define('text', options);
}

/** A text that is HTML. It is kept as it was given: cleaning what strangers wrote is up to whoever shows it. */
export function html<const R extends boolean = false, F extends DefaultOf<string> = undefined, const P extends boolean = false>(options?: TextOptions<R, F, P>): ScalarField<'html', string, FlagsOf<R, F, P>> {
  return define('html', options);
}

/** A uuid. It is taken in either case, with or without hyphens, and given in lower case with them. */
export function uuid<const R extends boolean = false, F extends DefaultOf<string> = undefined, const P extends boolean = false>(options?: ValueOptions<R, F, P>): ScalarField<'uuid', string, FlagsOf<R, F, P>> {
  return define('uuid', options);
}

/**
 * One of some texts, and of no others.
 *
 * @param values - at least one; an extension that defines the field again adds to them. A value that is taken off the list later is still
 * read where records have it, and no longer written
 * @example selection(['draft', 'done'], { required: true, default: 'draft' })
 */
export function selection<const V extends string, const R extends boolean = false, F extends DefaultOf<NoInfer<V>> = undefined, const P extends boolean = false>(
  values: readonly V[], options?: ValueOptions<R, F, P>,
): SelectionField<V, FlagsOf<R, F, P>> {
  return define('selection', { ...options, values: listOf(values) });
}

/** A whole number of four bytes. */
export function integer<const R extends boolean = false, F extends DefaultOf<number> = undefined, const P extends boolean = false>(options?: ValueOptions<R, F, P>): ScalarField<'integer', number, FlagsOf<R, F, P>> {
  return define('integer', options);
}

/** A whole number of eight bytes, as a `bigint`. */
export function bigint<const R extends boolean = false, F extends DefaultOf<bigint> = undefined, const P extends boolean = false>(options?: ValueOptions<R, F, P>): ScalarField<'bigint', bigint, FlagsOf<R, F, P>> {
  return define('bigint', options);
}

/** A number with a fraction, of eight bytes. It is not exact in tenths: money and measures that are added up are decimals. */
export function float<const R extends boolean = false, F extends DefaultOf<number> = undefined, const P extends boolean = false>(options?: ValueOptions<R, F, P>): ScalarField<'float', number, FlagsOf<R, F, P>> {
  return define('float', options);
}

/**
 * An exact decimal, as text with exactly `scale` digits behind the point: `'12.50'`.
 *
 * It never rounds: more digits behind the point than the scale are refused, unless they are zeros. Numbers are refused.
 * @example decimal({ precision: 10, scale: 2 })
 */
export function decimal<const R extends boolean = false, F extends DefaultOf<string> = undefined, const P extends boolean = false>(options: DecimalOptions<R, F, P>): ScalarField<'decimal', string, FlagsOf<R, F, P>> {
  return define('decimal', options);
}

/** An amount of money: a decimal with two digits behind the point, or as many as its currency has. The currency is a field of its own. */
export function monetary<const R extends boolean = false, F extends DefaultOf<string> = undefined, const P extends boolean = false>(options?: MonetaryOptions<R, F, P>): ScalarField<'monetary', string, FlagsOf<R, F, P>> {
  return define('monetary', options);
}

/** True or false. */
export function boolean<const R extends boolean = false, F extends DefaultOf<boolean> = undefined, const P extends boolean = false>(options?: ValueOptions<R, F, P>): ScalarField<'boolean', boolean, FlagsOf<R, F, P>> {
  return define('boolean', options);
}

/** A day of the calendar as text, `'2026-02-28'`, from year 1 to 9999. It has no time zone. */
export function date<const R extends boolean = false, F extends DefaultOf<string> = undefined, const P extends boolean = false>(options?: ValueOptions<R, F, P>): ScalarField<'date', string, FlagsOf<R, F, P>> {
  return define('date', options);
}

/** An instant in milliseconds UTC, as a `Date`. Every read gives a new one: to change the field, assign it. */
export function datetime<const R extends boolean = false, F extends DefaultOf<Date> = undefined, const P extends boolean = false>(options?: ValueOptions<R, F, P>): ScalarField<'datetime', Date, FlagsOf<R, F, P>> {
  return define('datetime', options);
}

/** What may be said of a json field; its type is given by hand, so what the compiler remembers of the options is told by overloads. */
type JsonOptions<R extends boolean, F> = ValueOptions<R, F, boolean>;

/**
 * A JSON value; reads give it frozen. Its type may be said, `json<Settings>()`, with `Settings` a `type`, not an `interface`.
 *
 * @remarks The type is a promise of the program to itself: that a stored value has this shape is not checked.
 */
export function json<V extends JsonValue = JsonValue>(options: JsonOptions<true, Exclude<DefaultOf<DeepReadonly<V>>, undefined>> & { readonly required: true; readonly default: unknown }): ScalarField<'json', DeepReadonly<V>, 'required' | 'filled'>;
export function json<V extends JsonValue = JsonValue>(options: JsonOptions<true, undefined> & { readonly required: true }): ScalarField<'json', DeepReadonly<V>, 'required'>;
export function json<V extends JsonValue = JsonValue>(options?: JsonOptions<false, DefaultOf<DeepReadonly<V>>>): ScalarField<'json', DeepReadonly<V>, never>;
export function json(options?: JsonOptions<boolean, unknown>): ScalarField<'json', JsonValue, never> {
  return define('json', options);
}

/** Bytes. Given ones are copied, and every read gives a copy: to change the field, assign it. Not read together with other columns. */
export function binary<const R extends boolean = false, F extends DefaultOf<Uint8Array> = undefined, const P extends boolean = false>(options?: ValueOptions<R, F, P>): ScalarField<'binary', Uint8Array, FlagsOf<R, F, P>> {
  return define('binary', options);
}

/**
 * One record of another model, or none.
 *
 * @param comodel - the model's name; it may be defined later, so that relations can be circular
 */
export function many2one<const C extends string, const R extends boolean = false, F extends DefaultOf<number | bigint | string> = undefined, const P extends boolean = false>(
  comodel: C, options?: ToOneOptions<R, F, P>,
): ToOneField<C, FlagsOf<R, F, P>> {
  return define('many2one', options, { comodel });
}

/**
 * The records of another model that refer to this one.
 *
 * @param inverse - their many2one
 */
export function one2many<const C extends string, const I extends string>(comodel: C, inverse: I, options?: ListOptions): OtherSideField<C, I> {
  return define('one2many', options, { comodel, inverse });
}

/** Records of another model, any number on both sides. Two of these over one relation table are each other's other side. */
export function many2many<const C extends string>(comodel: C, options?: ManyToManyOptions): ToManyField<'many2many', C> {
  return define('many2many', options, { comodel });
}

/**
 * One record of any of some models, or none.
 *
 * @param models - at least one; an extension that defines the field again adds to them
 */
export function reference<const C extends string, const R extends boolean = false, F extends DefaultOf<string> = undefined, const P extends boolean = false>(
  models: readonly C[], options?: ValueOptions<R, F, P>,
): ReferenceField<C, FlagsOf<R, F, P>> {
  return define('reference', { ...options, models: listOf(models) });
}

/**
 * What stands at the end of a path: read there, and written there unless it is read-only.
 *
 * @param path - many2one fields with dots, and the field to show; checked at setup, and by the compiler wherever it is used
 */
export function related<const P extends string>(path: P, options?: RelatedOptions): RelatedField<P> {
  return define('related', options, { path });
}

/** A list of one's own. Whether it is one is told at setup, where the field has a name. */
function listOf<T>(given: readonly T[]): readonly T[] {
  return Array.isArray(given) ? [...(given as readonly T[])] : given;
}

/** The properties with `$` in the types of fields are for the compiler only: no object has them. */
// The one place where a definition takes on the type that its builder promises.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
function define<T extends { readonly kind: string }>(kind: string, options: FieldDefinition['options'] = {}, where: Partial<FieldDefinition> = {}): T {
  const definition: FieldDefinition = { kind, ...where, options };
  return definition as unknown as T;
}
