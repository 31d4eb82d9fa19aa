import { MisuseError, typeName, type Storage } from '@ormolu/kernel';
import type { PoolConfig } from 'pg';
import { PoolSource } from './postgres/pool-source';
import { changeLogOf, eventTriggersOf, type ChangeLogOption, type EventTriggersOption } from './change-log/option';
import { SqlStorage } from './sql-storage';

/** Options of `pg.Pool`, passed through: host, TLS (`ssl`), `max`, `statement_timeout`, `application_name` and so on. */
export type PostgresOptions = PoolConfig;

/**
 * PostgreSQL 13 or newer, over a pool of connections.
 *
 * @param options - a URL, or what `pg.Pool` takes; `connectionTimeoutMillis` is 10 s unless given, so that an exhausted pool or a
 * silent host is an error and not a wait without end
 * @param logging - `changeLog`: how changes get into the change log that caches are judged by; see {@link ChangeLogOption};
 * `eventTriggers`: whether migrations let the database tell who alters tables by hand; see {@link EventTriggersOption}
 * @throws {MisuseError} STORAGE_OPTION for what is neither
 * @throws {MisuseError} STORAGE_DRIVER_MISSING when the package `pg` is not installed
 * @remarks Connects with the first session.
 */
export function postgres(options: string | PostgresOptions, { changeLog, eventTriggers }: { readonly changeLog?: ChangeLogOption | undefined; readonly eventTriggers?: EventTriggersOption | undefined } = {}): Storage {
  return new SqlStorage(new PoolSource(typeof options === 'string' ? { connectionString: urlOf(options) } : optionsOf(options)), changeLogOf(changeLog), { eventTriggers: eventTriggersOf(eventTriggers) });
}

/** Whatever else is no URL, or is empty, the driver would take for the name of a database on this machine. */
function urlOf(text: string): string {
  const isSocket = text.startsWith('/') || text.startsWith('socket:');
  if (isSocket || (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text))) return text;
  throw new MisuseError('STORAGE_OPTION', `postgres() was given ${text === '' ? 'an empty text' : 'a text that is no URL of PostgreSQL'}. Give 'postgres://user:password@host:5432/database', with special characters of a password in percent form.`);
}

function optionsOf(options: unknown): PostgresOptions {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return options;
  throw new MisuseError('STORAGE_OPTION', `postgres() was given ${typeName(options)}. Give a URL, 'postgres://user@host:5432/database', or options of pg.Pool; is an environment variable missing?`);
}
