import { memory } from '@ormolu/storage/memory';
import { lawRuns } from '@ormolu/test-support';
import * as fc from 'fast-check';
import { shop } from './support/shop';
import { goShopping, shopOn, shopScripts } from './support/shop-scripts';

test('law: for every script of list commands, drafts, copies, deletions and savepoints, the ladder reads what the reference says', async () => {
  const law = fc.asyncProperty(shopScripts, async (scripts) => {
    const storage = memory();
    await storage.migrate(shop.registry().schema);
    await goShopping(shopOn(storage), scripts);
  });
  await fc.assert(law, { numRuns: lawRuns(200) });
}, 120_000);

test('a draft is not concerned by a write whose old owner is unknown', async () => {
  const storage = memory();
  await storage.migrate(shop.registry().schema);
  // Found by the law: a line changes its order, unread; then an order is drafted, and its total read outside of a run.
  await goShopping(shopOn(storage), [[{ op: 'assign', field: 9, which: 0, pick: 0 }, { op: 'draft', customer: 0, lines: 1, notes: 0, labels: [], edit: 0 }]]);
});
