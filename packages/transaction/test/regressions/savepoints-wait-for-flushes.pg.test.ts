import { char, defineModels, integer } from '@ormolu/registry';
import { everywhere } from '../support/everywhere';
import { storedColumns } from '../support/open';
import { EVERY_TURN, later } from '../support/turns';

const models = defineModels({ order: { name: char(), code: integer() } });

everywhere(models.registry(), ({ begin }) => {
  test('a savepoint that fails beside the flush of a search is rolled back when that is over', async () => {
    const tx = await begin();
    const orders = await tx.env.model('order').create([{ name: 'a', code: 1 }, { name: 'b', code: 2 }]);
    await tx.flush();
    const [first, second] = [orders.at(0), orders.at(1)];
    for (const turns of EVERY_TURN) {
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
});
