import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startRedisCluster } from '../support/redis-cluster';

const root = join(__dirname, '..', '..', '..', '..');

/** Ends when the process does. */
async function closing(...args: readonly string[]): Promise<void> {
  await promisify(execFile)(process.execPath, ['--conditions=@ormolu/source', '--require', join(root, 'scripts', 'ts-node.cjs'), join(__dirname, '..', 'support', 'closing-process.ts'), ...args], { timeout: 20_000 });
}

test.each(['one', 'cluster', 'sentinels', 'bus'])('a process that closes what is not there ends then: %s', async (kind) => {
  // What the driver waits for of a connection that has ended already would last ten minutes.
  await closing(kind);
}, 30_000);

test('so does one that closes a cluster while it asks who has which keys, as it does again and again', async () => {
  const cluster = await startRedisCluster();
  try {
    await closing('asking', String(cluster.nodes[0]?.port));
  } finally {
    cluster.stop();
  }
}, 60_000);
