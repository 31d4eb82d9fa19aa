import { randomUUID } from 'node:crypto';
import { ownCacheServer, type CacheServerKind, type OwnCacheServer } from '@ormolu/test-support';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend } from '../../src/backend/backend';
import { memcached } from '../../src/memcached';
import { NamedCache } from '../../src/named-cache/named-cache';
import { redis } from '../../src/redis';
import { DelayingProxy } from '../support/delaying-proxy';

/*
 * A lease that the server answered late was taken for a write in vain, and its key taken out a moment later, by whoever held the lease: another process loaded what was being loaded, and what the first one brought was
 * thrown away. Until then, all that this process asked for of the key was loaded without a lease.
 */

const AT: Readonly<Record<CacheServerKind, (port: number) => Backend>> = { redis: (port) => redis(`redis://127.0.0.1:${String(port)}`), memcached: (port) => memcached(`127.0.0.1:${String(port)}`) };

let open: { close(): Promise<void> }[] = [];
let servers: OwnCacheServer[] = [];
beforeEach(() => {
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await Promise.all(open.map((one) => one.close()));
  for (const server of servers) server.stop();
  open = [];
  servers = [];
});

/** Two processes, the first of which the server answers late when it is told so. */
async function two(kind: CacheServerKind, { leaseMs = 1_500, breakAfter = 100 }: { readonly leaseMs?: number; readonly breakAfter?: number } = {}): Promise<{ readonly slow: NamedCache; readonly other: NamedCache; readonly proxy: DelayingProxy; readonly server: OwnCacheServer }> {
  const server = await ownCacheServer(kind);
  servers.push(server);
  const proxy = await DelayingProxy.before(server.port);
  const prefix = randomUUID();
  const [slow, other] = [proxy.port, server.port].map((port) => {
    const l2 = AT[kind](port);
    const cache = new NamedCache('late', { l2, prefix, l1: false, ttl: '10m', lease: leaseMs, deadline: 400, breakAfter });
    open.push(cache, l2);
    return cache;
  });
  open.push(proxy);
  if (!slow || !other) throw new Error('two were made');
  for (const cache of [slow, other]) while (cache.stats().shared?.isUp !== true) await sleep(1);
  await slow.get('nothing');
  await other.get('nothing');
  return { slow, other, proxy, server };
}

/** A loader that is held until it is let go. */
class Loader {
  loads = 0;
  go: () => void = () => undefined;
  readonly #held = new Promise<void>((resolve) => (this.go = resolve));
  readonly load = async (): Promise<string> => {
    this.loads += 1;
    const load = this.loads;
    await this.#held;
    return `load ${String(load)}`;
  };
}

async function late(cache: NamedCache, proxy: DelayingProxy): Promise<void> {
  const failures = cache.stats().shared?.failures ?? 0;
  proxy.delayMs = () => 300;
  while (cache.stats().shared?.failures === failures) await sleep(1);
  proxy.delayMs = () => 0;
}

describe.each(['redis', 'memcached'] as const)('%s', (kind) => {
  test('a lease whose renewal is answered late keeps others from loading, and its load is kept', async () => {
    const { slow, other, proxy } = await two(kind);
    const loader = new Loader();
    const first = slow.getOrSet('k', loader.load);
    while (loader.loads === 0) await sleep(1);
    await late(slow, proxy);
    const second = other.getOrSet('k', loader.load);
    // What was written in vain is taken out by now.
    await sleep(700);
    loader.go();
    expect([await first, await second, await other.get('k'), loader.loads]).toEqual(['load 1', 'load 1', 'load 1', 1]);
  });

  test('a lease that was taken and answered late keeps others from loading, and its load is kept', async () => {
    const { slow, other, proxy } = await two(kind);
    const loader = new Loader();
    const failures = slow.stats().shared?.failures ?? 0;
    // The question is answered in time, the lease is not.
    const calls = slow.stats().shared?.calls ?? 0;
    proxy.delayMs = () => ((slow.stats().shared?.calls ?? 0) > calls + 1 ? 300 : 0);
    const first = slow.getOrSet('k', loader.load);
    while (loader.loads === 0) await sleep(1);
    const found = (slow.stats().shared?.failures ?? 0) - failures;
    proxy.delayMs = () => 0;
    const second = other.getOrSet('k', loader.load);
    await sleep(900);
    loader.go();
    expect([found, await first, await second, await other.get('k'), loader.loads]).toEqual([1, 'load 1', 'load 1', 'load 1', 1]);
  });

  test('a lease that is left behind by who has lost the server is taken out when it is back, and nobody waits for its end', async () => {
    const { slow, other, server } = await two(kind, { leaseMs: 600_000, breakAfter: 1 });
    const loader = new Loader();
    const first = slow.getOrSet('k', loader.load);
    while (loader.loads === 0) await sleep(1);
    server.signal('SIGSTOP');
    while (slow.stats().shared?.isUp === true) await slow.get('l');
    loader.go();
    expect(await first).toBe('load 1');
    server.signal('SIGCONT');
    while (slow.stats().shared?.isUp !== true || other.stats().shared?.isUp !== true) await sleep(1);
    expect([await other.getOrSet('k', loader.load), await other.get('k'), loader.loads]).toEqual(['load 2', 'load 2', 2]);
  });
});
