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
  const reads = lawRuns(100_000);
  const result = await soak({ reads, seed: lawSeed(), maxMs: 240_000, remote: true });
  process.stdout.write(`${soakFigures(result)}\n`);
  expect(result.differences).toEqual([]);
  expect(result.reads).toBeGreaterThanOrEqual(reads);
  expect(result.hits / result.reads).toBeGreaterThanOrEqual(0.3);
  expect(result.fresh / result.hits).toBeGreaterThanOrEqual(0.2);
  expect(result.undecided / result.reads).toBeLessThan(0.02);
  expect(Math.min(result.kills, result.stops, result.foreignWrites, result.shifts, result.serverKills)).toBeGreaterThan(0);
}, 300_000);

test.each([{ kind: 'redis', reads: 60_000 }, { kind: 'memcached', reads: 40_000 }] as const)('so are processes that share records on $kind, whatever becomes of its server', async ({ kind, reads: usual }) => {
  const reads = lawRuns(usual);
  // On a busy machine the server can be late so often that hardly any answer is a hit: such a run tells little, and another is made.
  for (let run = 1; ; run += 1) {
    const result = await soak({ reads, seed: lawSeed() + run, maxMs: 120_000, shared: kind });
    process.stdout.write(`${soakFigures(result)}\n`);
    expect(result.differences).toEqual([]);
    expect(result.reads).toBeGreaterThanOrEqual(reads);
    expect(result.undecided / result.reads).toBeLessThan(0.02);
    expect(Math.min(result.kills, result.stops, result.foreignWrites, result.shifts, result.cacheFaults)).toBeGreaterThan(0);
    const isTelling = result.sharedHits / result.sharedAsked >= 0.3 && result.fresh / result.hits >= 0.2;
    if (!isTelling && run < 3) continue;
    expect(result.sharedHits / result.sharedAsked).toBeGreaterThanOrEqual(0.3);
    expect(result.fresh / result.hits).toBeGreaterThanOrEqual(0.2);
    return;
  }
}, 400_000);

test.each(bugs)('the engine can still be broken so that it $name', ({ pieces }) => {
  for (const { file, from } of pieces) expect(readFileSync(join(__dirname, '..', '..', '..', file), 'utf8').split(from)).toHaveLength(2);
});
