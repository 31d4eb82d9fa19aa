import { char, defineModels, integer, many2one, one2many } from '@ormolu/registry';
import { everywhere } from '../support/everywhere';

const models = defineModels({ node: { name: char(), parent: many2one('node'), children: one2many('node', 'parent'), siblings: integer({ store: true, precompute: true }) } })
  .compute('node', 'siblings', ['parent.children'], (node) => node.parent?.children.length ?? 0);

everywhere(models.registry(), ({ open }) => {
  test.each([false, true])('what is computed before rows are inserted sees their lists, also when it has to wait for those of stored records; those in memory: %s', async (isLoaded) => {
    const { tx } = await open();
    await tx.env.model('node').create({ name: 'stored' });
    await tx.flush();
    tx.clear();
    if (isLoaded) await tx.env.model('node').browse([1]).load(['children']);
    await tx.env.model('node').create([{ name: 'x', parent: 1 }, { name: 'p', children: [{ create: { name: 'c' } }] }]);
    await tx.flush();
    const found = await tx.env.model('node').search({ name: 'c' });
    await found.load(['siblings']);
    expect(found.mapped('siblings')).toEqual([1]);
  });
});
