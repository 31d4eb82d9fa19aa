import { ownCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';

/** A Redis Cluster of three masters. */
export interface RedisCluster {
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly servers: readonly OwnCacheServer[];
  stop(): void;
}

const SLOTS = 16_384;
/** With which a node is started, and started again. */
export const CLUSTER_ARGS: readonly string[] = ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf'];

/** Starts three servers and makes them one. @remarks One to two seconds */
export async function startRedisCluster(): Promise<RedisCluster> {
  const servers = await Promise.all([0, 1, 2].map(() => ownCacheServer('redis', { args: CLUSTER_ARGS })));
  const clients = servers.map(({ port }) => new Redis(port, '127.0.0.1'));
  const [first] = servers;
  try {
    for (const [place, client] of clients.entries()) {
      const from = Math.floor((place * SLOTS) / clients.length);
      const to = Math.floor(((place + 1) * SLOTS) / clients.length) - 1;
      await client.cluster('ADDSLOTSRANGE', from, to);
      await client.cluster('SET-CONFIG-EPOCH', place + 1);
      if (place > 0) await client.cluster('MEET', '127.0.0.1', first?.port ?? 0);
    }
    for (const client of clients) {
      while (!/cluster_state:ok/.test(await client.cluster('INFO')) || !/cluster_known_nodes:3/.test(await client.cluster('INFO'))) await sleep(20);
    }
  } finally {
    for (const client of clients) client.disconnect();
  }
  return {
    nodes: servers.map(({ port }) => ({ host: '127.0.0.1', port })), servers,
    stop: () => {
      for (const server of servers) server.stop();
    },
  };
}
