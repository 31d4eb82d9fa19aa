import { ownCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLUSTER_ARGS, startRedisCluster, type RedisCluster } from './redis-cluster';

/** A slot of a cluster whose keys are on their way to the node that is new. */
export interface Migration {
  /** What keys begin with that are in it. */
  readonly tag: string;
  /** Has keys go there: so many, or all. */
  readonly move: (most?: number) => Promise<void>;
  /** The new node has the slot. */
  readonly end: () => Promise<void>;
  readonly callOff: () => Promise<void>;
}

/** A Redis Cluster of three masters and a node without slots. */
export interface GrowingCluster extends RedisCluster {
  readonly admins: readonly Redis[];
  /** The node without slots, and who may tell it what to do. */
  readonly fourth: { server: OwnCacheServer; readonly admin: Redis };
  /** Begins to move a slot there. */
  readonly migrate: () => Promise<Migration>;
  /** Ends the fourth node if it is there, starts it again with what it has on its disk, and waits until it belongs to them. */
  readonly restartFourth: (isThere?: boolean) => Promise<void>;
}

export async function startGrowingCluster(): Promise<GrowingCluster> {
  const cluster = await startRedisCluster();
  const fourth = await ownCacheServer('redis', { args: CLUSTER_ARGS });
  const admins = [...cluster.nodes.map(({ port }) => port), fourth.port].map((port) => new Redis(port, '127.0.0.1', { retryStrategy: () => 20, maxRetriesPerRequest: null }).on('error', () => undefined));
  const [admin] = admins.slice(-1) as [Redis]; // four were made
  await admin.cluster('MEET', '127.0.0.1', cluster.nodes[0]?.port ?? 0);
  const whole = async (): Promise<void> => {
    for (const one of admins) while (!/cluster_known_nodes:4/.test(await one.cluster('INFO')) || !/cluster_state:ok/.test(await one.cluster('INFO'))) await sleep(10);
  };
  await whole();
  const growing: GrowingCluster = {
    ...cluster, admins, fourth: { server: fourth, admin },
    migrate: async () => {
      const tag = `{${randomUUID()}}`;
      const slot = await admin.cluster('KEYSLOT', tag);
      const owned = await Promise.all(admins.map(async (one) => /myself.* connected(.*)/.exec(String(await one.cluster('NODES')))?.[1] ?? ''));
      const from = admins[owned.findIndex((ranges) => [...ranges.matchAll(/ (\d+)(?:-(\d+))?(?= |$)/g)].some(([, first, last = first]) => Number(first) <= slot && slot <= Number(last)))];
      if (!from) throw new Error('nobody has the slot');
      const [fromId, toId] = await Promise.all([from.cluster('MYID'), admin.cluster('MYID')]);
      await admin.cluster('SETSLOT', slot, 'IMPORTING', fromId);
      await from.cluster('SETSLOT', slot, 'MIGRATING', toId);
      return {
        tag,
        move: async (most = 1_000) => {
          const some = await from.cluster('GETKEYSINSLOT', slot, most);
          if (some.length > 0) await from.migrate('127.0.0.1', growing.fourth.server.port, '', 0, 5_000, 'KEYS', ...some);
        },
        end: async () => {
          for (const one of [admin, from]) await one.cluster('SETSLOT', slot, 'NODE', toId);
        },
        callOff: async () => {
          for (const one of [from, admin]) await one.cluster('SETSLOT', slot, 'STABLE');
        },
      };
    },
    restartFourth: async (isThere = true) => {
      const { port, folder } = growing.fourth.server;
      if (isThere) growing.fourth.server.signal('SIGKILL');
      await sleep(300);
      growing.fourth.server = await ownCacheServer('redis', { port, folder, args: CLUSTER_ARGS });
      await whole();
    },
    stop: () => {
      for (const one of admins) one.disconnect();
      growing.fourth.server.stop();
      cluster.stop();
    },
  };
  return growing;
}
