import { defineModels, integer } from '@ormolu/registry';
import { everywhere } from '../support/everywhere';
import { one, storedColumns } from '../support/open';

const registry = defineModels({
  line: { qty: integer(), isMany: integer({ store: true }), later: integer({ store: true }), told: integer({ store: true, readonly: false }) },
})
  .compute('line', 'isMany', ['qty'], (line) => ((line.qty ?? 0) > 1 ? 1 : 0))
  .compute('line', 'later', ['qty'], (line) => line.qty ?? 0)
  .compute('line', 'told', ['isMany'], (line) => line.isMany ?? 0)
  .registry();

// A computed value of a new record is its first; of one that has been forgotten since, the database may know another.
everywhere(registry, ({ open }) => {
  test('after a clear, a computed value that comes out as it was stored leaves what was written by hand', async () => {
    const { tx } = await open();
    await tx.env.model('line').create({ qty: 1, told: 90 });
    await tx.flush([[tx.registry.field('line', 'isMany')]]);
    tx.clear();
    one(tx, 'line', 1).set('qty', 0);
    await tx.flush();
    expect(await storedColumns(tx, 'line', [1], ['isMany', 'told'])).toEqual([[0], [90]]);
  });

  test('a rollback restores who is new', async () => {
    const { tx } = await open();
    await tx.env.model('line').create({ qty: 1 });
    const isBorn = (): readonly boolean[] => [1, 2].map((id) => tx.unseen.isBorn('line', id));
    expect(isBorn()).toEqual([true, false]);
    for (const work of ['create', 'flush', 'clear'] as const) {
      await expect(tx.savepoint(async () => {
        if (work === 'create') await tx.env.model('line').create({ qty: 2 });
        else if (work === 'flush') await tx.flush();
        else tx.clear();
        throw new Error('back');
      }, { flush: false })).rejects.toThrow('back');
      expect(isBorn()).toEqual([true, false]);
    }
  });
});
