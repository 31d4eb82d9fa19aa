export { channels, ConcurrentModificationError, OrmoluError, type AnswerEvent, type Id, type RungStats, type StatementEvent, type Storage } from '@ormolu/kernel';
export {
  bigint, binary, boolean, char, date, datetime, decimal, defineModels, FieldValueError, float, html, integer, json, many2one, ModelSetupError, Models,
  monetary, one2many, Registry, selection, text, uuid, type DefinitionsOf, type EnvironmentOf, type FieldOptions, type JsonValue, type RecordOf,
  type RecordSetOf,
} from '@ormolu/registry';
export { memory } from '@ormolu/storage/memory';
export { pglite, type PgliteOptions } from '@ormolu/storage/pglite';
export { postgres, type PostgresOptions } from '@ormolu/storage/postgres';
export { ComputeError, MissingRecordError, NotLoadedError, NotSingletonError, RunError, TriggerPendingError } from '@ormolu/transaction';
export { DatabaseError } from './errors';
export { openOrmolu, Ormolu, type OrmoluStats } from './ormolu';
export { type OrmoluOptions, type TransactionEnvironment, type TransactionOptions } from './options';
