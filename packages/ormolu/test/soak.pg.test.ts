import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lawRuns, lawSeed } from '@ormolu/test-support';
import { bugs } from './support/soak/read-bugs';
import { soak, type SoakOptions, type SoakResult } from './support/soak/director';
import { soakFigures } from './support/soak/figures';

/** How much of what was read says something: hits among the answers, and those of them on records that somebody else changed within the last second. */
type Rates = readonly [hits: number, fresh: number];

/**
 * Soaks until a run tells enough, three times at most: on a busy machine writers can be so slow, or a server so often late, that one tells
 * little. That nobody was told what is not so is asked of every run.
 */
async function soaked(wish: SoakOptions, ratesOf: (result: SoakResult) => Rates = all): Promise<SoakResult> {
  for (let run = 0; ; run += 1) {
    const result = await soak({ ...wish, seed: wish.seed + run });
    process.stdout.write(`${soakFigures(result)}\n`);
    expect(result.differences).toEqual([]);
    expect(result.reads).toBeGreaterThanOrEqual(wish.reads);
    expect(result.undecided / result.reads).toBeLessThan(0.02);
    expect(Math.min(result.kills, result.stops, result.foreignWrites, result.shifts)).toBeGreaterThan(0);
    const [hits, fresh] = ratesOf(result);
    if ((hits < 0.3 || fresh < 0.2) && run < 2) continue;
    expect(hits).toBeGreaterThanOrEqual(0.3);
    expect(fresh).toBeGreaterThanOrEqual(0.2);
    return result;
  }
}

function all({ hits, reads, fresh }: SoakResult): Rates {
  return [hits / reads, fresh / hits];
}

/** Of the shared rung alone: what a local cache above it has answered is in neither. */
function shared({ sharedHits, sharedAsked, sharedFresh }: SoakResult): Rates {
  return [sharedHits / sharedAsked, sharedFresh / sharedHits];
}

test('processes that read through their caches are told what the database tells them, whoever writes, dies or sleeps', async () => {
  const result = await soaked({ reads: lawRuns(100_000), seed: lawSeed(), maxMs: 240_000 });
  for (const { hits } of Object.values(result.levels)) expect(hits / result.hits).toBeGreaterThan(0.01);
}, 750_000);

test('so are clients of a server that keeps what they read, too, and dies now and then', async () => {
  const result = await soaked({ reads: lawRuns(30_000), seed: lawSeed(), maxMs: 240_000, remote: true });
  expect(result.serverKills).toBeGreaterThan(0);
}, 750_000);

test.each(['redis', 'memcached'] as const)('so are processes that share records on %s, whatever becomes of its server', async (kind) => {
  // Together more than a hundred thousand.
  const result = await soaked({ reads: lawRuns(55_000), seed: lawSeed() + 1, maxMs: 400_000, shared: kind }, shared);
  expect(result.cacheFaults).toBeGreaterThan(0);
}, 1_250_000);

test.each(['cluster', 'ring'] as const)('nor are they told what is not so by a %s, one of whose servers fails in every way', async (kind) => {
  const result = await soak({ reads: lawRuns(5_000), seed: lawSeed() + 2, maxMs: 240_000, shared: kind });
  process.stdout.write(`${soakFigures(result)}\n`);
  expect(result.differences).toEqual([]);
  expect(Math.min(result.sharedHits, result.cacheFaults, result.foreignWrites)).toBeGreaterThan(0);
}, 300_000);

test.each(bugs)('the engine can still be broken so that it $name', ({ pieces }) => {
  for (const { file, from } of pieces) expect(readFileSync(join(__dirname, '..', '..', '..', file), 'utf8').split(from)).toHaveLength(2);
});
