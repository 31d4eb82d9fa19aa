import { char, defineModels, integer } from '@ormolu/registry';
import type { Transaction } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { one, storedColumns } from '../support/open';

const models = defineModels({
  line: { name: char(), price: integer(), total: integer({ store: true }), sign: integer({ store: true }), hand: integer({ store: true, readonly: false }), checked: char({ store: true }) },
})
  .compute('line', 'total', ['price'], ({ price }) => (price ?? 0) * 2)
  .compute('line', 'sign', ['price'], ({ price }) => Math.sign(price ?? 0))
  // Written by hand it stays, as long as the sign does.
  .compute('line', 'hand', ['sign'], ({ sign }) => sign)
  .compute('line', 'checked', ['name'], ({ name }) => {
    if (name === 'bad') throw new Error('not that');
    return name;
  });

everywhere(models.registry(), ({ open }) => {
  let tx: Transaction;

  beforeEach(async () => {
    ({ tx } = await open());
    await tx.env.model('line').create([{ name: 'a', price: 1 }, { name: 'b', price: 1 }, { name: 'c', price: 1 }]);
    await tx.flush();
    await tx.env.model('line').browse([1, 2, 3]).write({ hand: 7 });
    await tx.flush();
  });

  const stored = (): Promise<unknown> => storedColumns(tx, 'line', [1, 2, 3], ['price', 'total', 'sign', 'hand', 'checked']);

  test('a deletion that the compute of another record holds back leaves what waits to be computed', async () => {
    one(tx, 'line', 1).set('price', 5);
    one(tx, 'line', 3).set('price', -5);
    one(tx, 'line', 2).set('name', 'bad');
    await expect(tx.env.model('line').browse([1, 3]).unlink()).rejects.toMatchObject({ code: 'TX_COMPUTE_FAILED' });
    one(tx, 'line', 2).set('name', 'good');
    await tx.flush();
    expect(await stored()).toEqual([[5, 1, -5], [10, 2, -10], [1, 1, -1], [7, 7, -1], ['a', 'good', 'c']]);
  });

  test('a compute that fails for what is deleted keeps nothing', async () => {
    one(tx, 'line', 2).set('name', 'bad');
    one(tx, 'line', 3).set('price', 4);
    await one(tx, 'line', 2).unlink();
    await tx.flush();
    expect(await stored()).toEqual([[1, 4], [2, 8], [1, 1], [7, 7], ['a', 'c']]);
  });
});
