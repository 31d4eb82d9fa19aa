import { ownCacheServer, sharedCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import { MemoryBackend } from '../../src/backend/memory-backend';
import { backendCompliance } from '../../src/compliance';
import { memcached } from '../../src/memcached';
import { redis } from '../../src/redis';
import { startRedisCluster, type RedisCluster } from '../support/redis-cluster';

const runner = { describe, test, beforeAll, afterAll };

const memory = new MemoryBackend();
// Two connections to the same server: for memory, that is the one there is.
backendCompliance(runner, { name: 'memory', create: () => memory });

backendCompliance(runner, { name: 'redis', create: async () => redis(await sharedCacheServer('redis')) });

backendCompliance(runner, { name: 'redis with four connections', create: async () => redis({ url: await sharedCacheServer('redis'), maxConnections: 4 }) });

describe('a cluster of three nodes', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());
  backendCompliance(runner, { name: 'redis cluster', create: () => redis({ cluster: cluster.nodes }) });
});

describe('a ring of two, one of them on a Unix socket', () => {
  let servers: readonly OwnCacheServer[];
  beforeAll(async () => {
    servers = await Promise.all([ownCacheServer('memcached'), ownCacheServer('memcached', { onSocket: true })]);
  });
  afterAll(() => {
    for (const server of servers) server.stop();
  });
  backendCompliance(runner, { name: 'memcached', create: () => memcached(servers.map(({ url }) => url)) });
});
