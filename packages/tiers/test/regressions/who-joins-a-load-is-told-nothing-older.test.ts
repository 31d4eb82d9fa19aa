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
  test.each(['deletes', 'sets'] as const)('what another process %s while it is loaded here is not what those are told who ask behind it', async (how) => {
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
    const early = here.getOrSet('k', load);
    while (loads === 0) await sleep(1);
    const beside = here.getOrSet('k', load);
    truth = 'new';
    if (how === 'deletes') await there.delete('k');
    else await there.set('k', 'new');
    const [late, many] = [here.getOrSet('k', load), here.getMany(['k'], async () => [['k', await load()]])];
    go();
    expect(await early).toBe('old');
    // He asked before, and need not know; he is told what is known.
    expect(['old', 'new']).toContain(await beside);
    expect([await late, [...(await many)]]).toEqual(['new', [['k', 'new']]]);
    expect(loads).toBe(how === 'deletes' ? 2 : 1);
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
  // The value was put where the lease stood.
  expect((here.stats().shared?.calls ?? 0) - calls).toBeLessThanOrEqual(1);
});
