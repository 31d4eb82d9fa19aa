import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownCacheServer, sharedCacheServer, type OwnCacheServer } from '@ormolu/test-support';
import { startRedisCluster, type RedisCluster } from '../support/redis-cluster';
import type { Stampede, StampedeReport } from '../support/stampede-worker';

const ROOT = join(__dirname, '..', '..', '..', '..');
const PROCESSES = 8;
const CALLERS = 1_000;
const LEASE_MS = 1_500;

class Worker {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, ['--conditions=@ormolu/source', '--require', './scripts/ts-node.cjs', join(__dirname, '..', 'support', 'stampede-worker.ts'), ...args], {
      cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { stdout } = this.child;
    if (!stdout) throw new Error('a worker has no output');
    const lines: Interface = createInterface({ input: stdout });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /** What it says next. */
  async next(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('a worker ended');
    return JSON.parse(value);
  }

  ask(stampede: Stampede): void {
    this.child.stdin?.write(`${JSON.stringify(stampede)}\n`);
  }

  async run(stampede: Stampede): Promise<StampedeReport> {
    this.ask(stampede);
    // What the worker says once it has done it.
    return (await this.next()) as StampedeReport;
  }
}

const KINDS = ['redis', 'memcached'] as const;
const WITH_CLUSTER = [...KINDS, 'cluster'] as const;
let servers: readonly OwnCacheServer[] = [];
let cluster: RedisCluster;
let workers: Worker[] = [];

beforeAll(async () => {
  servers = await Promise.all([ownCacheServer('memcached'), ownCacheServer('memcached')]);
  cluster = await startRedisCluster();
  const args = [await sharedCacheServer('redis'), cluster.servers.map(({ url }) => url).join(','), servers.map(({ url }) => url).join(','), `stampede-${randomUUID()}`, String(LEASE_MS)];
  workers = Array.from({ length: PROCESSES }, () => new Worker(args));
  await Promise.all(workers.map((worker) => worker.next()));
}, 120_000);
afterAll(() => {
  for (const { child } of workers) child.kill('SIGKILL');
  for (const server of servers) server.stop();
  cluster.stop();
});

function loadsOf(reports: readonly StampedeReport[]): number {
  return reports.reduce((sum, { loads }) => sum + loads, 0);
}

function all(stampede: Omit<Stampede, 'callers'>, of = workers): Promise<StampedeReport[]> {
  return Promise.all(of.map((worker) => worker.run({ ...stampede, callers: CALLERS })));
}

test.each(WITH_CLUSTER)('a thousand callers in each of eight processes make one load of a cold key, and all have its value: %s', async (kind) => {
  const reports = await all({ kind, key: 'cold', loader: 'gives' });
  expect(reports.length).toBe(PROCESSES);
  expect(loadsOf(reports)).toBe(1);
  expect(new Set(reports.flatMap(({ values }) => values)).size).toBe(1);
  expect(reports.flatMap(({ errors }) => errors)).toEqual([]);
});

const MANY = 60;

test.each(KINDS)('a thousand callers of getMany in each of eight processes, whose keys overlap, in one order and in the other, load each key once: %s', async (kind) => {
  const reports = await all({ kind, key: 'several', many: MANY, loader: 'gives' });
  expect(reports.flatMap(({ errors }) => errors)).toEqual([]);
  expect(new Set(reports.flatMap(({ values }) => values))).toEqual(new Set(['all']));
  expect(reports.flatMap(({ keys }) => keys).sort()).toEqual(Array.from({ length: MANY }, (_, at) => `several:${String(at)}`).sort());
});

test.each(KINDS)('a loader of several keys that fails is called once a lease for each, and its failure is that of all: %s', async (kind) => {
  const reports = await all({ kind, key: 'several failing', many: MANY, loader: 'fails' });
  expect(reports.flatMap(({ values }) => values)).toEqual([]);
  const keys = reports.flatMap((report) => report.keys);
  expect(new Set(keys).size).toBe(MANY);
  // On a busy machine, some may ask when the first leases are over.
  const leases = 1 + Math.floor(Math.max(...reports.map(({ tookMs }) => tookMs)) / LEASE_MS);
  expect(keys.length).toBeLessThanOrEqual(MANY * leases);
  for (const error of reports.flatMap(({ errors }) => errors)) expect(['Error: the loader failed', 'TIER_LOAD_FAILED']).toContain(error);
});

test.each(WITH_CLUSTER)('a loader that fails is called once a lease, and its failure is that of all: %s', async (kind) => {
  const reports = await all({ kind, key: 'failing', loader: 'fails' });
  expect(loadsOf(reports)).toBe(1);
  expect(reports.flatMap(({ values }) => values)).toEqual([]);
  expect(new Set(reports.flatMap(({ errors }) => errors))).toEqual(new Set(['Error: the loader failed', 'TIER_LOAD_FAILED']));
  expect(loadsOf(await all({ kind, key: 'failing', loader: 'gives' }))).toBeLessThanOrEqual(1);
});

test.each(WITH_CLUSTER)('a loader that goes on failing is called once by the first lease, once by the next, and once by the one behind that: %s', async (kind) => {
  for (const lease of [1, 2, 3]) {
    // Memcached counts seconds.
    if (lease > 1) await sleep(LEASE_MS + 1_000);
    const reports = await all({ kind, key: 'failing on', loader: 'fails' });
    // On a busy machine, some may ask when it is over.
    const leases = 1 + Math.floor(Math.max(...reports.map(({ tookMs }) => tookMs)) / LEASE_MS);
    expect(loadsOf(reports)).toBeGreaterThanOrEqual(1);
    expect(loadsOf(reports)).toBeLessThanOrEqual(leases);
    expect(reports.flatMap(({ values }) => values)).toEqual([]);
  }
}, 60_000);

test.each(WITH_CLUSTER)('who is killed while it loads delays the others by its lease, and one of them loads: %s', async (kind) => {
  const [first, ...others] = workers;
  if (!first) throw new Error('there is no worker');
  first.ask({ kind, key: 'orphaned', loader: 'hangs', callers: 1 });
  expect(await first.next()).toEqual({ isLoading: true });
  const asked = all({ kind, key: 'orphaned', loader: 'gives' }, others);
  first.child.kill('SIGKILL');
  workers = others;
  const reports = await asked;
  expect(loadsOf(reports)).toBe(1);
  expect(reports.flatMap(({ errors }) => errors)).toEqual([]);
  for (const { tookMs } of reports) expect(tookMs).toBeLessThan(2 * LEASE_MS + 2_000);
});
