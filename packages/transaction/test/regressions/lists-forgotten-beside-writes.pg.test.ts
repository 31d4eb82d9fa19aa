import { char, defineModels, integer, many2many, many2one, one2many } from '@ormolu/registry';
import type { RecordSet } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { one, storedColumns } from '../support/open';
import { later } from '../support/turns';

const models = defineModels({
  order: { name: char(), tags: many2many('tag'), notes: one2many('note', 'order'), size: integer({ store: true, readonly: false }) },
  note: { order: many2one('order'), tags: many2many('tag') },
  tag: { name: char(), orders: many2many('order') },
}).compute('order', 'size', ['tags'], ({ tags }) => tags.length);

everywhere(models.registry(), ({ begin, everyTurn }) => {
  describe.each(everyTurn(70))('memory forgets %i turns later', (turns) => {
    test.each([
      ['link', [{ link: 2 }], [1, 2, 3]], ['unlink', [{ unlink: 1 }], [3]], ['set', [{ set: [2] }], [2]], ['delete', [{ delete: 1 }], [3]], ['create', [{ create: {} }, { unlink: 3 }], [1, 4]],
    ] as const)('and a list takes what was said of it (%s)', async (_, commands, expected) => {
      const tx = await begin();
      await tx.env.model('tag').create([{}, {}, {}]);
      await tx.env.model('order').create({ tags: [1, 3] });
      await tx.flush();
      const order = one(tx, 'order', 1);
      await order.load(['name', 'tags', 'size']);
      const [made] = await Promise.all([
        order.write({ tags: commands, size: 9, notes: [{ create: { tags: [3] } }] }),
        later(turns, () => { tx.cache.invalidate(); }),
      ]);
      expect(made).toBeUndefined();
      await tx.flush();
      expect(await storedColumns(tx, 'order', [1], ['size'])).toEqual([[9]]);
      tx.clear();
      await order.load(['tags', 'notes.tags']);
      expect([...(order.get('tags') as RecordSet).ids].sort()).toEqual(expected); // what a list field gives
      expect((order.get('notes') as RecordSet).ids).toEqual([1]);
    });
  });
});
