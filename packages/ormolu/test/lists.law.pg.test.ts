import { createDatabase, lawRuns, type ScratchDatabase } from '@ormolu/test-support';
import type { Transaction } from '@ormolu/transaction';
import * as fc from 'fast-check';
import { empty } from '../../transaction/test/support/everywhere';
import { shop } from '../../transaction/test/support/shop';
import { goShopping, shopScripts } from '../../transaction/test/support/shop-scripts';
import { memory, openOrmolu, pglite, postgres, type Storage } from '../src/index';

const { schema } = shop.registry();
let database: ScratchDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const storages: readonly { readonly name: string; readonly runs: number; readonly open: () => Storage; readonly isKept: boolean }[] = [
  { name: 'memory', runs: 40, open: () => memory(), isKept: false },
  { name: 'PGlite', runs: 8, open: () => pglite(), isKept: true },
  { name: 'PostgreSQL', runs: 8, open: () => postgres(database.url), isKept: true },
];

/** Every transaction of a script may read what the one before has left in the local cache, or wrongly left there. */
describe.each(storages)('list commands, deletions, drafts and copies through an open database on $name', ({ runs, open, isKept }) => {
  test.each([{ cache: 'the default local cache', options: {} }, { cache: 'no local cache', options: { localCache: false } as const }])('law: for every script, what is read with $cache is what the reference says', async ({ options }) => {
    const kept = isKept ? open() : undefined;
    const begin = async (): ReturnType<typeof openShop> => openShop(kept ?? open(), options);
    const shared = kept ? await begin() : undefined;
    try {
      await fc.assert(fc.asyncProperty(shopScripts, async (scripts) => {
        const db = shared ?? await begin();
        if (kept) {
          await empty(kept, schema);
          // Ids begin anew: what is cached of the script before is of other records with the same.
          db.localCache.invalidate();
        }
        // What applications see of a transaction is the engine's own.
        await goShopping((work) => db.transaction((env) => work(env.transaction as unknown as Transaction)), scripts);
        if (!shared) await db.close();
      }), { numRuns: lawRuns(runs) });
    } finally {
      await shared?.close();
    }
  }, 180_000);
});

async function openShop(storage: Storage, options: { readonly localCache?: false }) {
  const db = await openOrmolu({ models: shop, storage, ...options });
  await db.migrate();
  return db;
}
