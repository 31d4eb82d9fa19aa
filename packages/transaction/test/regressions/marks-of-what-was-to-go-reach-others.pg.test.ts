import { char, defineModels, integer, many2one, one2many } from '@ormolu/registry';
import { everywhere } from '../support/everywhere';
import { one, storedColumns } from '../support/open';

const models = defineModels({
  order: { lines: one2many('line', 'order'), sum: integer({ store: true }) },
  line: { order: many2one('order'), name: char(), price: integer(), total: integer({ store: true }), checked: char({ store: true }) },
})
  .compute('line', 'total', ['price'], ({ price }) => (price ?? 0) * 2)
  .compute('order', 'sum', ['lines.total'], (order) => [...order.lines].reduce((sum, { total }) => sum + (total ?? 0), 0))
  .compute('line', 'checked', ['name'], ({ name }) => {
    if (name === 'bad') throw new Error('not that');
    return name;
  });

everywhere(models.registry(), ({ open }) => {
  test('when a deletion is held back, other records that depend on those that stay are computed with them', async () => {
    const { tx } = await open();
    await tx.env.model('order').create({ lines: [{ create: { name: 'a', price: 1 } }, { create: { name: 'b', price: 1 } }] });
    await tx.flush();
    one(tx, 'line', 1).set('price', 5);
    one(tx, 'line', 2).set('name', 'bad');
    await expect(one(tx, 'line', 1).unlink()).rejects.toMatchObject({ code: 'TX_COMPUTE_FAILED' });
    one(tx, 'line', 2).set('name', 'good');
    await tx.flush();
    expect(await storedColumns(tx, 'order', [1], ['sum'])).toEqual([[12]]);
  });
});
