import type { Id } from '@ormolu/kernel';
import type { ListDefinition, ReferenceDefinition, ScalarDefinition } from '../define-fields';
import type { Models } from '../define';
import type { RecordOf, RecordSetOf } from './records';

/** Models as they are defined: model name → field name → definition. */
export type Definitions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What the compiler knows of some models: `Ormolu<DefinitionsOf<typeof models>>`. */
export type DefinitionsOf<T> = T extends Models<infer D> ? D : never;

/** The names of the models. */
export type ModelName<D> = keyof D & string;

/** The names of a model's fields. */
export type FieldName<D, M extends ModelName<D>> = keyof D[M] & string;

/** The model a relational field leads to, or never. */
export type ComodelOf<D, F> = F extends ReferenceDefinition<infer C, boolean> | ListDefinition<infer C> ? Extract<C, ModelName<D>> : never;

/** What a property read gives. An optional value is `T | null`, a required one `T`. */
export type ReadValue<D, F> =
  F extends ReferenceDefinition<infer C, infer R> ? RecordOf<D, Extract<C, ModelName<D>>> | (R extends true ? never : null)
  : F extends ListDefinition<infer C> ? RecordSetOf<D, Extract<C, ModelName<D>>>
  : F extends ScalarDefinition<infer V, infer R> ? V | (R extends true ? never : null)
  : never;

/** What `write` and `create` take: as a read gives it, and ids for records. */
export type WriteValue<D, F> =
  F extends ReferenceDefinition<infer C, infer R> ? RecordOf<D, Extract<C, ModelName<D>>> | Id | (R extends true ? never : null)
  : F extends ListDefinition<string> ? never
  : ReadValue<D, F>;

/** Values for some fields of a model. */
export type WriteValues<D, M extends ModelName<D>> = { readonly [F in FieldName<D, M>]?: WriteValue<D, D[M][F]> };
