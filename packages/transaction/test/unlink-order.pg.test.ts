import { char, defineModels, integer, many2one, one2many } from '@ormolu/registry';
import type { Transaction } from '../src/index';
import { everywhere } from './support/everywhere';

const models = defineModels({
  order: { lines: one2many('line', 'order'), total: integer({ store: true }) },
  line: { order: many2one('order', { onDelete: 'cascade' }), code: char({ unique: true }), price: integer(), inverse: integer({ store: true }) },
})
  .compute('line', 'inverse', ['price'], (line) => {
    if (line.price === 0) throw new Error('no inverse of nothing');
    return Math.trunc(100 / (line.price ?? 1));
  })
  .compute('order', 'total', ['lines.price'], (order) => [...order.lines].reduce((sum, line) => sum + (line.price ?? 0), 0));

everywhere(models.registry(), ({ open }) => {
  let tx: Transaction;

  beforeEach(async () => {
    ({ tx } = await open());
    await tx.env.model('order').create({});
    await tx.env.model('line').create([{ order: 1, code: 'a', price: 5 }, { order: 1, code: 'b', price: 4 }]);
    await tx.flush();
  });

  test('one command list may delete a record and create another in its place', async () => {
    await tx.env.model('order').browse(1).write({ lines: [{ create: { code: 'a', price: 7 } }, { update: [2, { price: 1 }] }, { delete: 1 }] });
    const stored = await tx.below.query({ model: 'line', filter: { kind: 'and', all: [] }, fields: ['code', 'price', 'inverse'] });
    // The new record's values are computed with the next flush, not before.
    expect(stored.columns).toEqual([['b', 'a'], [1, 7], [100, null]]);
    await tx.flush();
    expect((await tx.readStored('order', [1], ['total'])).columns).toEqual([[8]]);
  });

  test('a record whose compute fails can be unlinked, and nothing of it stays pending', async () => {
    const lines = tx.env.model('line');
    await lines.browse(1).write({ price: 0 });
    await lines.browse(1).unlink();
    expect([...tx.tocompute].map(([field, ids]) => [field.toString(), [...ids]])).toEqual([['order.total', [1]]]);
    await tx.flush();
    expect((await tx.readStored('order', [1], ['total'])).columns).toEqual([[4]]);
  });
});
