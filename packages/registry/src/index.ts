export {
  bigint, binary, boolean, char, date, datetime, decimal, float, html, integer, json, many2one, monetary, one2many, selection, text, uuid,
  type DecimalOptions, type FieldDefinition, type ListDefinition, type MonetaryOptions, type ReferenceDefinition, type ReferenceOptions,
  type ScalarDefinition, type ScalarOptions, type TextOptions,
} from './define-fields';
export { defineModels, Models, type ComputeDefinition, type ModelsState } from './define';
export { FieldValueError, ModelSetupError, type SetupProblem } from './errors';
export { Field, type Compute, type FieldOptions, type FieldParts, type KindOptions, type Relation } from './field';
export { Refusal, type FieldKind } from './field-kinds/field-kind';
export { type DeepReadonly, type JsonValue } from './field-kinds/json-kind';
export { type CheckedFilter, type CheckedOrder, type Comparison, type Equality, type FilterValue, type Ordering, type ScalarComparison, type TextMatching } from './infer/filters';
export { type CheckedPath, type CheckedPaths, type FieldAt } from './infer/paths';
export {
  type EnvironmentOf, type MappedAt, type NotPromise, type RecordMembers, type RecordOf, type RecordSetOf, type SavepointMembers, type SearchOptionsOf,
  type TransactionMembers,
} from './infer/records';
export { type ComodelOf, type Definitions, type DefinitionsOf, type FieldName, type ModelName, type ReadValue, type WriteValue, type WriteValues } from './infer/values';
export { type Method, type Model } from './model';
export { Registry, type RegistryParts } from './registry';
export { RESERVED_NAMES } from './reserved-names';
export { type TriggerTree } from './trigger-tree';
