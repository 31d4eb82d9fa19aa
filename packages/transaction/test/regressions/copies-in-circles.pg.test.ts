import { char, defineModels, many2one, one2many } from '@ormolu/registry';
import type { Transaction } from '../../src/index';
import { everywhere } from '../support/everywhere';
import { one } from '../support/open';

const models = defineModels({
  node: { name: char(), parent: many2one('node'), children: one2many('node', 'parent', { copy: true }) },
  // One that delegates to another, in whose list it is.
  body: { name: char({ required: true }), heads: one2many('head', 'body', { copy: true }) },
  head: { body: many2one('body', { required: true, onDelete: 'cascade' }), hat: char() },
  // The same, where the list is not that of those who delegate to it.
  trunk: { name: char({ required: true }), owned: one2many('limb', 'owner', { copy: true }) },
  limb: { trunk: many2one('trunk', { required: true, onDelete: 'cascade' }), owner: many2one('trunk'), note: char() },
}).delegate('head', 'body').delegate('limb', 'trunk');

everywhere(models.registry(), ({ open }) => {
  let tx: Transaction;

  beforeEach(async () => {
    ({ tx } = await open());
  });

  const rows = async (model: string, ...names: string[]): Promise<unknown> => (await tx.env.model(model).search({}, { order: ['id'] })).read(names);

  test('records that are in their own lists, by way of others or at once, are copied once', async () => {
    await tx.env.model('node').create([{ name: 'a' }, { name: 'b', parent: 1 }, { name: 'c', parent: 2 }, { name: 'own' }]);
    await one(tx, 'node', 1).write({ parent: 3 });
    await one(tx, 'node', 4).write({ parent: 4 });
    expect((await tx.env.model('node').browse([1, 4]).copy()).ids).toEqual([5, 8]);
    expect(await rows('node', 'name', 'parent')).toEqual([
      { id: 1, name: 'a', parent: 3 }, { id: 2, name: 'b', parent: 1 }, { id: 3, name: 'c', parent: 2 }, { id: 4, name: 'own', parent: 4 },
      { id: 5, name: 'a', parent: 3 }, { id: 6, name: 'b', parent: 5 }, { id: 7, name: 'c', parent: 6 }, { id: 8, name: 'own', parent: 4 },
    ]);
  });

  test('what is in the list of the record it delegates to is copied once, and its fellows with it', async () => {
    await tx.env.model('head').create({ name: 'x', hat: 'red' });
    await tx.env.model('head').create({ body: 1, hat: 'blue' });
    expect((await one(tx, 'head', 1).copy()).ids).toHaveLength(1);
    expect(await rows('body', 'name')).toEqual([{ id: 1, name: 'x' }, { id: 2, name: 'x' }]);
    expect(new Set((await tx.env.model('head').search({ body: 2 })).mapped('hat') as unknown[])).toEqual(new Set(['red', 'blue']));
  });

  test('those that are in a list of the record they delegate to, all by another relation, share its copy: as many as there were', async () => {
    await tx.env.model('trunk').create({ name: 't' });
    await tx.env.model('limb').create(Array.from({ length: 9 }, (_, n) => ({ trunk: 1, owner: 1, note: String(n) })));
    expect((await one(tx, 'limb', 1).copy()).ids).toHaveLength(1);
    expect(await rows('trunk', 'name')).toEqual([{ id: 1, name: 't' }, { id: 2, name: 't' }]);
    expect(await tx.env.model('limb').count({ trunk: 2 })).toBe(9);
    // The one that was to be copied belongs to whom it belonged to; what its trunk owns belongs to the new one.
    expect(await tx.env.model('limb').count({ owner: 2 })).toBe(8);
    expect(new Set((await tx.env.model('limb').search({ trunk: 2 })).mapped('note') as unknown[]).size).toBe(9);
  });

  test('lists in lists are copied however deep they go', async () => {
    const deep = 5_000;
    await tx.env.model('node').create(Array.from({ length: deep }, (_, n) => ({ name: `n${String(n)}` })));
    const all = tx.env.model('node').browse(Array.from({ length: deep }, (_, n) => n + 1));
    await all.load(['parent']);
    for (const node of all) if (Number(node.id) > 1) node.set('parent', Number(node.id) - 1);
    await tx.flush();
    await one(tx, 'node', 1).copy({ name: 'copy' });
    expect(await tx.env.model('node').count()).toBe(2 * deep);
    const last = await tx.env.model('node').search({}, { order: ['-id'], limit: 2 });
    expect(await last.read(['name', 'parent'])).toEqual([{ id: 2 * deep, name: `n${String(deep - 1)}`, parent: 2 * deep - 1 }, { id: 2 * deep - 1, name: `n${String(deep - 2)}`, parent: 2 * deep - 2 }]);
  });
});
