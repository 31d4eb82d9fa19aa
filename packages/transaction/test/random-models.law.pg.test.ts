import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { registryOf } from './support/random-models';
import { cases, play } from './support/random-scripts';

test.each(['PGlite', 'PostgreSQL'])('law: for some models, data and scripts, every value read is what the rows make it: on %s', async (name) => {
  let played = 0;
  await fc.assert(fc.asyncProperty(cases, async (drawn) => {
    const registry = registryOf(drawn.computed);
    const database = name === 'PostgreSQL' ? await createDatabase() : undefined;
    const storage = database ? postgres(database.url) : pglite();
    try {
      await storage.migrate(registry.schema);
      await play(storage, registry, drawn);
      played += 1;
    } finally {
      await storage.close();
      await database?.drop();
    }
  }), { numRuns: lawRuns(7), endOnFailure: true });
  expect(played).toBeGreaterThanOrEqual(lawRuns(7));
}, 300_000);
