export { channels, OrmoluError, type AnswerEvent, type Id, type RungStats, type StatementEvent, type Storage } from '@ormolu/kernel';
export {
  boolean, char, defineModels, FieldValueError, float, integer, many2one, ModelSetupError, Models, one2many, Registry, text, type DefinitionsOf,
  type EnvironmentOf, type FieldOptions, type RecordOf, type RecordSetOf,
} from '@ormolu/registry';
export { memory } from '@ormolu/storage/memory';
export { pglite, type PgliteOptions } from '@ormolu/storage/pglite';
export { ComputeError, MissingRecordError, NotLoadedError, NotSingletonError, RunError, TriggerPendingError } from '@ormolu/transaction';
export { DatabaseError } from './errors';
export { openOrmolu, Ormolu, type OrmoluStats } from './ormolu';
export { type OrmoluOptions, type TransactionOptions } from './options';
