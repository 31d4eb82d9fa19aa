export { NewId, type Id } from '@ormolu/kernel';
export { Cache } from './cache';
export { type CacheFigures, type CacheStats, type ModelStats } from './cache-stats';
export { type CheckEnvironment, type CheckOptions, type CheckReport } from './check';
export { type ColumnView } from './column-view';
export { contextKey, NO_CONTEXT } from './context-key';
export {
  CacheInconsistentError, CacheMissError, CheckAnswerError, ContextKeyError, DirtyValueError, InvalidArgumentError, InvalidContextKeyError, InvalidFieldError,
  InvalidIdError, InvalidRecordsError, MissAsValueError, SingleRecordError, UndoClosedError, WrongModelError,
  type CacheDifference,
} from './errors';
export { MISS } from './places';
export { sameValue } from './same-value';
export {
  type CacheEnvironment, type CacheField, type CacheLife, type CacheRecords, type ContextKey, type InsertOptions, type InvalidateSpec, type WriteOptions,
} from './shapes';
export { type SlotIndex } from './slot-index';
export { SlotList } from './slot-list';
export { type UndoMark } from './undo-log';
