import { lawRuns, lawSeed } from '@ormolu/test-support';
import { soak } from './support/soak/director';

test('processes that read through their caches are told what the database tells them, whoever writes, dies or sleeps', async () => {
  const reads = lawRuns(100_000);
  const { differences, hits, fresh, reads: compared, kills, stops, foreignWrites } = await soak({ reads, seed: lawSeed(), maxMs: 240_000 });
  expect(differences).toEqual([]);
  expect(compared).toBeGreaterThanOrEqual(reads);
  expect(hits / compared).toBeGreaterThanOrEqual(0.3);
  expect(fresh / hits).toBeGreaterThanOrEqual(0.2);
  expect(Math.min(kills, stops, foreignWrites)).toBeGreaterThan(0);
}, 300_000);
