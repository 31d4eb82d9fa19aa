import type { Storage } from '@ormolu/kernel';
import type { PoolConfig } from 'pg';
import { PoolSource } from './postgres/pool-source';
import { SqlStorage } from './sql-storage';

/** Options of `pg.Pool`, passed through: host, TLS (`ssl`), `max`, `statement_timeout`, `application_name` and so on. */
export type PostgresOptions = PoolConfig;

/**
 * PostgreSQL 13 or newer, over a pool of connections.
 *
 * @param options - a URL, or what `pg.Pool` takes; `connectionTimeoutMillis` is 10 s unless given, so that an exhausted pool or a
 * silent host is an error and not a wait without end
 * @throws {MisuseError} STORAGE_DRIVER_MISSING when the package `pg` is not installed
 * @remarks Connects with the first session.
 */
export function postgres(options: string | PostgresOptions): Storage {
  return new SqlStorage(new PoolSource(typeof options === 'string' ? { connectionString: options } : options));
}
