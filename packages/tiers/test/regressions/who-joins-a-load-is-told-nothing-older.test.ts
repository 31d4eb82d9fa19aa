import { randomUUID } from 'node:crypto';
import { sharedCacheServer, type CacheServerKind } from '@ormolu/test-support';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../src/backend/backend';
import { MemoryBackend } from '../../src/backend/memory-backend';
import { memcached } from '../../src/memcached';
import { NamedCache } from '../../src/named-cache/named-cache';
import { redis } from '../../src/redis';

/*
 * Whoever asks for a key that is being loaded or fetched waits for that. What another process had changed meanwhile, and been told that it is done, the first who asked need not know; he who asked behind it was told
 * the old value, too: of a slow loader, for as long as that took.
 */

const CONNECT: Readonly<Record<CacheServerKind, (url: string) => Backend>> = { redis: (url) => redis(url), memcached: (url) => memcached(url) };

let open: (NamedCache | Backend)[] = [];
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()));
  open = [];
});

async function two(make: () => Backend): Promise<readonly [NamedCache, NamedCache]> {
  const prefix = randomUUID();
  const [a, b] = [make(), make()].map((l2) => {
    const cache = new NamedCache('joined', { l2, prefix, l1: false, ttl: '10m', deadline: '5s' });
    open.push(cache, l2);
    return cache;
  });
  if (!a || !b) throw new Error('two were made');
  for (const cache of [a, b]) while (cache.stats().shared?.isUp !== true) await sleep(1);
  return [a, b];
}

describe.each(['redis', 'memcached'] as const)('%s', (kind) => {
  test.each(['deletes', 'sets', 'clears', 'takes out by its tag'] as const)('what another process %s while it is loaded here is not what those are told who ask behind it', async (how) => {
    const url = await sharedCacheServer(kind);
    const [here, there] = await two(() => CONNECT[kind](url));
    let truth = 'old';
    let loads = 0;
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    const load = async (): Promise<string> => {
      const read = truth;
      loads += 1;
      if (loads === 1) await held;
      return read;
    };
    const tagged = { tags: ['t'] };
    const early = here.getOrSet('k', load, tagged);
    while (loads === 0) await sleep(1);
    const beside = here.getOrSet('k', load, tagged);
    truth = 'new';
    if (how === 'deletes') await there.delete('k');
    else if (how === 'sets') await there.set('k', 'new');
    else if (how === 'clears') await there.clear();
    else await there.deleteByTag('t');
    const [late, many] = [here.getOrSet('k', load, tagged), here.getMany(['k'], async () => [['k', await load()]], tagged)];
    go();
    expect(await early).toBe('old');
    // He asked before, and need not know; he is told what is known.
    expect(['old', 'new']).toContain(await beside);
    expect([await late, [...(await many)]]).toEqual(['new', [['k', 'new']]]);
    expect(loads).toBe(how === 'sets' ? 1 : 2);
  });

  test('who asks behind a write of another process is not told that a load failed which had begun before it', async () => {
    const url = await sharedCacheServer(kind);
    const [here, there] = await two(() => CONNECT[kind](url));
    let loads = 0;
    let fail: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (fail = resolve));
    const load = async (): Promise<string> => {
      loads += 1;
      await held;
      throw new Error('the loader failed');
    };
    const early = here.getOrSet('k', load);
    while (loads === 0) await sleep(1);
    await there.set('k', 'new');
    const late = here.getOrSet('k', load);
    fail();
    await expect(early).rejects.toThrow('the loader failed');
    expect([await late, loads]).toEqual(['new', 1]);
  });

  test('of several keys whose load is too old for who asks, all are loaded anew in one call', async () => {
    const url = await sharedCacheServer(kind);
    const [here, there] = await two(() => CONNECT[kind](url));
    const keys = Array.from({ length: 50 }, (_, at) => `key:${String(at)}`);
    const calls: (readonly string[])[] = [];
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    const load = async (missing: readonly string[]): Promise<(readonly [string, number])[]> => {
      const call = calls.push(missing);
      if (call === 1) await held;
      return missing.map((key) => [key, call]);
    };
    const early = here.getMany(keys, load);
    while (calls.length === 0) await sleep(1);
    await there.clear();
    const misses = here.stats().shared?.misses;
    const late = here.getMany(keys, load);
    while (here.stats().shared?.misses === misses) await sleep(1);
    go();
    expect(new Set((await early).values())).toEqual(new Set([1]));
    expect(new Set((await late).values())).toEqual(new Set([2]));
    expect(calls.map(({ length }) => length)).toEqual([50, 50]);
  });
});

/** Holds an answer back after it was made. */
class HeldBack extends MemoryBackend {
  held: Promise<void> | undefined;

  override async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const found = await super.getMany(keys);
    await this.held;
    return found;
  }
}

test('an answer of the server that is on its way is not what those are told who ask behind a change', async () => {
  const backend = new HeldBack();
  const [here, there] = await two(() => backend);
  await here.set('k', 'old');
  let go: () => void = () => undefined;
  backend.held = new Promise<void>((resolve) => (go = resolve));
  const load = (): never => {
    throw new Error('it is there');
  };
  const early = here.getOrSet<string>('k', load);
  await sleep(5);
  backend.held = undefined;
  await there.set('k', 'new');
  const late = Promise.all([here.getOrSet<string>('k', load), here.getOrSet<string>('k', load)]);
  go();
  expect([await early, await late]).toEqual(['old', ['new', 'new']]);
});

test('who had looked before another loaded, and asks again when that is too old, does not go by what he saw then', async () => {
  const backend = new HeldBack();
  const [here, there] = await two(() => backend);
  let [seen, go]: [() => void, () => void] = [() => undefined, () => undefined];
  let loads = 0;
  const loading = new Promise<void>((resolve) => (go = resolve));
  const load = async (): Promise<string> => {
    loads += 1;
    const load = loads;
    if (load === 1) await loading;
    return `load ${String(load)}`;
  };
  backend.held = new Promise<void>((resolve) => (seen = resolve));
  const many = here.getMany(['k'], async () => [['k', await load()]]);
  await sleep(5);
  backend.held = undefined;
  const one = here.getOrSet('k', load);
  while (loads === 0) await sleep(1);
  // Now he learns that there was nothing, and of the mark that the cache had.
  seen();
  await sleep(5);
  await there.clear();
  await there.delete('k');
  go();
  expect([await one, [...(await many)]]).toEqual(['load 1', [['k', 'load 2']]]);
  // It was put in under the mark of now.
  expect([await there.getOrSet('k', load), loads]).toEqual(['load 2', 2]);
});

test('where nothing has changed, all who ask while it is loaded share one load and one question', async () => {
  const backend = new MemoryBackend();
  const [here] = await two(() => backend);
  let loads = 0;
  const load = async (): Promise<number> => {
    loads += 1;
    await sleep(20);
    return loads;
  };
  const asked: Promise<number>[] = [];
  for (let turn = 0; turn < 10; turn += 1) {
    asked.push(here.getOrSet('k', load));
    await sleep(1);
  }
  const { calls } = here.stats().shared ?? { calls: 0 };
  expect(new Set(await Promise.all(asked))).toEqual(new Set([1]));
  // The value was put where the lease stood; that nobody had emptied the cache was asked in the same moment.
  expect((here.stats().shared?.calls ?? 0) - calls).toBeLessThanOrEqual(2);
});
