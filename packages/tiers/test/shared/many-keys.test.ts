import { randomUUID } from 'node:crypto';
import { lawRuns, ownCacheServer, type CacheServerKind, type OwnCacheServer } from '@ormolu/test-support';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../src/backend/backend';
import { memcached } from '../../src/memcached';
import { NamedCache } from '../../src/named-cache/named-cache';
import type { NamedCacheOptions } from '../../src/named-cache/options';
import { redis } from '../../src/redis';

const KINDS = ['redis', 'memcached'] as const;
const CONNECT: Readonly<Record<CacheServerKind, (url: string) => Backend>> = { redis: (url) => redis(url), memcached: (url) => memcached(url, { maxItemBytes: 16_777_216 }) };
const ARGS: Readonly<Record<CacheServerKind, readonly string[]>> = { redis: [], memcached: ['-I', '16m', '-m', '512'] };

/** Of what may fail because the server stands still: the pauses between them make a minute. */
const ROUNDS = 7;

/** `ORMOLU_LAW_RUNS=1000` makes it a hundred thousand. */
const MANY = lawRuns(10_000);

let servers: Readonly<Record<CacheServerKind, OwnCacheServer>>;
let open: (NamedCache | Backend)[] = [];

beforeAll(async () => {
  const [first, second] = await Promise.all(KINDS.map((kind) => ownCacheServer(kind, { args: ARGS[kind] })));
  servers = { redis: first, memcached: second } as typeof servers; // as many as there are kinds
});
beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  for (const server of Object.values(servers)) server.signal('SIGCONT');
  await Promise.all(open.map((one) => one.close()));
  open = [];
});
afterAll(() => {
  for (const server of Object.values(servers)) server.stop();
});

/** A cache at default options, but for what is given, whose server has answered. */
async function connected(kind: CacheServerKind, prefix: string, options: NamedCacheOptions = {}): Promise<NamedCache> {
  const l2 = CONNECT[kind](servers[kind].url);
  const cache = new NamedCache('many', { l2, prefix, ttl: '10m', l1: false, ...options });
  open.push(cache, l2);
  while (cache.stats().shared?.isUp !== true) await sleep(5);
  return cache;
}

const keysOf = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `key:${String(at)}`);

describe.each(KINDS)('%s', (kind) => {
  test.each([10, 250, 251, MANY])('%i keys at once are set, found, and deleted, and that is nobody\'s failure', async (count) => {
    const prefix = randomUUID();
    const [a, b] = [await connected(kind, prefix), await connected(kind, prefix)];
    const keys = keysOf(count);
    await a.setMany(keys.map((key, at) => [key, at]));
    const found = await b.getMany<number>(keys);
    expect(found.size).toBe(count);
    expect(keys.every((key, at) => found.get(key) === at)).toBe(true);
    await a.setMany(keys.map((key) => [key, undefined]));
    expect((await b.getMany(keys)).size).toBe(0);
    for (const cache of [a, b]) expect(cache.stats().shared).toMatchObject({ failures: 0, refused: 0, outages: 0, unsure: 0, isUp: true });
  }, 60_000);

  test('nor are thousands with tags, each of them asked for on its own, or loaded in one call', async () => {
    const prefix = randomUUID();
    const [a, b] = [await connected(kind, prefix), await connected(kind, prefix)];
    const keys = keysOf(2_000);
    await a.setMany(keys.map((key, at) => [key, at]), { tags: ['all', 'these'] });
    expect(await Promise.all(keys.map((key) => b.get(key)))).toEqual(keys.map((_, at) => at));
    await Promise.all(keys.map((key) => a.set(key, 'again', { tags: ['all'] })));
    expect(new Set((await b.getMany(keys)).values())).toEqual(new Set(['again']));
    await a.deleteByTag('all');
    const asked: number[] = [];
    const loaded = await b.getMany<string>(keys, (missing) => {
      asked.push(missing.length);
      return missing.map((key) => [key, 'loaded']);
    });
    expect([asked, loaded.size]).toEqual([[2_000], 2_000]);
    expect(new Set((await a.getMany(keys)).values())).toEqual(new Set(['loaded']));
    for (const cache of [a, b]) expect(cache.stats().shared).toMatchObject({ failures: 0, refused: 0, outages: 0, unsure: 0, isUp: true });
  }, 60_000);

  test('however many find at once that their cache, or a tag, is not marked yet, it is marked once', async () => {
    const [a, b] = [await connected(kind, randomUUID()), await connected(kind, randomUUID())];
    await Promise.all(keysOf(500).map((key) => a.get(key)));
    await Promise.all(keysOf(500).map((key) => b.set(key, 1, { tags: ['t'] })));
    // One question and its mark; the same for a tag, and a call an entry.
    expect(a.stats().shared?.calls).toBeLessThan(10);
    expect(b.stats().shared?.calls).toBeLessThan(510);
  });

  test.each([[MANY, []], [MANY / 4, ['a tag']]])('the server stands still while %i keys go there: nobody waits for it, and what it was not told is not believed', async (count, tags) => {
    const prefix = randomUUID();
    const [a, b] = [await connected(kind, prefix), await connected(kind, prefix)];
    const keys = keysOf(count);
    await a.setMany(keys.map((key) => [key, 'old']));
    const calls = a.stats().shared?.calls ?? 0;
    const setting = a.setMany(keys.map((key) => [key, 'new']), { tags });
    while ((a.stats().shared?.calls ?? 0) < calls + 6) await new Promise(setImmediate);
    servers[kind].signal('SIGSTOP');
    const getting = [a.getMany(keys), b.getMany(keys), a.get('key:1'), a.setMany(keys.map((key) => [key, 'newest']))];
    const outcome = await Promise.race([Promise.all([setting, ...getting]).then(() => 'ended'), sleep(15_000, 'hangs', { ref: false })]);
    expect(outcome).toBe('ended');
    expect(a.stats().shared?.isUp).toBe(false);
    servers[kind].signal('SIGCONT');
    for (const cache of [a, b]) while (cache.stats().shared?.isUp !== true || cache.stats().shared?.unsure !== 0) await sleep(10);
    const found = await b.getMany(keys);
    expect([...found.values()].filter((value) => value !== 'newest')).toEqual([]);
  }, 60_000);

  test('values of megabytes, many of them at once, are no failure either', async () => {
    const large = 'x'.repeat(8_000_000);
    const keys = keysOf(6);
    const lengths = async (cache: NamedCache): Promise<readonly unknown[]> => (await Promise.all(keys.map((key) => cache.get<string>(key)))).map((value) => value?.length);
    // On a busy machine the server itself may stand still for longer than the 40 ms of a call: then it has to be none in one of the next rounds, which begin ever later: others are busy for seconds.
    for (let round = 1; ; round += 1) {
      const prefix = randomUUID();
      const [a, b] = [await connected(kind, prefix), await connected(kind, prefix)];
      await Promise.all(keys.map((key) => a.set(key, large)));
      // From one it is known how large they are.
      const first = (await b.get<string>('key:0'))?.length;
      const all = await lengths(b);
      await a.setMany(keys.map((key) => [key, large]));
      const { size } = await b.getMany(keys);
      const failures = [a, b].reduce((sum, cache) => sum + (cache.stats().shared?.failures ?? 0), 0);
      if (failures > 0 && round < ROUNDS) {
        await Promise.all([a.close(), b.close()]);
        await sleep(500 * 2 ** round);
        continue;
      }
      expect([first, all, size]).toEqual([large.length, keys.map(() => large.length), 6]);
      for (const cache of [a, b]) expect(cache.stats().shared).toMatchObject({ failures: 0, refused: 0, outages: 0, unsure: 0, isUp: true, tooLarge: 0 });
      return;
    }
  }, 180_000);
});
