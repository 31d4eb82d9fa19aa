export {
  boolean, char, float, integer, many2one, one2many, text, type FieldDefinition, type ListDefinition, type ReferenceDefinition, type ScalarDefinition,
} from './define-fields';
export { defineModels, Models, type ComputeDefinition, type ModelsState } from './define';
export { FieldValueError, ModelSetupError, type SetupProblem } from './errors';
export { Field, type Compute, type FieldOptions, type FieldParts, type Relation } from './field';
export { type FieldKind } from './field-kinds/field-kind';
export { type CheckedFilter, type CheckedOrder, type Comparison, type FilterValue } from './infer/filters';
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
