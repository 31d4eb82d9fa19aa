import { memory } from '@ormolu/storage/memory';
import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { onBothSides, scripts } from './support/both-sides';
import { geo } from './support/geo';
import { isolations, localRung } from './support/with-local-rung';

test('law: for every script of creates, writes, unlinks, reads, flushes and savepoints, the ladder reads what storage alone reads', async () => {
  let played = 0;
  // Most reads of what is not in memory are refused, and nobody looks at where.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const law = fc.asyncProperty(scripts, async (script) => {
    const homes = { through: memory(), beside: memory() };
    for (const storage of Object.values(homes)) await storage.migrate(geo.registry().schema);
    await onBothSides(homes, script);
    played += 1;
  });
  await fc.assert(law, { numRuns: lawRuns(300) }).finally(() => {
    Error.stackTraceLimit = stackTraceLimit;
  });
  process.stdout.write(`${String(played)} scripts over the world of cities\n`);
});

test('law: the same through the local cache, at every isolation level', async () => {
  let found = 0;
  const law = fc.asyncProperty(scripts, isolations, async (script, isolation) => {
    const homes = { through: memory(), beside: memory() };
    for (const storage of Object.values(homes)) await storage.migrate(geo.registry().schema);
    const { rung, hits } = localRung();
    await onBothSides({ ...homes, rung, isolation }, script);
    found += hits();
  });
  await fc.assert(law, { numRuns: lawRuns(100) });
  expect(found).toBeGreaterThan(0);
});
