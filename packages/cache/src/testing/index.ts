export { defaultWorld, environmentOf, operations, values, type OperationOptions, type TestWorld } from './arbitraries';
export { type CacheFace, type UndoFace } from './cache-face';
export { CacheModel, type ModelMark } from './cache-model';
export { CacheCommand, cacheCommands, subjects, type CommandOptions } from './commands';
export { observe, perform, sameOutcome, TestRecords, type CacheOperation, type Outcome, type Subject } from './operations';
