import { ownCacheServer } from '@ormolu/test-support';
import { randomUUID } from 'node:crypto';
import { memcached } from '../../src/memcached';
import { NamedCache } from '../../src/named-cache/named-cache';
import { redis } from '../../src/redis';

const MOST_TURNS = 300_000;

test.each(['redis', 'memcached'] as const)('a loop that awaits nothing but its cache sees %s come back', async (kind) => {
  const own = await ownCacheServer(kind);
  const l2 = kind === 'redis' ? redis(own.url) : memcached([own.url]);
  const cache = new NamedCache('asked', { l2, l1: false, ttl: '1m', prefix: randomUUID() });
  let back: NodeJS.Timeout | undefined;
  try {
    await cache.set('k', 1);
    own.signal('SIGSTOP');
    // A timer of this very process: refusals alone would never let it come.
    back = setTimeout(() => { own.signal('SIGCONT'); }, 200);
    let turns = 0;
    do {
      turns += 1;
      await cache.set('k', turns);
    } while ((await cache.get('k')) !== turns && turns < MOST_TURNS);
    while (cache.stats().shared?.isUp === false && turns < MOST_TURNS) {
      turns += 1;
      await cache.get('k');
    }
    expect([cache.stats().shared?.isUp, turns < MOST_TURNS]).toEqual([true, true]);
  } finally {
    clearTimeout(back);
    own.signal('SIGCONT');
    await cache.close();
    await l2.close();
    own.stop();
  }
}, 60_000);
