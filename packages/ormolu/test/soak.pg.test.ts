import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lawRuns, lawSeed } from '@ormolu/test-support';
import { bugs } from './support/soak/read-bugs';
import { soak } from './support/soak/director';
import { soakFigures } from './support/soak/figures';

test('processes that read through their caches are told what the database tells them, whoever writes, dies or sleeps', async () => {
  const reads = lawRuns(100_000);
  const result = await soak({ reads, seed: lawSeed(), maxMs: 240_000 });
  process.stdout.write(`${soakFigures(result)}\n`);
  expect(result.differences).toEqual([]);
  expect(result.reads).toBeGreaterThanOrEqual(reads);
  expect(result.hits / result.reads).toBeGreaterThanOrEqual(0.3);
  expect(result.fresh / result.hits).toBeGreaterThanOrEqual(0.2);
  expect(result.undecided / result.reads).toBeLessThan(0.02);
  for (const { hits } of Object.values(result.levels)) expect(hits / result.hits).toBeGreaterThan(0.01);
  expect(Math.min(result.kills, result.stops, result.foreignWrites, result.shifts)).toBeGreaterThan(0);
}, 300_000);

test('so are clients of a server that keeps what they read, too, and dies now and then', async () => {
  const reads = lawRuns(50_000);
  const result = await soak({ reads, seed: lawSeed(), maxMs: 240_000, remote: true });
  process.stdout.write(`${soakFigures(result)}\n`);
  expect(result.differences).toEqual([]);
  expect(result.reads).toBeGreaterThanOrEqual(reads);
  expect(result.hits / result.reads).toBeGreaterThanOrEqual(0.3);
  expect(result.fresh / result.hits).toBeGreaterThanOrEqual(0.2);
  expect(result.undecided / result.reads).toBeLessThan(0.02);
  expect(Math.min(result.kills, result.stops, result.foreignWrites, result.shifts, result.serverKills)).toBeGreaterThan(0);
}, 300_000);

test.each(['redis', 'memcached'] as const)('so are processes that share records on %s, whatever becomes of its server', async (kind) => {
  // Together more than a hundred thousand.
  const reads = lawRuns(55_000);
  // On a busy machine the server can be late so often, or writers so slow, that a run tells little: then another is made.
  for (let run = 1; ; run += 1) {
    const result = await soak({ reads, seed: lawSeed() + run, maxMs: 400_000, shared: kind });
    process.stdout.write(`${soakFigures(result)}\n`);
    expect(result.differences).toEqual([]);
    expect(result.reads).toBeGreaterThanOrEqual(reads);
    expect(result.undecided / result.reads).toBeLessThan(0.02);
    expect(Math.min(result.kills, result.stops, result.foreignWrites, result.shifts, result.cacheFaults)).toBeGreaterThan(0);
    const [hits, fresh] = [result.sharedHits / result.sharedAsked, result.sharedFresh / result.sharedHits];
    if ((hits < 0.3 || fresh < 0.2) && run < 3) continue;
    // Both of the shared rung alone: what a local cache above it has answered is in neither.
    expect(hits).toBeGreaterThanOrEqual(0.3);
    expect(fresh).toBeGreaterThanOrEqual(0.2);
    return;
  }
}, 1_250_000);

test.each(bugs)('the engine can still be broken so that it $name', ({ pieces }) => {
  for (const { file, from } of pieces) expect(readFileSync(join(__dirname, '..', '..', '..', file), 'utf8').split(from)).toHaveLength(2);
});
