import { char, defineModels, many2many } from '@ormolu/registry';
import type { RecordSet } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { one } from '../support/open';
import { later } from '../support/turns';

const models = defineModels({ order: { name: char(), tags: many2many('tag') }, tag: { name: char(), orders: many2many('order') } });

const idsOf = (value: unknown): readonly unknown[] => (value as RecordSet).ids; // what a list field gives

everywhere(models.registry(), ({ begin, everyTurn }) => {
  test.each([[[], [1], []], [[1], [], [1]]])('a pair that is sent (%j, then %j) by two at once is in memory as in the database', async (before, first, second) => {
    const tx = await begin();
    await tx.env.model('order').create({});
    await tx.env.model('tag').create({});
    await tx.flush();
    const order = one(tx, 'order', 1);
    const put = (tags: readonly number[]): void => { order.set('tags', tx.env.model('tag').browse(tags)); };
    await order.load(['tags']);
    for (const turns of everyTurn()) for (const more of [2, 4, 9]) {
      put(before);
      await tx.flush();
      const search = async (): Promise<void> => { await tx.env.model('order').where({ tags: 1 }).ids(); };
      await Promise.all([
        order.write({ tags: [{ set: first }] }),
        later(turns, async () => {
          put(second);
          await search();
        }),
        later(turns + more, () => { put(first); }),
      ]);
      await tx.flush();
      const known = idsOf(order.get('tags'));
      const stored = await tx.env.model('order').where({ tags: 1 }).ids();
      expect([turns, more, stored.length]).toEqual([turns, more, known.length]);
    }
  });
});
