import { sharedCacheServer } from '@ormolu/test-support';
import { MemoryBus } from '../../src/bus/memory-bus';
import { busCompliance } from '../../src/compliance';
import { redisBus } from '../../src/redis';
import { startRedisCluster, type RedisCluster } from '../support/redis-cluster';

const runner = { describe, test, beforeAll, afterAll };

const memory = new MemoryBus();
// For memory, all connections are the one there is.
busCompliance(runner, { name: 'memory', create: () => memory });

busCompliance(runner, { name: 'redis', create: async () => redisBus(await sharedCacheServer('redis')) });

describe('a cluster of three nodes, each connection to another of them', () => {
  let cluster: RedisCluster;
  let turn = 0;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());
  busCompliance(runner, {
    name: 'redis cluster', create: () => {
      turn += 1;
      return redisBus({ cluster: cluster.nodes.map((_, at, all) => all[(at + turn) % all.length] ?? all[0] ?? { host: '', port: 0 }) });
    },
  });
});
