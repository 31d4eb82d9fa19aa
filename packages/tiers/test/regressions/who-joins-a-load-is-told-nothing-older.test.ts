import { randomUUID } from 'node:crypto';
import { sharedCacheServer, type CacheServerKind } from '@ormolu/test-support';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../src/backend/backend';
import { MemoryBackend } from '../../src/backend/memory-backend';
import { memcached } from '../../src/memcached';
import { NamedCache } from '../../src/named-cache/named-cache';
import type { NamedCacheOptions } from '../../src/named-cache/options';
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

async function two(make: () => Backend, options: NamedCacheOptions = {}): Promise<readonly [NamedCache, NamedCache]> {
  const prefix = randomUUID();
  const [a, b] = [make(), make()].map((l2) => {
    const cache = new NamedCache('joined', { l2, prefix, l1: false, ttl: '10m', deadline: '10s', ...options });
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

  test.each(['gives a value', 'fails'] as const)('nor of a load that %s of what another process had loaded before and had not kept', async (outcome) => {
    const url = await sharedCacheServer(kind);
    const [here, there] = await two(() => CONNECT[kind](url), { maxSharedBytes: 100 });
    const large = (what: string): string => what.repeat(50);
    let truth = large('old');
    let [first, second]: [() => void, () => void] = [() => undefined, () => undefined];
    const [firstHeld, secondHeld] = [new Promise<void>((resolve) => (first = resolve)), new Promise<void>((resolve) => (second = resolve))];
    let loads = 0;
    const other = there.getOrSet('k', async () => {
      loads += 1;
      await firstHeld;
      return large('old');
    });
    while (loads === 0) await sleep(1);
    const load = async (): Promise<string> => {
      const [read, load] = [truth, loads += 1];
      if (load === 2) await secondHeld;
      if (load === 2 && outcome === 'fails') throw new Error('the loader failed');
      return read;
    };
    const { misses } = here.stats().shared ?? { misses: 0 };
    const early = here.getOrSet('k', load).catch((error: unknown) => error);
    // He waits for the other, and then loads what was not kept.
    while (here.stats().shared?.misses === misses) await sleep(1);
    first();
    expect(await other).toBe(large('old'));
    while (loads === 1) await sleep(1);
    truth = large('new');
    await there.delete('k');
    const late = here.getOrSet('k', load);
    second();
    expect(await early).toEqual(outcome === 'fails' ? new Error('the loader failed') : large('old'));
    expect([await late, loads]).toEqual([large('new'), 3]);
  });

  test('of several keys whose load is too old for who asks, all are loaded anew in few calls', async () => {
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
    const told = [...(await late).values()];
    expect([told.length, told.filter((value) => value < 2)]).toEqual([50, []]);
    // Whose lease is still being given back when it is asked for comes in a call behind: none comes in one of its own.
    expect(calls.reduce((sum, { length }) => sum + length, 0)).toBe(100);
    expect(calls.length).toBeLessThanOrEqual(4);
  });
});

/** Holds an answer back after it was made. */
class HeldBack extends MemoryBackend {
  held: Promise<void> | undefined;
  /** How many answers are held back, or were. */
  count = 0;

  override async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const { held } = this;
    const found = await super.getMany(keys);
    if (held) {
      this.count += 1;
      await held;
    }
    return found;
  }
}

/** Makes the next answer wait until it is let go. */
function holdBack(backend: HeldBack): { readonly isHeld: () => Promise<void>; readonly letGo: () => void } {
  let letGo: () => void = () => undefined;
  const { count } = backend;
  backend.held = new Promise<void>((resolve) => (letGo = resolve));
  const isHeld = async (): Promise<void> => {
    while (backend.count === count) await sleep(1);
    backend.held = undefined;
  };
  return { isHeld, letGo };
}

/** The put during which a change comes: the one that puts something in where the lease stands. */
class SlowPuts extends MemoryBackend {
  putHeld: Promise<void> | undefined;
  isPut = false;

  override async replace(...given: Parameters<MemoryBackend['replace']>): Promise<boolean> {
    const { putHeld } = this;
    const is = await super.replace(...given);
    this.isPut ||= putHeld !== undefined;
    await putHeld;
    return is;
  }
}

test('who asks behind a change that came while it was said that what was loaded is not kept is not told that', async () => {
  const backend = new SlowPuts();
  const [here, there] = await two(() => backend, { maxSharedBytes: 100 });
  let [truth, loads] = ['old'.repeat(50), 0];
  const load = async (): Promise<string> => {
    loads += 1;
    return Promise.resolve(truth);
  };
  let letGo: () => void = () => undefined;
  backend.putHeld = new Promise<void>((resolve) => (letGo = resolve));
  const early = here.getOrSet('k', load);
  while (!backend.isPut) await sleep(1);
  backend.putHeld = undefined;
  truth = 'new';
  await there.delete('k');
  const late = here.getOrSet('k', load);
  letGo();
  expect([await early, await late, loads]).toEqual(['old'.repeat(50), 'new', 2]);
});

test('an answer of the server that is on its way is not what those are told who ask behind a change', async () => {
  const backend = new HeldBack();
  const [here, there] = await two(() => backend);
  await here.set('k', 'old');
  const { isHeld, letGo } = holdBack(backend);
  const load = (): never => {
    throw new Error('it is there');
  };
  const early = here.getOrSet<string>('k', load);
  await isHeld();
  await there.set('k', 'new');
  const late = Promise.all([here.getOrSet<string>('k', load), here.getOrSet<string>('k', load)]);
  letGo();
  expect([await early, await late]).toEqual(['old', ['new', 'new']]);
});

test('who had looked before another loaded, and asks again when that is too old, does not go by what he saw then', async () => {
  const backend = new HeldBack();
  const [here, there] = await two(() => backend);
  let go: () => void = () => undefined;
  let loads = 0;
  const loading = new Promise<void>((resolve) => (go = resolve));
  const load = async (): Promise<string> => {
    loads += 1;
    const load = loads;
    if (load === 1) await loading;
    return `load ${String(load)}`;
  };
  const { isHeld, letGo: seen } = holdBack(backend);
  const many = here.getMany(['k'], async () => [['k', await load()]]);
  await isHeld();
  const one = here.getOrSet('k', load);
  while (loads === 0) await sleep(1);
  // Now he learns that there was nothing, and of the mark that the cache had.
  const { misses } = here.stats().shared ?? { misses: 0 };
  seen();
  while (here.stats().shared?.misses === misses) await sleep(1);
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
