import { randomUUID } from 'node:crypto';
import { sharedCacheServer, type CacheServerKind } from '@ormolu/test-support';
import { Redis } from 'ioredis';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../src/backend/backend';
import { memcached } from '../../src/memcached';
import { NamedCache } from '../../src/named-cache/named-cache';
import type { NamedCacheOptions } from '../../src/named-cache/options';
import { redis } from '../../src/redis';

const CONNECT: Readonly<Record<CacheServerKind, (url: string) => Backend>> = { redis: (url) => redis(url), memcached: (url) => memcached(url) };
const KINDS = ['redis', 'memcached'] as const;
const PROCESSES = 8;

let open: (NamedCache | Backend)[] = [];
afterEach(async () => {
  await Promise.all(open.map((one) => one.close()));
  open = [];
});

/** One and the same cache, as each of several processes has it. */
async function everywhere(kind: CacheServerKind, options: NamedCacheOptions): Promise<readonly NamedCache[]> {
  const url = await sharedCacheServer(kind);
  const prefix = randomUUID();
  const caches = Array.from({ length: PROCESSES }, () => {
    const l2 = CONNECT[kind](url);
    const cache = new NamedCache('eight', { l2, prefix, ttl: '10m', deadline: '10s', lease: '1m', ...options });
    open.push(cache, l2);
    return cache;
  });
  for (const cache of caches) while (cache.stats().shared?.isUp !== true) await sleep(1);
  return caches;
}

/** Nothing runs in this process meanwhile, as on a machine that is busy, or while memory is collected. */
function standStill(ms: number): void {
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe.each(KINDS)('%s', (kind) => {
  test.each<[string, NamedCacheOptions, unknown, number]>([
    ['is too large', { maxSharedBytes: 100 }, 'x'.repeat(1_000), 0],
    ['is nothing, which is not to be remembered', { negativeTtl: 0 }, undefined, 0],
    // Memcached counts seconds.
    ['is too large for those who stand still while the first has it', { maxSharedBytes: 100 }, 'x'.repeat(1_000), 2_500],
  ])('what %s is loaded by each who waits for it, beside each other', async (_, options, value, stillMs) => {
    const caches = await everywhere(kind, { l1: false, ...options });
    let loads = 0;
    let [first, all]: [() => void, () => void] = [() => undefined, () => undefined];
    const [firstHeld, allHeld] = [new Promise<void>((resolve) => (first = resolve)), new Promise<void>((resolve) => (all = resolve))];
    const asked = caches.map((cache) => cache.getOrSet('k', async () => {
      loads += 1;
      await (loads === 1 ? firstHeld : allHeld);
      return value;
    }));
    // Each has seen that another loads it.
    while (caches.filter((cache) => (cache.stats().shared?.misses ?? 0) > 1).length < PROCESSES - 1) await sleep(1);
    first();
    await Promise.race(asked);
    standStill(stillMs);
    for (let looks = 0; looks < 4_000 && loads < PROCESSES; looks += 1) await sleep(5);
    const beside = loads;
    all();
    expect(new Set(await Promise.all(asked))).toEqual(new Set([value]));
    expect([beside, loads]).toEqual([PROCESSES, PROCESSES]);
  });

  test.each([[undefined, 1], ['1m', 1], [0, 2]] as const)('that there is nothing is remembered by all for negativeTtl %s', async (negativeTtl, wanted) => {
    const [one, other] = await everywhere(kind, { l1: false, negativeTtl });
    let loads = 0;
    const load = (): undefined => {
      loads += 1;
      return undefined;
    };
    await one?.getOrSet<unknown>('k', load);
    await other?.getOrSet<unknown>('k', load);
    expect(loads).toBe(wanted);
  });

  test('what all are to refresh early is loaded once, and all have it', async () => {
    let nowMs = 1_000_000;
    const clock = { now: (): number => nowMs };
    const caches = await everywhere(kind, { ttl: '10m', jitter: 0, earlyRefresh: 0.5, l1: { ttl: 0 }, clock, calendar: clock });
    let loads = 0;
    const load = async (): Promise<number> => {
      loads += 1;
      const load = loads;
      await sleep(20);
      return load;
    };
    for (const cache of caches) expect(await cache.getOrSet('k', load)).toBe(1);
    nowMs += 6 * 60_000;
    expect(await Promise.all(caches.map((cache) => cache.getOrSet('k', load)))).toEqual(caches.map(() => 1));
    // Who does not refresh it goes on with what he has; asked once more, he takes what another has loaded.
    for (const cache of caches) while ((await cache.getOrSet('k', load)) === 1) await sleep(5);
    expect(loads).toBe(2);
  });
});

/** In how many minutes each entry of a cache expires there. */
const MINUTES: Readonly<Record<CacheServerKind, (url: string, prefix: string, keys: readonly string[]) => Promise<readonly number[]>>> = {
  redis: async (url, prefix, keys) => {
    const admin = new Redis(url);
    const left = await Promise.all(keys.map((key) => admin.pttl(`${prefix}:jitter:k:${key}`)));
    admin.disconnect();
    return left.map((ms) => Math.ceil(ms / 60_000));
  },
  memcached: async (url, prefix, keys) => {
    const [host = '', port = ''] = url.split(':');
    const socket = connect(Number(port), host);
    socket.write(`${keys.map((key) => `mg ${prefix}:jitter:k:${key} t\r\n`).join('')}quit\r\n`);
    let said = '';
    for await (const part of socket) said += String(part);
    return [...said.matchAll(/HD t(\d+)/g)].map(([, seconds]) => Math.ceil(Number(seconds) / 60));
  },
};

test.each(KINDS)('entries that are stored together do not expire together on %s', async (kind) => {
  const url = await sharedCacheServer(kind);
  const [l2, prefix] = [CONNECT[kind](url), randomUUID()];
  let turn = 0;
  const cache = new NamedCache('jitter', { l2, prefix, l1: false, ttl: '100m', jitter: 0.5, deadline: '10s', random: () => (turn += 1) / 100 });
  open.push(cache, l2);
  while (cache.stats().shared?.isUp !== true) await sleep(1);
  const set = Array.from({ length: 50 }, (_, at) => `set:${String(at)}`);
  const loaded = Array.from({ length: 49 }, (_, at) => `loaded:${String(at)}`);
  await cache.setMany(set.map((key, at) => [key, at]));
  await cache.getMany(loaded, (missing) => missing.map((key) => [key, 1]));
  const minutes = await MINUTES[kind](url, prefix, [...set, ...loaded]);
  expect(minutes.length).toBe(99);
  // Each of another length between half and all of the ttl: one that was written is read a moment later. Memcached counts seconds, and is told of one more.
  expect([Math.min(...minutes) >= 50, Math.max(...minutes) <= 101, new Set(minutes).size >= 45]).toEqual([true, true, true]);
});
