export { concerns, MODELS_SIGNAL, TABLES_SIGNAL, type ChangeRow, type LogPoll, type Tag } from './change-log';
export { channels, type AnsweredEntry, type AnswerEvent, type ChangeEvent, type ComputeEvent, type RunEvent, type RunRound, type StatementEvent, type TransactionEvent } from './channels';
export { ManualClock, systemClock, type Clock } from './clock';
export { type Commit, type CommittedImages, type WrittenRows } from './commit';
export { durationMs, type Duration } from './duration';
export {
  ConcurrentModificationError, ConflictError, ConstraintError, MisuseError, OrmoluError, OutageError, UnknownFieldError, UnknownModelError, type OrmoluErrorOptions, type VersionConflict,
} from './errors';
export { allOf, condition, EVERYTHING, OPERATORS, pathsOf, type Condition, type Filter, type Operator } from './filter';
export { duringCall, heldSessions, holding, isNestedIn, type CallInFlow } from './flow';
export { FlowVariable } from './flow-variable';
export { describeIds, isStoredId, NewId, type Id, type NewIdOptions, type StoredId } from './id';
export { countingKeys, jsonFormOf, keyedValue, referredModel, valuesUnderAnyKey, type JsonForm, type KeyedColumn, type ValueKeys } from './keyed-column';
export { LogKnowledge, type LogView, type NewsOptions } from './log-knowledge';
export { epochOf, LogNames, NamedLog } from './log-names';
export { nearestName } from './nearest';
export { OwnChanges, updatedFields, type Change } from './own-changes';
export { PassingSession } from './passing-session';
export {
  SameValue, type Aggregate, type AggregateFunction, type Columns, type ComputeQuestion, type GroupOrderTerm, type GroupQuery, type Groups, type InsertRows, type Query, type QueryCaching, type ReadQuestion,
  type UpdateRows,
} from './query';
export { type Rung, type RungCapabilities, type RungStats } from './rung';
export {
  Schema, VERSION_COLUMN, VERSION_FIELD, type ColumnSchema, type ColumnType, type IdType, type ListSchema, type OnDelete, type OrderTerm, type TableSchema,
} from './schema';
export { CloseNestedError, SavepointGoneError, SessionNestedError, SessionStateError, StorageClosedError } from './session-errors';
export { type Isolation, type Session, type SessionOptions, type SessionSavepoint, type SessionState, type StreamOptions } from './session';
export { whyStale, type CachedRead, type Heard, type Sight } from './sight';
export { agreeBelow, formatSnapshot, isWithin, parseSnapshot, sees, withOwn, type Snapshot } from './snapshot';
export { type AddedField, type FarSide, type MigrateOptions, type MigrationReport, type PlanOptions, type Storage, type StorageCapabilities, type StorageChangeLog } from './storage';
export { Lru, LruCapacityError, LruKeyError } from './structures/lru';
export { LastOrderedSet, OrderedSet } from './structures/ordered-set';
export { StackMap, StackMapEmptyError } from './structures/stack-map';
export { typeName } from './type-name';
export { type ModelView, type UserView } from './user-view';
export { whyInvalid, type EntryStamp, type Judgement, type LogExtent, type MissReason } from './validity';
