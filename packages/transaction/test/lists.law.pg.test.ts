import { pglite } from '@ormolu/storage/pglite';
import { postgres } from '@ormolu/storage/postgres';
import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import type { Storage } from '@ormolu/kernel';
import * as fc from 'fast-check';
import { empty } from './support/everywhere';
import { shop } from './support/shop';
import { goShopping, shopOn, shopScripts } from './support/shop-scripts';

const { schema } = shop.registry();
let database: ScratchDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const servers: readonly { name: string; runs: number; open: () => Storage }[] = [
  { name: 'PostgreSQL', runs: 20, open: () => postgres(database.url) },
  { name: 'PGlite', runs: 12, open: () => pglite() },
];

test.each(servers)('law: for every script of list commands, drafts, copies, deletions and savepoints, the ladder on $name reads what the reference says', async ({ runs, open }) => {
  const storage = open();
  try {
    await storage.migrate(schema);
    await fc.assert(fc.asyncProperty(shopScripts, async (scripts) => {
      await empty(storage, schema);
      await goShopping(shopOn(storage), scripts);
    }), { numRuns: lawRuns(runs) });
  } finally {
    await storage.close();
  }
}, 180_000);
