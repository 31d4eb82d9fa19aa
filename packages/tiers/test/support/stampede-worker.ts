// One of many processes that ask for the same key at once; stampede.test.ts tells it what to ask, a line at a time.
import { createInterface } from 'node:readline';
import { memcached } from '../../src/memcached';
import { NamedCache } from '../../src/named-cache/named-cache';
import type { NamedCacheOptions } from '../../src/named-cache/options';
import { redis } from '../../src/redis';

/** What is asked of a worker. */
export interface Stampede {
  readonly kind: 'redis' | 'cluster' | 'memcached';
  readonly key: string;
  /** Each caller asks for several of so many keys, which overlap with those of others; in the other order in every second process. */
  readonly many?: number | undefined;
  readonly callers: number;
  /** `hangs`: it never ends. */
  readonly loader: 'gives' | 'fails' | 'hangs';
}

/** What it says of that. */
export interface StampedeReport {
  readonly loads: number;
  /** The keys that its loader was asked for, of several. */
  readonly keys: readonly string[];
  readonly values: readonly unknown[];
  readonly errors: readonly string[];
  readonly tookMs: number;
}

const [redisUrl = '', clusterUrls = '', memcachedUrls = '', prefix = '', leaseMs = ''] = process.argv.slice(2);
// The machine may be busy: that a server which answers late is done without is tried elsewhere.
const common: NamedCacheOptions = { prefix, ttl: '1m', lease: Number(leaseMs), deadline: '10s' };
const caches: Readonly<Record<Stampede['kind'], NamedCache>> = {
  redis: new NamedCache('stampede', { ...common, l2: redis(redisUrl) }),
  cluster: new NamedCache('stampede', { ...common, l2: redis({ cluster: clusterUrls.split(',').map(nodeOf) }) }),
  memcached: new NamedCache('stampede', { ...common, l2: memcached(memcachedUrls.split(',')) }),
};

function nodeOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

/** Asked for together. */
const TOGETHER = 20;

async function run({ kind, key, many, callers, loader }: Stampede): Promise<StampedeReport> {
  let loads = 0;
  const loaded: string[] = [];
  const load = async (): Promise<string> => {
    loads += 1;
    if (loader === 'hangs') {
      process.stdout.write(`${JSON.stringify({ isLoading: true })}\n`);
      await new Promise(() => undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (loader === 'fails') throw new Error('the loader failed');
    return `loaded by ${String(process.pid)}`;
  };
  const loadMany = async (missing: readonly string[]): Promise<(readonly [string, string])[]> => {
    loaded.push(...missing);
    const value = await load();
    return missing.map((one) => [one, value]);
  };
  const some = (of: number, caller: number): readonly string[] => {
    const all = Array.from({ length: TOGETHER }, (_, at) => `${key}:${String((7 * caller + at) % of)}`);
    return process.pid % 2 === 0 ? all : all.reverse();
  };
  const ask = async (caller: number): Promise<unknown> => {
    if (many === undefined) return caches[kind].getOrSet(key, load);
    const wanted = some(many, caller);
    const found = await caches[kind].getMany(wanted, loadMany);
    return wanted.every((one) => found.has(one)) ? 'all' : `some of ${wanted.join()} are missing`;
  };
  const began = performance.now();
  const outcomes = await Promise.allSettled(Array.from({ length: callers }, (_, caller) => ask(caller)));
  return {
    loads, keys: loaded, tookMs: performance.now() - began,
    values: [...new Set(outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])))],
    errors: [...new Set(outcomes.flatMap((one) => (one.status === 'rejected' ? [reasonOf(one.reason)] : [])))],
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/** A cluster that has not been reached yet is not waited for. */
async function isThere(cache: NamedCache): Promise<void> {
  while (cache.stats().shared?.isUp !== true) await new Promise((resolve) => setTimeout(resolve, 5));
}

void Promise.all(Object.values(caches).map(isThere)).then(() => {
  process.stdout.write(`${JSON.stringify({ isReady: true })}\n`);
  createInterface({ input: process.stdin })
    // What stampede.test.ts writes.
    .on('line', (line) => void run(JSON.parse(line) as Stampede).then((report) => process.stdout.write(`${JSON.stringify(report)}\n`)))
    .on('close', () => process.exit(0));
});
