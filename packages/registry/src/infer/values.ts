import type { RecordIn, RecordSetIn } from './records';
import type { EndOf } from './paths';
import type { FieldAt, FieldName, FieldsOf, IdOf, Shape } from './shape';

/** `null`, unless the field refuses it. */
export type NullOf<T> = T extends { readonly $flags: { readonly required: true } } ? never : null;

/** What a property read gives. An optional value is `T | null`, a required one `T`. */
export type ReadValue<S extends Shape, N extends string, T> =
  T extends { readonly $value: infer V } ? V | NullOf<T>
  : T extends { readonly kind: 'many2one'; readonly $comodel: infer C extends string } ? RecordIn<S, C> | NullOf<T>
  : T extends { readonly $comodel: infer C extends string } ? RecordSetIn<S, C>
  : T extends { readonly $words: infer W } ? (keyof W & string) | NullOf<T>
  : T extends { readonly $models: infer W } ? AnyRecordOf<S, keyof W & string> | NullOf<T>
  : T extends { readonly $path: infer P extends string } ? ValueAt<S, N, P> | Emptied<S, N, P>
  : unknown;

/** A record of any of some models. */
export type AnyRecordOf<S extends Shape, N extends string> = N extends string ? RecordIn<S, N> : never;

type ValueAt<S extends Shape, N extends string, P extends string> =
  EndOf<S, N, P> extends { readonly model: infer M extends string; readonly field: infer T } ? (T extends 'id' ? IdOf<S, M> : ReadValue<S, M, T>) : never;

/** Null, unless the path ends in a list: a list of nothing is empty. */
type Emptied<S extends Shape, N extends string, P extends string> =
  EndOf<S, N, P> extends { readonly field: { readonly kind: 'one2many' | 'many2many' } } ? never : null;

/** What a record plainly holds, as `read` gives it: ids for records. */
export type PlainValue<S extends Shape, N extends string, T> =
  T extends { readonly kind: 'many2one'; readonly $comodel: infer C extends string } ? IdOf<S, C> | NullOf<T>
  : T extends { readonly $comodel: infer C extends string } ? readonly IdOf<S, C>[]
  : T extends { readonly $models: unknown } ? string | NullOf<T>
  : T extends { readonly $path: infer P extends string }
    ? EndOf<S, N, P> extends { readonly model: infer M extends string; readonly field: infer E } ? (E extends 'id' ? IdOf<S, M> : PlainValue<S, M, E>) | Emptied<S, N, P> : never
  : ReadValue<S, N, T>;

/** One change to a list. `X` are the fields of a new record that its place in the list gives it. */
export type ListCommand<S extends Shape, C extends string, X extends string = never> =
  | { readonly create: CreateValues<S, C, X> }
  | { readonly update: readonly [id: IdOf<S, C> | RecordIn<S, C>, values: WriteValues<S, C>] }
  | { readonly delete: IdOf<S, C> | RecordIn<S, C> }
  | { readonly unlink: IdOf<S, C> | RecordIn<S, C> }
  | { readonly link: IdOf<S, C> | RecordIn<S, C> }
  | { readonly clear: true }
  | { readonly set: RecordSetIn<S, C> | readonly (IdOf<S, C> | RecordIn<S, C>)[] };

/** All that a list is to hold, as records or ids; or commands that change it, where an id stands for a link. */
export type ListValue<S extends Shape, C extends string, X extends string = never> = RecordSetIn<S, C> | readonly (IdOf<S, C> | RecordIn<S, C> | ListCommand<S, C, X>)[];

/** The many2one that a one2many's place in its records gives them. */
type GivenBy<T> = T extends { readonly $inverse: infer I extends string } ? I : never;

/** What `write` and `create` take: as a property read gives it, ids for records, commands for lists. */
export type WriteValue<S extends Shape, N extends string, T> =
  T extends { readonly kind: 'many2one'; readonly $comodel: infer C extends string } ? RecordIn<S, C> | IdOf<S, C> | NullOf<T>
  : T extends { readonly $comodel: infer C extends string } ? ListValue<S, C, GivenBy<T>>
  : T extends { readonly $models: unknown } ? ReadValue<S, N, T> | string
  : T extends { readonly $path: infer P extends string }
    ? EndOf<S, N, P> extends { readonly model: infer M extends string; readonly field: infer E } ? (E extends 'id' ? never : WriteValue<S, M, E>) : never
  : ReadValue<S, N, T>;

/** Every field of a model as a property. Lists are changed by `write`. */
export type FieldValues<S extends Shape, N extends string, T> = Assignable<S, N, T, ValueName<T>> & ReadOnly<S, N, T, Exclude<keyof T, ValueName<T>>>;

// Mapped over names of `T`'s own, so that an editor finds a field's definition from its property.
type Assignable<S extends Shape, N extends string, T, K extends keyof T> = { -readonly [F in K]: ReadValue<S, N, T[F]> };
type ReadOnly<S extends Shape, N extends string, T, K extends keyof T> = { readonly [F in K]: ReadValue<S, N, T[F]> };

/** The fields that hold values. Worked out once for a model, whatever else is said of the models: it does not depend on the shape. */
type ValueName<T> = { [F in keyof T]-?: T[F] extends { readonly kind: 'one2many' | 'many2many' } ? never : F }[keyof T];

/** Every field of a draft as a property; all but lists may be null. */
export type DraftFields<S extends Shape, N extends string, T> =
  { -readonly [F in ValueName<T>]: ReadValue<S, N, T[F]> | null } & ReadOnly<S, N, T, Exclude<keyof T, ValueName<T>>>;

/** Values for a draft: whatever is known, null for what is not. */
export type DraftValues<S extends Shape, N extends string> = DraftWritable<S, N, FieldsOf<S, N>> & GivenId<S, N>;

type DraftWritable<S extends Shape, N extends string, T> = { readonly [F in keyof T]?: DraftValue<S, N, T[F]> | null };

type DraftValue<S extends Shape, N extends string, T> =
  T extends { readonly kind: 'one2many' | 'many2many'; readonly $comodel: infer C extends string } ? DraftListValue<S, C> : WriteValue<S, N, T>;

/** A list of a draft: new members are drafts, too. */
export type DraftListValue<S extends Shape, C extends string> =
  | RecordSetIn<S, C>
  | readonly (IdOf<S, C> | RecordIn<S, C> | Exclude<ListCommand<S, C>, { readonly create: unknown }> | { readonly create: DraftValues<S, C> })[];

/** Fields of a model as `read` gives them. */
export type ValuesOf<S extends Shape, N extends string, F extends string = FieldName<S, N>> =
  { readonly id: IdOf<S, N> } & { readonly [K in F & FieldName<S, N>]: PlainValue<S, N, FieldAt<S, N, K>> };

/** Values for some fields of a model. */
export type WriteValues<S extends Shape, N extends string> = Writable<S, N, FieldsOf<S, N>>;

type Writable<S extends Shape, N extends string, T> = { readonly [F in keyof T]?: WriteValue<S, N, T[F]> };

/** Values for a new record of a model; what is required and has no default of its own must be there, save for `X`. */
export type CreateValues<S extends Shape, N extends string, X extends string = never> = Writable<S, N, FieldsOf<S, N>> & Demanded<S, N, FieldsOf<S, N>, X> & GivenId<S, N>;

/** The id of a new record, where it may be given: texts and uuids. */
export type GivenId<S extends Shape, N extends string> = IdOf<S, N> extends string ? { readonly id?: IdOf<S, N> } : unknown;

type Demanded<S extends Shape, N extends string, T, X extends string> = {
  readonly [F in keyof T as F extends X ? never : IsDemanded<T[F]> extends true ? F : never]: WriteValue<S, N, T[F]>;
};

type IsDemanded<T> = T extends { readonly $flags: { readonly required: true } } ? (T extends { readonly $flags: { readonly filled: true } } ? false : true) : false;
