import { MisuseError, OutageError } from '@ormolu/kernel';
import { types } from 'node:util';

/** How a Redis is reached. What is not named here goes to ioredis as it is: `keyPrefix` alone is refused, caches have prefixes of their own. */
export interface RedisConnection {
  /** `redis://` or `valkey://`, `rediss://` or `valkeys://` for TLS. */
  readonly url?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** A Unix socket. */
  readonly path?: string | undefined;
  /** Of an ACL. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly db?: number | undefined;
  /** Options of `tls.connect`; `{}` for TLS as it is by default. */
  readonly tls?: object | undefined;
  /** With `name`: the master is asked of these. */
  readonly sentinels?: readonly { readonly host: string; readonly port: number }[] | undefined;
  readonly name?: string | undefined;
  /** Some nodes of a Redis Cluster, which know the others; all other options are those of each connection. */
  readonly cluster?: readonly { readonly host: string; readonly port: number }[] | undefined;
  /**
   * So many connections are made to a server: writes go through the first, reads through all in turn, so that large answers keep others waiting less. Of a cluster, it is one to
   * each node. @defaultValue 1: calls are pipelined
   */
  readonly maxConnections?: number | undefined;
  readonly [option: string]: unknown;
}

const URL = /^(?:redis|valkey)s?:\/\//;

/**
 * @param call - by which the program gave it, as the error names it
 * @throws {MisuseError} TIER_REDIS_OPTION for what is no connection, a URL of something else, a cluster without nodes or beside a URL
 */
export function checkConnection(call: string, connection: unknown): asserts connection is RedisConnection {
  const wrong = (what: string): MisuseError => new MisuseError('TIER_REDIS_OPTION', `${call}() ${what}`);
  if (typeof connection !== 'object' || connection === null) throw wrong("was given nothing to connect to. Give 'redis://user:password@host:6379/0', or options; is an environment variable missing?");
  const { url, cluster, scaleReads } = connection as Readonly<Record<string, unknown>>; // any object may be asked for what it has
  if (url !== undefined && !(typeof url === 'string' && URL.test(url))) throw wrong("was given a text that is no URL of Redis. Give 'redis://user:password@host:6379/0', or rediss:// for TLS; is an environment variable missing?");
  if (cluster === undefined) return;
  if (!Array.isArray(cluster) || cluster.length === 0) throw wrong("was given a cluster without nodes. Give some of them: cluster: [{ host: 'cache-1', port: 6379 }].");
  if (url !== undefined) throw wrong('was given a URL and a cluster. Give username, password and tls beside cluster.');
  if (scaleReads !== undefined && scaleReads !== 'master') throw wrong('reads from masters only: a replica may not have yet what was just written or deleted. Leave scaleReads out.');
}

/** The driver knows Valkey by the name of Redis, and takes TLS for given with `rediss://` alone. */
export function driverUrl(url: string): string {
  return url.replace(/^valkey/, 'redis');
}

/** Why there is no connection, as the driver last said. @returns an error for whoever asks */
export function notConnected(cause: unknown): OutageError {
  // Of a cluster, what its last node said tells more.
  const said = types.isNativeError(cause) && 'lastNodeError' in cause ? cause.lastNodeError ?? cause : cause;
  return new OutageError('TIER_UNAVAILABLE', `There is no connection to Redis${types.isNativeError(said) ? `: ${said.message.replace(/\.$/, '')}` : ''}.`, { cause });
}
