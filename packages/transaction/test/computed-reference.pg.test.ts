import { char, defineModels, integer, many2one, one2many, reference } from '@ormolu/registry';
import { everywhere } from './support/everywhere';
import { one } from './support/open';

const models = defineModels({
  item: { kind: char(), box: many2one('box', { store: true }), about: reference(['box', 'item']) },
  box: { name: char(), items: one2many('item', 'box'), size: integer({ store: true }) },
})
  .compute('item', 'box', ['kind'], (item) => (item.kind === 'a' ? item.env.model('box').browse(1) : item.kind === 'b' ? item.env.model('box').browse(2) : null))
  .compute('box', 'size', ['items'], (box) => box.items.length);

everywhere(models.registry(), ({ open }) => {
  test('a stored many2one that is computed moves its record between the lists of the other side when it is computed', async () => {
    const { tx } = await open();
    await tx.env.model('box').create([{ name: 'A' }, { name: 'B' }]);
    await tx.env.model('item').create([{ kind: 'a' }, { kind: 'b' }]);
    await tx.flush();
    const boxes = tx.env.model('box').browse([1, 2]);
    expect(await boxes.read(['items', 'size'])).toEqual([{ id: 1, items: [1], size: 1 }, { id: 2, items: [2], size: 1 }]);
    await one(tx, 'item', 1).write({ kind: 'b' });
    await tx.flush();
    expect(await boxes.read(['items', 'size'])).toEqual([{ id: 1, items: [], size: 0 }, { id: 2, items: [2, 1], size: 2 }]);
    await tx.flush();
    tx.clear();
    expect(await boxes.read(['items', 'size'])).toEqual([{ id: 1, items: [], size: 0 }, { id: 2, items: [1, 2], size: 2 }]);
  });

  test('a reference reads as the record it leads to, and is written as one', async () => {
    const { tx } = await open();
    await tx.env.model('box').create([{ name: 'A' }]);
    await tx.env.model('item').create([{ kind: 'a' }, { kind: 'b' }]);
    await one(tx, 'item', 1).write({ about: one(tx, 'box', 1) });
    await one(tx, 'item', 2).write({ about: 'item,1' });
    expect(one(tx, 'item', 1).get('about')).toMatchObject({ model: 'box', ids: [1] });
    expect(one(tx, 'item', 2).get('about')).toMatchObject({ model: 'item', ids: [1] });
    expect(await one(tx, 'item', 2).read(['about'])).toEqual([{ id: 2, about: 'item,1' }]);
  });
});
