import { sharedCacheServer } from '@ormolu/test-support';
import type { Backend } from '../../src/backend/backend';
import { memcached } from '../../src/memcached';
import { redis } from '../../src/redis';

/*
 * A process that was busy for five seconds took what it had not read for what had not been answered: it gave up a connection that was well, and with it all calls under way, at the next call.
 */

/** Nothing runs in this process meanwhile. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test.each<['redis' | 'memcached', (url: string) => Backend]>([['redis', (url) => redis(url)], ['memcached', (url) => memcached(url)]])('a connection to %s whose answer lies there unread is kept', async (kind, connect) => {
  const backend = connect(await sharedCacheServer(kind));
  const states: string[] = [];
  await new Promise<void>((resolve) => backend.onState((state) => {
    states.push(state);
    if (state === 'up') resolve();
  }));
  const before = Promise.all([backend.check(), backend.getMany(['nothing-is-here'])]);
  // It is sent by now.
  await new Promise<void>((resolve) => process.nextTick(resolve));
  standStill(5_200);
  const behind = Promise.all([backend.check(), backend.getMany(['nothing-is-here'])]);
  expect([(await before)[1], (await behind)[1], states]).toEqual([[undefined], [undefined], ['up']]);
  await backend.close();
}, 30_000);
