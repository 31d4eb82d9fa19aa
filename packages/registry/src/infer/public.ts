import type { EnvironmentIn } from './environment';
import type { CheckedFilter, FilterOf as FilterIn } from './filters';
import type { PathOf as PathIn } from './paths';
import type { RecordIn, RecordSetIn } from './records';
import type { FieldName as FieldNameIn, ModelName as ModelNameIn, Shape } from './shape';
import type { CreateValues as CreateIn, ValuesOf as ValuesIn, WriteValues as WriteIn } from './values';

/** What the compiler knows of models: of `typeof models`, or of what it knows already. */
export type DefinitionsOf<M> = M extends { readonly $shape: infer D } ? (D extends Shape ? D : never) : M extends Shape ? M : never;

/** The names of the models. */
export type ModelNameOf<M> = ModelNameIn<DefinitionsOf<M>>;

/** The names of a model's fields. */
export type FieldNameOf<M, N extends ModelNameOf<M>> = FieldNameIn<DefinitionsOf<M>, N>;

/** A single record: `RecordOf<typeof models, 'res.city'>`. */
export type RecordOf<M, N extends ModelNameOf<M>> = RecordIn<DefinitionsOf<M>, N>;

/** A set of records. */
export type RecordSetOf<M, N extends ModelNameOf<M>> = RecordSetIn<DefinitionsOf<M>, N>;

/** Who is asking, and where models are reached from. */
export type EnvironmentOf<M> = EnvironmentIn<DefinitionsOf<M>>;

/** Fields as `read` gives them. */
export type ValuesOf<M, N extends ModelNameOf<M>> = ValuesIn<DefinitionsOf<M>, N>;

/** What `create` takes. */
export type CreateValuesOf<M, N extends ModelNameOf<M>> = CreateIn<DefinitionsOf<M>, N>;

/** What `write` takes. */
export type WriteValuesOf<M, N extends ModelNameOf<M>> = WriteIn<DefinitionsOf<M>, N>;

/** A path, checked: itself, or what would hold in place of its first wrong part. */
export type PathOf<M, N extends ModelNameOf<M>, P extends string> = PathIn<DefinitionsOf<M>, N, P>;

/** A filter that is kept in a variable. */
export type FilterOf<M, N extends ModelNameOf<M>> = FilterIn<DefinitionsOf<M>, N>;

/** A filter written in place, checked path by path. */
export type CheckedFilterOf<M, N extends ModelNameOf<M>, F> = CheckedFilter<DefinitionsOf<M>, N, F>;
