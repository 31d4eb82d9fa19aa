import type { Storage } from '@ormolu/kernel';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { BothWays, scripts } from '../support/both-ways';
import { rows, SMALL } from '../support/small-world';

let database: ScratchDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const servers: readonly { readonly name: string; readonly runs: number; readonly sessions: 1 | 3; readonly open: () => Storage }[] = [
  { name: 'memory', runs: 300, sessions: 3, open: () => memory() },
  { name: 'PGlite', runs: 40, sessions: 1, open: () => pglite() },
  { name: 'PostgreSQL', runs: 60, sessions: 3, open: () => postgres(database.url) },
];

test.each(servers)('law: for every script of sessions, writes, foreign writes and rollbacks, the local rung on $name tells each session what the database tells it', async ({ runs, sessions, open }) => {
  const storage = open();
  try {
    await storage.migrate(SMALL);
    const sides = new BothWays(storage, { sessions });
    await fc.assert(fc.asyncProperty(rows, scripts, (given, script) => sides.play(given, script)), { numRuns: lawRuns(runs) });
    // The law would hold of a cache that never answers.
    expect(sides.hits / sides.asked).toBeGreaterThan(0.05);
  } finally {
    await storage.close();
  }
}, 180_000);
