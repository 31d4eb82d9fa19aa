import { ownCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import type { Backend } from '../../src/backend/backend';
import { NamedCache } from '../../src/named-cache/named-cache';
import { redis } from '../../src/redis';

let server: OwnCacheServer;
const open: (NamedCache | Backend)[] = [];
beforeAll(async () => {
  server = await ownCacheServer('redis');
});
afterAll(async () => {
  await Promise.all(open.map((one) => one.close()));
  server.stop();
});

const CACHES: Readonly<Record<string, () => NamedCache>> = {
  'in memory alone': () => new NamedCache('cycles', { maxEntries: 100 }),
  'with a server': () => {
    const l2 = redis(server.url);
    const cache = new NamedCache('cycles', { l2, l1: false, prefix: `p${String(open.length)}`, deadline: '5s' });
    open.push(cache, l2);
    return cache;
  },
};
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

const CYCLE = { code: 'TIER_LOAD_CYCLE' };

describe.each(Object.entries(CACHES))('%s', (where, make) => {
  test('a loader that asks for its own key is refused', async () => {
    const cache = make();
    await expect(cache.getOrSet('a', () => cache.getOrSet('a', () => 1))).rejects.toMatchObject(CYCLE);
    await expect(cache.getMany(['b', 'c'], async (keys) => [...(await cache.getMany(keys, () => []))])).rejects.toMatchObject(CYCLE);
  });

  test('also by way of other keys, another cache, and whatever is waited for in between', async () => {
    const [cache, other] = [make(), make()];
    await expect(cache.getOrSet('a', async () => {
      await new Promise(setImmediate);
      return other.getOrSet('b', () => cache.getMany(['c', 'd'], async () => [['c', await cache.getOrSet('a', () => 1)]]));
    })).rejects.toMatchObject(CYCLE);
  });

  test('also by what a loader began that has ended since, as long as another waits for it', async () => {
    const cache = make();
    const outer = cache.getOrSet('outer', async () => {
      let left: Promise<unknown> | undefined;
      await cache.getOrSet('inner', () => {
        left = new Promise((resolve) => setTimeout(resolve, 20)).then(() => cache.getOrSet('outer', () => 1));
        return 1;
      });
      return left;
    });
    await expect(outer).rejects.toMatchObject(CYCLE);
  });

  test('also where its loads take longer than what they bring may be old', async () => {
    const cache = make();
    const slow = async (): Promise<unknown> => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return cache.getOrSet('slow', slow, { ttl: 1 });
    };
    await expect(cache.getOrSet('slow', slow, { ttl: 1 })).rejects.toMatchObject(CYCLE);
  });

  test('also who waits until one of two slow loads of a key ends, when both ask for what he loads', async () => {
    const cache = make();
    let go: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const slow = (): Promise<unknown> => cache.getOrSet('slow', async () => {
      await gate;
      return cache.getOrSet('asks', () => 1);
    }, { ttl: 1 });
    const two: Promise<unknown>[] = [];
    for (let left = 2; left > 0; left -= 1) {
      two.push(slow());
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const asks = cache.getOrSet('asks', () => cache.getOrSet('slow', () => 'in the end', { ttl: 1 }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    go();
    const [outcomes] = await Promise.all([Promise.allSettled(two), asks.catch(() => undefined)]);
    expect(outcomes).toContainEqual(expect.objectContaining({ status: 'rejected', reason: expect.objectContaining(CYCLE) }));
  });

  test.each(['deletes', 'writes'])('one that %s its own key may ask for it once, and not for ever', async (how) => {
    const cache = make();
    let runs = 0;
    const load = async (): Promise<unknown> => {
      runs += 1;
      if (runs > 20) throw new Error('for ever');
      if (how === 'deletes') await cache.delete('k');
      else await cache.set('k', undefined);
      return cache.getOrSet('k', load);
    };
    await expect(cache.getOrSet('k', load)).rejects.toMatchObject(CYCLE);
    expect(runs).toBe(2);
    expect(await cache.getOrSet('l', async () => {
      await cache.delete('l');
      return cache.getOrSet('l', () => 'anew');
    })).toBe('anew');
  });

  test.each([['young enough', 10_000], ['too old, too', 1]])('who asks for a key that is loaded twice is refused only where both of its loads wait for him; the second is %s', async (_, ttl) => {
    const cache = make();
    const [first, second] = [gate(), gate()];
    let runs = 0;
    const load = async (): Promise<unknown> => {
      runs += 1;
      if (runs > 1) {
        await second.opened;
        return `run ${String(runs)}`;
      }
      await first.opened;
      return cache.getOrSet('x', async () => ['x', await cache.getOrSet('k', load, { ttl })]);
    };
    const slow = cache.getOrSet('k', load, { ttl: 1 });
    await new Promise((resolve) => setTimeout(resolve, 10));
    const fast = cache.getOrSet('k', load, { ttl: 1 });
    await new Promise((resolve) => setTimeout(resolve, 10));
    const outcomes = Promise.allSettled([slow, fast]);
    first.open();
    await new Promise((resolve) => setTimeout(resolve, 20));
    second.open();
    const [ofSlow, ofFast] = await outcomes;
    // The second waits for the lease of the first, where there are leases: it would be a minute.
    if (where === 'with a server') expect(ofSlow).toMatchObject({ status: 'rejected', reason: CYCLE });
    else expect([ofFast, ofSlow]).toEqual([{ status: 'fulfilled', value: 'run 2' }, { status: 'fulfilled', value: ['x', expect.stringMatching(/^run [23]$/)] }]);
  });

  test('of two loads that wait for each other, one is refused', async () => {
    const cache = make();
    const began: (() => void)[] = [];
    const both = new Promise<void>((resolve) => began.push(resolve));
    const cross = (own: string, other: string): Promise<number> => cache.getOrSet(own, async () => {
      if (own === 'a') await both;
      else began[0]?.();
      // One more in between.
      return cache.getOrSet(`by ${own}`, () => cache.getOrSet(other, () => 1));
    });
    const outcomes = await Promise.allSettled([cross('a', 'b'), cross('b', 'a')]);
    expect(outcomes).toContainEqual(expect.objectContaining({ status: 'rejected', reason: expect.objectContaining(CYCLE) }));
  });

  test('whoever asks for what others load, or has loaded before, is not', async () => {
    const cache = make();
    const rate = (of: string): Promise<number> => cache.getOrSet(of, async () => (of === 'c' ? 1 : 1 + (await rate(of === 'a' ? 'b' : 'c'))));
    expect(await Promise.all([rate('a'), rate('b'), rate('c'), rate('a')])).toEqual([3, 2, 1, 3]);
    // What the loader began and nobody waited for goes on when it has ended.
    let later: Promise<unknown> | undefined;
    await cache.getOrSet('x', () => {
      later = new Promise((resolve) => setTimeout(resolve, 20)).then(async () => {
        await cache.delete('x');
        return cache.getOrSet('x', () => 'anew');
      });
      return 'first';
    });
    expect(await later).toBe('anew');
  });
});
