import { char, defineModels, many2one, one2many } from '@ormolu/registry';
import { everywhere } from './support/everywhere';
import { storedColumns } from './support/open';

const stored = { store: true, recursive: true } as const;

const models = defineModels({
  node: {
    name: char(), parent: many2one('node'), children: one2many('node', 'parent'),
    path: char(stored), echo: char({ recursive: true }), nick: char({ store: true, readonly: false }), shout: char({ store: true }),
  },
})
  .compute('node', 'path', ['name', 'parent.path'], (node) => `${node.parent?.path ?? ''}/${node.name ?? ''}`)
  .compute('node', 'echo', ['name', 'parent.echo'], (node) => `${node.parent?.echo ?? ''}>${node.name ?? ''}`)
  .compute('node', 'nick', ['path'], (node) => `nick ${node.path ?? ''}`)
  .compute('node', 'shout', ['echo'], (node) => (node.echo ?? '').toUpperCase());

everywhere(models.registry(), ({ open }) => {
  test('a value given by hand is computed again when a cause changes behind a recursive field that waits already', async () => {
    const { tx } = await open();
    await tx.env.model('node').create({ name: 'a' });
    await tx.flush();
    const node = tx.env.model('node').browse(1);
    await node.load(['name', 'path', 'nick']);
    node.set('name', 'b');
    node.set('nick', 'mine');
    node.set('name', 'c');
    await tx.flush();
    expect((await tx.readStored('node', [1], ['path', 'nick'])).columns).toEqual([['/c'], ['nick /c']]);
  });

  test('what is stored behind a recursive field that is not is computed again, level by level', async () => {
    const { tx } = await open();
    await tx.env.model('node').create([{ name: 'a' }, { name: 'b', parent: 1 }, { name: 'c', parent: 2 }]);
    await tx.flush();
    tx.clear();
    tx.env.model('node').browse(1).set('name', 'x');
    await tx.flush();
    expect(await storedColumns(tx, 'node', [1, 2, 3], ['shout'])).toEqual([['>X', '>X>B', '>X>B>C']]);
  });

  test('what was protected when a record above it was marked is marked with the next change above, also when that is marked already', async () => {
    const { tx } = await open();
    await tx.env.model('node').create([{ name: 'a' }, { name: 'b', parent: 1 }, { name: 'c', parent: 2 }, { name: 'd', parent: 3 }]);
    await tx.flush();
    const nodes = tx.env.model('node').browse([1, 2, 3, 4]);
    await nodes.load(['name', 'children', 'path', 'nick']);
    tx.protecting(['path', 'nick'], tx.env.model('node').browse([3, 4]), () => { nodes.at(0)?.set('name', 'x'); });
    expect(tx.tocompute.get(tx.registry.field('node', 'path'))).toEqual([1, 2]);
    nodes.at(1)?.set('name', 'y');
    await tx.flush();
    expect(await storedColumns(tx, 'node', [1, 2, 3, 4], ['path', 'nick'])).toEqual([['/x', '/x/y', '/x/y/c', '/x/y/c/d'], ['nick /x', 'nick /x/y', 'nick /x/y/c', 'nick /x/y/c/d']]);
  });
});
