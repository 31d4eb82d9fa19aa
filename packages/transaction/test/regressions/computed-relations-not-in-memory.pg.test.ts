import { defineModels, integer, many2one } from '@ormolu/registry';
import type { Transaction } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { one, storedColumns } from '../support/open';

const registry = defineModels({
  order: { rate: integer(), sign: integer({ store: true }) },
  line: { pick: integer(), order: many2one('order', { store: true }), signed: integer({ store: true, readonly: false }) },
})
  .compute('order', 'sign', ['rate'], (order) => ((order.rate ?? 0) > 1 ? 1 : 0))
  .compute('line', 'order', ['pick'], (line) => (line.pick === null ? null : line.env.model('order').browse(line.pick)))
  .compute('line', 'signed', ['order.sign'], (line) => line.order?.sign ?? 0)
  .registry();

everywhere(registry, ({ begin }) => {
  let tx: Transaction;

  beforeEach(async () => {
    tx = await begin();
    await tx.env.model('order').create([{ rate: 1 }, { rate: 1 }]);
    await tx.env.model('line').create([{ pick: 1 }, { pick: 2 }]);
    await tx.flush();
    await tx.env.model('line').browse([1, 2]).write({ signed: 90 });
    await tx.flush();
    tx.clear();
  });

  const signed = async (): Promise<unknown> => {
    await tx.flush();
    return (await storedColumns(tx, 'line', [1, 2], ['signed']))[0];
  };

  test('what may have been written by hand follows its cause through a computed relation that memory has forgotten', async () => {
    await tx.env.model('line').browse([1, 2]).load(['order', 'signed']);
    one(tx, 'order', 1).set('rate', 2);
    await one(tx, 'order', 1).load(['rate']);
    tx.cache.invalidate();
    expect(await signed()).toEqual([1, 90]);
  });

  test('it stays when such a relation is computed unseen and leads where it led', async () => {
    one(tx, 'line', 1).set('pick', 1);
    expect(await signed()).toEqual([90, 90]);
    one(tx, 'line', 1).set('pick', 2);
    expect(await signed()).toEqual([0, 90]);
  });
});
