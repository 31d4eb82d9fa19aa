import type { StoredId } from '@ormolu/kernel';
import { char, defineModels, many2many, many2one, one2many } from '@ormolu/registry';
import type { Transaction, Values } from '../src/index';
import { everywhere } from './support/everywhere';
import { one } from './support/open';

/** Trees of which a part goes with what it hangs on, or holds it back. */
const registry = defineModels({
  node: {
    name: char(), path: char({ store: true, recursive: true }),
    parent: many2one('node', { onDelete: 'cascade' }), children: one2many('node', 'parent'),
    other: many2one('node', { onDelete: 'cascade' }),
    tags: many2many('tag'),
  },
  part: { name: char(), whole: many2one('part', { onDelete: 'restrict' }), parts: one2many('part', 'whole') },
  tag: { name: char() },
  link: { name: char(), after: many2one('link', { onDelete: 'cascade', unique: true }), next: one2many('link', 'after') },
  seat: { place: char({ unique: true }), row: many2one('row', { onDelete: 'cascade' }) },
  row: { name: char(), seats: one2many('seat', 'row') },
})
  .compute('node', 'path', ['name', 'parent.path'], (node) => `${node.parent?.path ?? ''}/${node.name ?? ''}`)
  .registry();

everywhere(registry, ({ begin, counting }) => {
  let tx: Transaction;

  /** 1 > 2 > 3 > 4 */
  beforeEach(async () => {
    tx = await begin();
    for (const parent of [null, 1, 2, 3]) await tx.env.model('node').create({ name: `n${String((parent ?? 0) + 1)}`, parent });
    for (const whole of [null, 1, 2]) await tx.env.model('part').create({ name: 'p', whole });
    await tx.flush();
    tx.clear();
  });

  const rows = async (model: string, ...fields: string[]): Promise<unknown> => (await tx.env.model(model).search({}, { order: ['id'] })).read(fields);
  const afterCommit = async (model: string, ...fields: string[]): Promise<unknown> => {
    const now = await rows(model, ...fields);
    await tx.commit();
    tx = await begin();
    expect(await rows(model, ...fields)).toEqual(now);
    return now;
  };
  const node = (id: StoredId, values: Values): Promise<void> => one(tx, 'node', id).write(values);

  test.each([
    ['linked, then deleted', [{ link: 3 }, { delete: 2 }]],
    ['linked, then unlinked', [{ link: 3 }, { unlink: 2 }]],
    ['unlinked, then linked', [{ unlink: 2 }, { link: 3 }]],
    ['the list that it is to be', [3]],
    ['set', [{ set: [3] }]],
  ])('what is moved away from a deleted record stays: %s', async (_, children) => {
    await node(1, { children });
    expect(await one(tx, 'node', 1).read(['children'])).toEqual([{ id: 1, children: [3] }]);
    expect(await afterCommit('node', 'parent', 'path')).toEqual([{ id: 1, parent: null, path: '/n1' }, { id: 3, parent: 1, path: '/n1/n3' }, { id: 4, parent: 3, path: '/n1/n3/n4' }]);
  });

  test('what is moved from further below stays, and the rest between goes', async () => {
    await node(1, { name: 'changed', children: [{ create: { name: 'new' } }, { unlink: 2 }, { link: 4 }] });
    expect(await afterCommit('node', 'name', 'parent')).toEqual([{ id: 1, name: 'changed', parent: null }, { id: 4, name: 'n4', parent: 1 }, { id: 5, name: 'new', parent: 1 }]);
  });

  test('a new record takes over what belongs to the deleted one', async () => {
    await node(1, { children: [{ create: { name: 'new', children: [{ link: 3 }] } }, { delete: 2 }] });
    expect(await afterCommit('node', 'name', 'parent')).toEqual([
      { id: 1, name: 'n1', parent: null }, { id: 3, name: 'n3', parent: 5 }, { id: 4, name: 'n4', parent: 3 }, { id: 5, name: 'new', parent: 1 },
    ]);
  });

  test('what would hold a deleted record back is moved away before', async () => {
    await one(tx, 'part', 1).write({ parts: [{ link: 3 }, { delete: 2 }] });
    expect(await afterCommit('part', 'whole')).toEqual([{ id: 1, whole: null }, { id: 3, whole: 1 }]);
  });

  test('who takes the place of a deleted record finds it free', async () => {
    await tx.env.model('link').create([{ name: 'a', next: [{ create: { name: 'b' } }] }, { name: 'c' }]);
    const [a, b, c] = (await tx.env.model('link').search({}, { order: ['id'] })).ids as [StoredId, StoredId, StoredId];
    await one(tx, 'link', a).write({ next: [{ delete: b }, { link: c }] });
    expect(await afterCommit('link', 'name', 'after')).toEqual([{ id: a, name: 'a', after: null }, { id: c, name: 'c', after: a }]);
  });

  test('what goes by another way is told, and nothing of the call stays', async () => {
    await node(3, { other: 2 });
    const before = await rows('node', 'name', 'parent', 'other', 'path');
    await expect(node(1, { name: 'changed', children: [{ create: { name: 'new' } }, { link: 3 }, { delete: 2 }] })).rejects.toMatchObject({ code: 'TX_RECORD_MISSING' });
    expect(await rows('node', 'name', 'parent', 'other', 'path')).toEqual(before);
    expect(await afterCommit('node', 'name', 'parent', 'other', 'path')).toEqual(before);
  });

  test('what the database refuses after a deletion leaves nothing', async () => {
    await tx.env.model('row').create({ name: 'r', seats: [{ create: { place: 'a' } }, { create: { place: 'b' } }] });
    await expect(one(tx, 'row', 1).write({ name: 's', seats: [{ delete: 1 }, { create: { place: 'b' } }] })).rejects.toMatchObject({ code: 'STORAGE_UNIQUE' });
    expect(await rows('row', 'name', 'seats')).toEqual([{ id: 1, name: 'r', seats: [1, 2] }]);
    expect(await afterCommit('seat', 'place', 'row')).toEqual([{ id: 1, place: 'a', row: 1 }, { id: 2, place: 'b', row: 1 }]);
  });

  test('deletions alone take no savepoint, and nothing more', async () => {
    await tx.env.model('row').create({ name: 'r', seats: [{ create: { place: 'a' } }, { create: { place: 'b' } }] });
    expect(await counting(tx, () => one(tx, 'row', 1).write({ seats: [{ delete: 1 }] }))).toBe(1);
  });
});
