import type { Storage } from '@ormolu/kernel';
import { remote, serve } from '@ormolu/remote';
import { memory } from '@ormolu/storage/memory';
import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { onBothSides, scripts } from './support/both-sides';
import { geo } from './support/geo';
import { isolations, localRung } from './support/with-local-rung';

const { schema } = geo.registry();
let database: ScratchDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const servers: readonly { name: string; runs: number; open: () => Storage }[] = [
  { name: 'PostgreSQL', runs: 30, open: () => postgres(database.url) },
  { name: 'PGlite', runs: 20, open: () => pglite() },
];

test.each(servers)('law: for every script, the ladder on $name reads what the reference in memory reads', async ({ runs, open }) => {
  const through = open();
  try {
    await through.migrate(schema);
    const law = fc.asyncProperty(scripts, async (script) => {
      await empty(through);
      const beside = memory();
      await beside.migrate(schema);
      await onBothSides({ through, beside }, script);
    });
    await fc.assert(law, { numRuns: lawRuns(runs) });
  } finally {
    await through.close();
  }
}, 180_000);

test('law: for every script, the ladder on PostgreSQL behind a server reads what the reference in memory reads', async () => {
  const below = postgres(database.url);
  const server = await serve({ storage: below }, { port: 0 });
  const through = remote(server.url);
  try {
    await through.migrate(schema);
    const law = fc.asyncProperty(scripts, async (script) => {
      await empty(through);
      const beside = memory();
      await beside.migrate(schema);
      await onBothSides({ through, beside }, script);
    });
    await fc.assert(law, { numRuns: lawRuns(20) });
  } finally {
    await through.close();
    await server.close();
    await below.close();
  }
}, 180_000);

test('law: for every script at every isolation level, a client that keeps what it reads, of a server that does, reads what the reference in memory reads', async () => {
  const below = postgres(database.url);
  const ofServer = localRung();
  const server = await serve({ storage: below, ladder: { rung: ofServer.rung, sight: true } }, { port: 0 });
  const through = remote(server.url);
  try {
    await through.migrate(schema);
    const { rung, hits } = localRung();
    const law = fc.asyncProperty(scripts, isolations, async (script, isolation) => {
      await empty(through);
      const beside = memory();
      await beside.migrate(schema);
      await onBothSides({ through, beside, rung, isolation }, script);
    });
    // So many that both caches have answered, whatever is drawn.
    await fc.assert(law, { numRuns: lawRuns(40) });
    expect(Math.min(hits(), ofServer.rung.stats()[0]?.hits ?? 0)).toBeGreaterThan(0);
  } finally {
    await through.close();
    await server.close();
    await below.close();
  }
}, 180_000);

test.each(servers)('law: for every script at every isolation level, the ladder with the local cache on $name reads what the reference in memory reads', async ({ runs, open }) => {
  const through = open();
  try {
    await through.migrate(schema);
    const { rung, hits } = localRung();
    const law = fc.asyncProperty(scripts, isolations, async (script, isolation) => {
      // The cache is not emptied: it holds what other scripts had under the same ids.
      await empty(through);
      const beside = memory();
      await beside.migrate(schema);
      await onBothSides({ through, beside, rung, isolation }, script);
    });
    await fc.assert(law, { numRuns: lawRuns(runs) });
    expect(hits()).toBeGreaterThan(0);
  } finally {
    await through.close();
  }
}, 180_000);

async function empty(storage: Storage): Promise<void> {
  const session = await storage.open({ schema });
  await session.sql(`truncate ${schema.tables.map(({ table }) => `"${table}"`).join(', ')} restart identity cascade`, []);
  await session.commit();
}
