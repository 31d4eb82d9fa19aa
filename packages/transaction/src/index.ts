export { type Actors } from './environment/actors';
export { type Context } from './environment/context';
export { Environment } from './environment/environment';
export { EnvironmentSet, type EnvironmentKey } from './environment/environment-set';
export {
  AccessError, ComputeCycleError, ComputeError, ComputeUnassignedError, MissingRecordError, NoActorError, NotLoadedError, NotSingletonError, QueryNotLoadedError, RunError,
  TransactionStateError, TriggerPendingError, WriteRefusedError, type ComputeFailure,
} from './errors';
export { Hooks, type Hook } from './undo/hooks';
export { Query } from './querying/query';
export { type Group, type GroupOptions } from './querying/read-group';
export { RecordSet } from './records/recordset';
export { Savepoint, type SavepointOptions } from './undo/savepoint';
export { type SearchOptions } from './querying/search';
export { type ToCompute } from './computing/to-compute';
export { Transaction } from './transaction';
export { type TransactionOptions } from './transaction-options';
export { type TransactionState } from './transaction-state';
export { type ListCommand, type Values } from './lists/list-commands';
