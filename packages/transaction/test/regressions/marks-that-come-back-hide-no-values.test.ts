import { memory } from '@ormolu/storage/memory';
import { shop } from '../support/shop';
import { goShopping, shopOn } from '../support/shop-scripts';

test('a function that finds a marked value unchanged is given what the database has, though its mark comes back while that is fetched', async () => {
  const storage = memory();
  await storage.migrate(shop.registry().schema);
  await goShopping(shopOn(storage), [
    [
      { op: 'assign', field: 4, which: 0, pick: 0 }, { op: 'assign', field: 0, which: 0, pick: 1 }, { op: 'list', order: 0, list: 'labels', commands: [['create', 0, 0]] },
      { op: 'copy', model: 'order', which: 0 }, { op: 'create', customer: 0, lines: 0, notes: 0, labels: [], edit: 0 },
    ],
    [{ op: 'create', customer: 0, lines: 0, notes: 0, labels: [], edit: 0 }],
  ]);
});
