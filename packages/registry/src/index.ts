export { extension } from './define-extension';
export { type ComputeDefinition, type Definition, type MethodDefinition, type ModelDefinition, type ModelOptions, type ModuleDefinition } from './definition';
export { ExtensionConflictError, FieldValueError, HiddenFieldError, ModelSetupError, ModelsMismatchError, type SetupProblem } from './errors';
export { type Extension } from './extension';
export { Field, type Compute, type FieldParts, type Inverse, type Relation, type Search } from './field';
export { fieldOf } from './field-of';
export { type FieldDefinition, type FieldOptions, type FunctionName, type KindOptions } from './field-definition';
export { Refusal, UNFINDABLE, type FieldKind } from './field-kinds/field-kind';
export { type DeepReadonly, type JsonValue } from './field-kinds/json-kind';
export { isIdOf } from './field-kinds/relations';
export {
  bigint, binary, boolean, char, date, datetime, decimal, float, html, integer, json, many2many, many2one, monetary, one2many, reference, related, selection, text,
  uuid, type DecimalOptions, type DefaultEnvironment, type DefaultOf, type ListOptions, type ManyToManyOptions, type MonetaryOptions, type RelatedOptions, type TextOptions,
  type ToOneOptions, type ValueOptions,
} from './fields';
export { type DefinedFunction } from './functions';
export {
  type AnotherKind, type BaseShape, type Bounded, type Callable, type CheckedKinds, type CheckedNames, type CheckedRelations, type ComputedValue, type Delegated, type MethodTable, type NoSuchModel,
  type PreviousOf, type SearchFunction, type Silent,
} from './infer/builder';
export { type ActorsIn, type AnyRecord, type EnvironmentIn, type RunTakesNoAsyncFunction } from './infer/environment';
export {
  type CachedRecords, type CacheFiguresMembers, type CacheMembers, type CacheStatsMembers, type CauseMembers, type ExplanationMembers, type FieldSpec, type HookMembers, type OriginName, type ProtectedMembers, type SavepointMembers, type ToComputeMembers, type TransactionMembers,
} from './infer/transaction';
export {
  type FieldType, type Flag, type FlagsOf, type OtherSideField, type ReferenceField, type RelatedField, type ScalarField, type SelectionField, type ToManyField,
  type ToOneField,
} from './infer/field-types';
export { type CheckedFilter, type Equality, type NoSuchOperator, type NoSuchPath, type Ordering, type ScalarComparison, type TextMatching, type TreeComparison } from './infer/filters';
export { type EndOf, type OrderOf, type PathsOf } from './infer/paths';
export {
  type CheckedFilterOf, type CreateValuesOf, type DefinitionsOf, type EnvironmentOf, type FieldNameOf, type FilterOf, type ModelNameOf, type PathOf, type RecordOf, type RecordSetOf,
  type ValuesOf, type WriteValuesOf,
} from './infer/public';
export { type CheckedGroups, type GroupAsk, type GroupOf } from './infer/groups';
export { type QueryIn } from './infer/queries';
export { type MappedAt, type RecordIn, type RecordMembers, type RecordSetIn, type SearchOptionsOf, type SingleMembers, type SortKey } from './infer/records';
export { type ComodelOf, type FieldDefinitions, type FieldName, type FieldsOf, type IdOf, type IdTypes, type MethodsOf, type ModelName, type Shape } from './infer/shape';
export { type CreateValues, type PlainValue, type ReadValue, type WriteValue, type WriteValues } from './infer/values';
export { type Method, type Model } from './model';
export { defineModels, Models, type ModelsState, type ModuleOptions, type OptionsOf, type Sum } from './models';
export { narrowedRegistry, servedFields } from './narrowed';
export { type ModelsPatch } from './patch';
export { Registry, type ModelParts, type RegistryParts, type Source } from './registry';
export { RESERVED_NAMES } from './reserved-names';
export { type TriggerTree, type Way } from './trigger-tree';
