import { randomUUID } from 'node:crypto';
import { ManualClock } from '@ormolu/kernel';
import { ownCacheServer, sharedCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import type { Backend } from '../../src/backend/backend';
import { MemoryBackend } from '../../src/backend/memory-backend';
import { memcached } from '../../src/memcached';
import { NamedCache } from '../../src/named-cache/named-cache';
import type { NamedCacheOptions } from '../../src/named-cache/options';
import { redis } from '../../src/redis';

/** Counts the round trips of a backend, one by one as they are asked for; those to several servers side by side as one. */
function counted(backend: Backend): { readonly backend: Backend; readonly calls: string[] } {
  const calls: string[] = [];
  const told = new Map<string, number[]>();
  const note = (name: string, node: number): void => {
    const each = told.get(name) ?? [];
    const most = Math.max(0, ...each.map((count) => count || 0));
    each[node] = (each[node] ?? 0) + 1;
    if (each[node] > most) calls.push(name);
    told.set(name, each);
    setImmediate(() => told.clear());
  };
  const proxied = (of: Backend, node: number): Backend => new Proxy(of, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (name === 'nodes' && target.nodes) return target.nodes.map(proxied);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        if (['getMany', 'setMany', 'add', 'replace', 'deleteMany', 'touch'].includes(String(name))) note(String(name), node);
        return Reflect.apply(member, target, args);
      };
    },
  });
  return { backend: proxied(backend, 0), calls };
}

const servers: OwnCacheServer[] = [];
const made: (NamedCache | Backend)[] = [];
const memory = new MemoryBackend();
const BACKENDS: Readonly<Record<string, () => Promise<Backend>>> = {
  memory: () => Promise.resolve(memory),
  redis: async () => redis(await sharedCacheServer('redis')),
  memcached: async () => {
    if (servers.length === 0) servers.push(...(await Promise.all([ownCacheServer('memcached'), ownCacheServer('memcached')])));
    return memcached(servers.map(({ url }) => url));
  },
};

afterAll(async () => {
  await Promise.all(made.map((one) => one.close()));
  for (const server of servers) server.stop();
});

describe.each(Object.entries(BACKENDS))('two caches on one %s', (_, connect) => {
  const prefix = `two-${randomUUID()}`;
  let names = 0;

  /** Two caches of one name, each with a connection of its own, as two processes have them. */
  async function two(options: NamedCacheOptions = {}): Promise<{ a: NamedCache; b: NamedCache; calls: string[] }> {
    names += 1;
    const name = `cache-${String(names)}`;
    const [first, second] = [await connect(), await connect()];
    const { backend, calls } = counted(first);
    const common: NamedCacheOptions = { prefix, ttl: '1m', jitter: 0, deadline: '5s', l1: { ttl: '10s' }, ...options };
    const [a, b] = [new NamedCache(name, { ...common, l2: backend }), new NamedCache(name, { ...common, l2: second })];
    made.push(a, b, first, second);
    // The first question to a server meets no mark, and makes one.
    const nothing = Array.from({ length: 20 }, (_none, at) => `nothing ${String(at)}`);
    await a.getMany(nothing);
    await b.getMany(nothing);
    calls.length = 0;
    return { a, b, calls };
  }

  test('what one puts in, the other gets, with all that is in it', async () => {
    const { a, b } = await two();
    const value = { when: new Date(7), amount: 12345678901234567890n, picture: Uint8Array.from([1, 2, 255]), list: [1, null, undefined], nan: Number.NaN };
    await a.set('k', value);
    const got = await b.get<typeof value>('k');
    expect({ ...got, picture: [...(got?.picture ?? [])] }).toEqual({ ...value, picture: [1, 2, 255] });
    expect(b.stats()).toMatchObject({ hits: 1, shared: { isUp: true, failures: 0, hits: 1 } });
  });

  test.each(['json', 'msgpack', 'v8'] as const)('what was written as %s is read by all, compressed too', async (serializer) => {
    const { a, b } = await two({ serializer, compress: { above: 50 } });
    await a.set('k', { text: 'x'.repeat(5_000), at: new Date(1) });
    expect(await b.get('k')).toEqual({ text: 'x'.repeat(5_000), at: new Date(1) });
  });

  test('how many bytes of values went to the server and came from it is counted, each time', async () => {
    const { a, b } = await two({ l1: false });
    const traffic = (cache: NamedCache): readonly number[] => [cache.stats().shared?.sentBytes ?? 0, cache.stats().shared?.receivedBytes ?? 0];
    const [atA, atB] = [traffic(a), traffic(b)];
    await a.set('k', 'x'.repeat(5_000));
    await b.get('k');
    await b.get('k');
    const [sent, received] = [traffic(a)[0] ?? 0, traffic(b)[1] ?? 0].map((bytes, at) => bytes - ([atA[0], atB[1]][at] ?? 0)) as [number, number]; // of two
    // Entries have a head, and the cache's mark travels with each answer.
    for (const [bytes, times] of [[sent, 1], [received, 2]] as const) {
      expect(bytes).toBeGreaterThan(times * 5_000);
      expect(bytes).toBeLessThan(times * 5_100);
    }
    expect(traffic(b)[0]).toBe(atB[0]);
  });

  test('a hundred keys are one round trip, and what is missing of them one loader call', async () => {
    const { a, b, calls } = await two();
    const keys = Array.from({ length: 100 }, (_none, at) => `k${String(at)}`);
    await a.setMany(keys.slice(0, 60).map((key) => [key, key]));
    expect(calls.sort()).toEqual(['getMany', 'setMany']);
    const asked: (readonly string[])[] = [];
    const load = (missing: readonly string[]): readonly (readonly [string, string])[] => {
      asked.push(missing);
      return missing.slice(0, 30).map((key) => [key, key]);
    };
    const found = await b.getMany<string>(keys, load);
    expect(asked).toEqual([keys.slice(60)]);
    expect([...found.keys()].sort()).toEqual(keys.slice(0, 90).sort());
    calls.length = 0;
    expect((await a.getMany(keys)).size).toBe(90);
    expect(calls).toEqual(['getMany']);
  });

  test('what is asked in one tick is asked together', async () => {
    const { a, b, calls } = await two();
    await b.setMany(Array.from({ length: 64 }, (_none, at) => [`k${String(at)}`, at]));
    const got = await Promise.all(Array.from({ length: 64 }, (_none, at) => a.get(`k${String(at)}`)));
    expect(got).toEqual(Array.from({ length: 64 }, (_none, at) => at));
    expect(calls).toEqual(['getMany']);
  });

  test('the marks of tags travel with the question, once it is known which tags such keys have', async () => {
    const { a, b, calls } = await two({ l1: false });
    await b.set('city:1', 1, { tags: ['europe', 'cities'] });
    await b.set('city:2', 2, { tags: ['europe', 'cities'] });
    expect(await a.get('city:1')).toBe(1);
    expect(calls).toEqual(['getMany', 'getMany']);
    calls.length = 0;
    expect(await a.get('city:1')).toBe(1);
    expect(calls).toEqual(['getMany']);
    // One that was never seen before, of the same kind.
    expect(await a.get('city:2')).toBe(2);
    expect((await a.getMany(['city:1', 'city:2'])).size).toBe(2);
    expect(calls).toEqual(['getMany', 'getMany', 'getMany']);
    // It has other tags by now, which cost a look of their own.
    await b.set('city:1', 3, { tags: ['asia'] });
    calls.length = 0;
    expect(await a.get('city:1')).toBe(3);
    expect(calls).toEqual(['getMany', 'getMany']);
    await b.deleteByTag('asia');
    await b.deleteByTag('cities');
    expect(await a.get('city:1')).toBeUndefined();
    expect(await a.get('city:2')).toBeUndefined();
    expect((await a.getMany(['city:1', 'city:2'])).size).toBe(0);
  });

  test('what one deletes, empties, or takes out by tag or pattern, is gone for the other', async () => {
    const { a, b } = await two({ l1: false });
    const fill = async (): Promise<void> => {
      await a.setMany([['city:1', 1], ['city:2', 2]], { tags: ['europe'] });
      await a.setMany([['country:1', 3]]);
    };
    const left = async (): Promise<string[]> => [...(await b.getMany(['city:1', 'city:2', 'country:1'])).keys()];
    await fill();
    expect(await left()).toEqual(['city:1', 'city:2', 'country:1']);
    expect(await b.delete('city:1')).toBe(true);
    expect(await a.get('city:1')).toBeUndefined();
    await fill();
    await b.deleteByTag('europe');
    expect(await left()).toEqual(['country:1']);
    await fill();
    expect(await left()).toEqual(['city:1', 'city:2', 'country:1']);
    await b.deleteByPattern('city:*');
    expect((await left()).filter((key) => key.startsWith('city'))).toEqual([]);
    await fill();
    await b.clear();
    expect(await left()).toEqual([]);
    await fill();
    expect(await left()).toEqual(['city:1', 'city:2', 'country:1']);
    await a.set('city:1', undefined);
    expect(await b.get('city:1')).toBeUndefined();
  });

  test('what the other has deleted does not stand in for a loader that fails; what is merely old does until its grace is over', async () => {
    const clock = new ManualClock();
    const { a, b } = await two({ ttl: '1h', grace: '1h', l1: { ttl: '10s' }, lease: '1s', clock, calendar: clock });
    const atB = (key: string): Promise<unknown> => b.getOrSet(key, () => Promise.reject(new Error('down')));
    await a.setMany([['deleted', 1], ['old', 2]]);
    expect([...(await b.getMany(['deleted', 'old'])).values()]).toEqual([1, 2]);
    await a.delete('deleted');
    expect(await b.get('deleted')).toBe(1);
    clock.advance(10_000);
    await expect(atB('deleted')).rejects.toThrow('down');
    // Its grace begins with the end of its own ttl, though it has not served in memory since.
    clock.advance(2 * 3_600_000 - 10_001);
    expect(await atB('old')).toBe(2);
    clock.advance(1);
    await expect(atB('old')).rejects.toThrow();
  });

  test('keys that differ only in halves of surrogate pairs are several', async () => {
    const { a, b } = await two({ l1: false });
    const keys = ['q\ud800', 'q\ud801', 'q\ufffd', 'q\ufffdd800'];
    await a.setMany(keys.map((key, at) => [key, at]));
    expect([...(await b.getMany(keys))]).toEqual(keys.map((key, at) => [key, at]));
    await a.deleteByPattern('q\ud800*');
    expect(await b.get('q\ud800')).toBeUndefined();
  });

  test('a pattern takes out keys of any length', async () => {
    const { a, b } = await two({ l1: false });
    const long = `x:${'k'.repeat(70_000)}`;
    await a.set(long, 1);
    expect(await b.get(long)).toBe(1);
    await a.deleteByPattern('x:*');
    expect(await b.get(long)).toBeUndefined();
  });

  test('a key of any length and with any character is a key', async () => {
    const { a, b } = await two();
    const keys = ['a b', 'é'.repeat(300), `${'k'.repeat(400)}1`, `${'k'.repeat(400)}2`, '\n\0'];
    await a.setMany(keys.map((key, at) => [key, at]));
    expect([...(await b.getMany(keys))]).toEqual(keys.map((key, at) => [key, at]));
  });

  test('one load for all who ask in both; nothing found is remembered; a failure is everybody\'s for a lease', async () => {
    const { a, b } = await two({ lease: '300ms' });
    let loads = 0;
    const load = async (): Promise<string> => {
      loads += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return 'loaded';
    };
    expect(new Set(await Promise.all([a, b, a, b].map((cache) => cache.getOrSet('k', load))))).toEqual(new Set(['loaded']));
    expect(loads).toBe(1);
    let looks = 0;
    const nothing = (): undefined => {
      looks += 1;
      return undefined;
    };
    const noneFound = await a.getOrSet<unknown>('none', nothing);
    expect([noneFound, await b.getOrSet<unknown>('none', nothing)]).toEqual([undefined, undefined]);
    expect(looks).toBe(1);
    let failures = 0;
    const fails = (): Promise<never> => {
      failures += 1;
      return Promise.reject(new Error('no'));
    };
    const outcomes = await Promise.allSettled([a.getOrSet('f', fails), b.getOrSet('f', fails)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(a.getOrSet('f', fails)).rejects.toMatchObject({ code: 'TIER_LOAD_FAILED', details: { reason: 'no' } });
    expect(failures).toBe(1);
  });

  test('a load that takes longer than its lease keeps it', async () => {
    const { a, b } = await two({ lease: '150ms' });
    let loads = 0;
    const load = async (): Promise<number> => {
      loads += 1;
      await new Promise((resolve) => setTimeout(resolve, 700));
      return loads;
    };
    expect(await Promise.all([a.getOrSet('slow', load), b.getOrSet('slow', load)])).toEqual([1, 1]);
  });

  test('what one deletes while the other loads it stays so', async () => {
    const { a, b } = await two();
    for (const how of [async (): Promise<unknown> => b.delete('k'), async (): Promise<unknown> => b.clear(), (): Promise<unknown> => b.deleteByPattern('k*'), (): Promise<unknown> => b.deleteByTag('t')]) {
      expect(await a.getOrSet('k', async () => {
        await how();
        return 'old';
      }, { tags: ['t'] })).toBe('old');
      expect(await b.get('k')).toBeUndefined();
      await a.clear();
    }
    await a.getOrSet('k', async () => {
      await b.set('k', 'new');
      return 'old';
    });
    expect([await a.get('k'), await b.get('k')]).toEqual(['new', 'new']);
  });

  test('what is too large or no data stays here, is counted, and leaves nothing old there', async () => {
    const { a, b } = await two({ maxSharedBytes: 1_000 });
    await a.setMany([['large', 'small'], ['odd', 'even']]);
    await a.set('large', 'x'.repeat(2_000));
    await a.set('odd', { f: () => 1 });
    expect([await b.get('large'), await b.get('odd')]).toEqual([undefined, undefined]);
    expect(await a.get('large')).toBe('x'.repeat(2_000));
    expect(a.stats().shared).toMatchObject({ tooLarge: 1, noData: 1 });
  });

  test('too many tags, or too long ones, keep an entry here, are counted, and leave nothing old there', async () => {
    const { a, b } = await two();
    for (const [at, tags] of [Array.from({ length: 256 }, (_none, tag) => `t${String(tag)}`), ['y'.repeat(65_536)]].entries()) {
      expect(await a.getOrSet(`loaded${String(at)}`, () => 7, { tags })).toBe(7);
      expect(await b.getOrSet(`loaded${String(at)}`, () => 8)).toBe(8);
      await a.set(`set${String(at)}`, 'old');
      await a.set(`set${String(at)}`, 'new', { tags });
      expect([await a.get(`set${String(at)}`), await b.get(`set${String(at)}`)]).toEqual(['new', undefined]);
    }
    expect(a.stats().shared?.tooLarge).toBe(4);
    expect(a.stats()).toMatchObject({ loadFailures: 0 });
    await a.set('most', 1, { tags: [...Array.from({ length: 254 }, (_none, tag) => `t${String(tag)}`), 'y'.repeat(65_535)] });
    expect(await b.get('most')).toBe(1);
  });

  test('of a key that is set twice at once, the last counts, here and there', async () => {
    const { a, b } = await two();
    await a.setMany([['gone', 1], ['gone', undefined], ['there', undefined], ['there', 2]], { tags: ['t'] });
    const both = async (cache: NamedCache): Promise<unknown> => [await cache.get('gone'), await cache.get('there')];
    expect([await both(a), await both(b)]).toEqual([[undefined, 2], [undefined, 2]]);
  });

  test('an entry is no older in the second process than in the first', async () => {
    const { a, b } = await two();
    await a.set('k', 1, { ttl: 300 });
    expect(await b.get('k')).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 310));
    expect([await a.get('k'), await b.get('k')]).toEqual([undefined, undefined]);
  });
});
