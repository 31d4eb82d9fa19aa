export { ownCacheServer, sharedCacheServer, type CacheServerKind, type OwnCacheServer, type OwnCacheServerOptions } from './cache-servers';
export { createDatabase, type ScratchDatabase } from './create-database';
export { lawRuns } from './law-runs';
export { lawSeed } from './law-seed';
export { startOwnPostgres, type OwnPostgres } from './own-postgres';
export { startServices, type Services } from './start-services';
export { collected } from './collected';
