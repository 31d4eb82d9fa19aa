// Opens what its first argument names, where nobody is or at the port that its second names, closes it, and has nothing else to do.
import { NamedCache } from '../../src/index';
import { redis, redisBus } from '../../src/redis';

/** Of a connection that is closed, the driver waits for the other side for so long. */
const disconnectTimeout = 600_000;
const nobody = { host: '127.0.0.1', port: 1 };

async function main(kind: string, port = 0): Promise<void> {
  if (kind === 'bus') {
    const bus = redisBus({ ...nobody, disconnectTimeout });
    bus.subscribe('news', { message: () => undefined, state: () => undefined });
    await new Promise((resolve) => { setTimeout(resolve, 300); });
    await bus.close();
    return;
  }
  const l2 = kind === 'asking' ? redis({ cluster: [{ ...nobody, port }], slotsRefreshInterval: 1 }) : kind === 'cluster' ? redis({ cluster: [nobody], disconnectTimeout }) : kind === 'sentinels' ? redis({ sentinels: [nobody], name: 'main', disconnectTimeout }) : redis({ ...nobody, disconnectTimeout });
  const cache = new NamedCache('closing', { l2, l1: false, ttl: '1m' });
  for (let turn = 0; turn < 10; turn += 1) {
    await cache.get('k');
    await new Promise((resolve) => { setTimeout(resolve, 30); });
  }
  await cache.close();
  await l2.close();
}

void main(process.argv[2] ?? '', Number(process.argv[3]));
