import { memory } from '@ormolu/storage/memory';
import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { shop } from './support/shop';
import { goShopping, shopScripts } from './support/shop-scripts';

test('law: for every script of list commands, drafts, copies, deletions and savepoints, the ladder reads what the reference says', async () => {
  const law = fc.asyncProperty(shopScripts, async (scripts) => {
    const storage = memory();
    await storage.migrate(shop.registry().schema);
    await goShopping(storage, scripts);
  });
  await fc.assert(law, { numRuns: lawRuns(200) });
}, 120_000);
