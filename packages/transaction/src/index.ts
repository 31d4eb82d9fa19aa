export { type Actors } from './actors';
export { type Context } from './context';
export { Environment } from './environment';
export { EnvironmentSet, type EnvironmentKey } from './environment-set';
export {
  AccessError, ComputeCycleError, ComputeError, ComputeUnassignedError, MissingRecordError, NoActorError, NotLoadedError, NotSingletonError, QueryNotLoadedError, RunError,
  TransactionStateError, TriggerPendingError, WriteRefusedError, type ComputeFailure,
} from './errors';
export { Hooks, type Hook } from './hooks';
export { Query } from './query';
export { type Group, type GroupOptions } from './read-group';
export { RecordSet } from './recordset';
export { Savepoint, type SavepointOptions } from './savepoint';
export { type SearchOptions } from './search';
export { type ToCompute } from './to-compute';
export { Transaction, type TransactionOptions } from './transaction';
export { type TransactionState } from './transaction-state';
export { type ListCommand, type Values } from './list-commands';
