export { ownCacheServer, sharedCacheServer, type CacheServerKind, type OwnCacheServer, type OwnCacheServerOptions } from './cache-servers';
export { createDatabase, type ScratchDatabase } from './create-database';
export { FaultyProxy, type Fault } from './faulty-proxy';
export { lawRuns } from './law-runs';
export { lawSeed } from './law-seed';
export { loggedStatements, LOGS_STATEMENTS } from './logged-statements';
export { startOwnPostgres, type OwnPostgres } from './own-postgres';
export { startServices, type Services } from './start-services';
export { collected } from './collected';
