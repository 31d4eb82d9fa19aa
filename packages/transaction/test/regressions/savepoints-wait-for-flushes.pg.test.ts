import { char, defineModels, integer } from '@ormolu/registry';
import { everywhere } from '../support/everywhere';
import { storedColumns } from '../support/open';
import { later } from '../support/turns';

const models = defineModels({ order: { name: char(), code: integer(), loud: char() } })
  .compute('order', 'loud', ['name'], (order) => (order.name ?? '').toUpperCase())
  .inverse('order', 'loud', (order) => { order.name = (order.loud ?? '').toLowerCase(); });

everywhere(models.registry(), ({ begin, everyTurn }) => {
  test('a savepoint that fails beside the flush of a search is rolled back when that is over', async () => {
    const tx = await begin();
    const orders = await tx.env.model('order').create([{ name: 'a', code: 1 }, { name: 'b', code: 2 }]);
    await tx.flush();
    const [first, second] = [orders.at(0), orders.at(1)];
    for (const turns of everyTurn()) {
      await orders.load(['name', 'code']);
      let searching: Promise<unknown> | undefined;
      const failing = tx.savepoint(async () => {
        first?.set('name', 'x');
        second?.set('name', 'y');
        second?.set('code', 9);
        searching = Promise.allSettled([tx.env.model('order').search({ name: 'x' })]);
        await later(turns, () => { throw new Error('no'); });
      }, { flush: false });
      await expect(failing).rejects.toThrow('no');
      await searching;
      expect([turns, first?.get('name'), second?.get('name'), second?.get('code')]).toEqual([turns, 'a', 'b', 2]);
      await tx.flush();
      expect([turns, ...(await storedColumns(tx, 'order', [1, 2], ['name', 'code']))]).toEqual([turns, ['a', 'b'], [1, 2]]);
    }
  });

  test('a create that needs a savepoint waits for the flush of a search that has begun, or is refused because the search still asks', async () => {
    const tx = await begin();
    const orders = await tx.env.model('order').create([{ name: 'a', code: 1 }, { name: 'b', code: 2 }]);
    for (const turns of everyTurn()) for (const more of [0, 1, 2, 3]) {
      await tx.flush();
      const search = later(more, () => {
        orders.at(0)?.set('name', `x${String(turns)} ${String(more)}`);
        orders.at(1)?.set('name', `y${String(turns)} ${String(more)}`);
        orders.at(1)?.set('code', turns + more);
        return tx.env.model('order').search({ name: 'x' });
      });
      const [, made] = await Promise.allSettled([search, later(turns % 20, () => tx.env.model('order').create({ loud: 'C', code: 3 }))]);
      if (made.status === 'rejected') expect([turns, more, made.reason]).toMatchObject([turns, more, { code: 'TX_OVERLAP' }]);
    }
  });
});
