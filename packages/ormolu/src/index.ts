export {
  channels, ConcurrentModificationError, ConflictError, ConstraintError, MisuseError, OrmoluError, OutageError, type AnswerEvent, type Id, type RungStats, type StatementEvent, type Storage,
} from '@ormolu/kernel';
export {
  bigint, binary, boolean, char, date, datetime, decimal, defineModels, extension, ExtensionConflictError, FieldValueError, float, html, integer, json, many2many,
  many2one, Models, ModelSetupError, ModelsMismatchError, monetary, one2many, reference, Registry, related, selection, text, uuid, type CreateValuesOf,
  type DefinitionsOf, type EnvironmentOf, type Extension, type FieldOptions, type FilterOf, type JsonValue, type ModelsPatch, type RecordOf, type RecordSetOf,
  type ValuesOf, type WriteValuesOf,
} from '@ormolu/registry';
export { remote, serve, type RemoteOptions, type RemoteServer, type ServeOptions } from '@ormolu/remote';
export { memory } from '@ormolu/storage/memory';
export { pglite, type PgliteOptions } from '@ormolu/storage/pglite';
export { postgres, type PostgresOptions } from '@ormolu/storage/postgres';
export { memcached, type MemcachedOptions } from '@ormolu/tiers/memcached';
export { redis, redisBus, type RedisConnection } from '@ormolu/tiers/redis';
export {
  AccessError, ComputeCycleError, ComputeError, MissingRecordError, NotLoadedError, NotSingletonError, QueryNotLoadedError, RunError, TriggerPendingError,
} from '@ormolu/transaction';
export { type BufferHits } from './buffer-hits';
export { DatabaseError } from './errors';
export { type BackfillProgress, type FilledFields } from './migrate/backfill';
export { type HealthAlert, type HealthReport, type StorageHealth } from './health';
export { ormcache, type Memoised, type OrmcacheOptions } from './ormcache';
export { type TransactionRungStats } from './ladder';
export { openOrmolu, Ormolu, type DatabaseMigration, type OrmoluStats } from './ormolu';
export { RecordInstance, RecordSession, type InstanceValues, type RecordSessionOptions } from './record-session';
export { type WarmOptions, type WarmProgress, type WarmQuery, type WarmReport } from './warm';
export { type MigrateDatabaseOptions, type OrmoluOptions, type TransactionEnvironment, type TransactionOptions } from './options';
