import type { Backend } from './backend/backend';
import { RedisBackend } from './backend/redis-backend';
import type { RedisConnection } from './backend/redis-connection';
import type { Bus } from './bus/bus';
import { RedisBus } from './bus/redis-bus';

export { type RedisConnection } from './backend/redis-connection';

/**
 * A Redis or Valkey as the second level of caches, through ioredis.
 *
 * @param connection - a URL (`redis://`, `rediss://` for TLS, user and password of an ACL in it), or options: `sentinels` and `name`, `cluster`,
 *   and whatever ioredis takes
 * @throws {MisuseError} TIER_PACKAGE_MISSING when ioredis is not installed; TIER_REDIS_OPTION
 * @remarks Connects at once and reconnects by itself. Several caches may share it; whoever made it closes it.
 * @example caches: { rates: { l2: redis('redis://127.0.0.1:6379'), ttl: '5m' } }
 */
export function redis(connection: string | RedisConnection): Backend {
  return new RedisBackend(typeof connection === 'string' ? { url: connection } : connection);
}

/**
 * The publish and subscribe of a Redis or Valkey as the bus over which caches of many processes follow each other.
 *
 * @param connection - as for `redis()`; of a cluster, any node
 * @throws {MisuseError} TIER_PACKAGE_MISSING when ioredis is not installed; TIER_REDIS_OPTION
 * @remarks Two connections of its own, which it makes anew by itself. One bus may serve all caches; whoever made it closes it.
 * @example caches: { rates: { maxEntries: 1_000, bus: redisBus('redis://127.0.0.1:6379') } }
 */
export function redisBus(connection: string | RedisConnection): Bus {
  return new RedisBus(typeof connection === 'string' ? { url: connection } : connection);
}
