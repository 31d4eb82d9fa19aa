import type { StoredId } from '@ormolu/kernel';
import type { Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { one } from './support/open';
import { shop } from './support/shop';

/** A list with nothing in its first place, not even undefined. */
const GAP: readonly unknown[] = Object.assign([], { 1: 1 });
const registry = shop.registry();

everywhere(registry, ({ begin, counting }) => {
  let tx: Transaction;

  beforeEach(async () => {
    tx = await begin();
    await tx.env.model('customer').create([{ name: 'Ann' }, { name: 'Bob' }]);
    await tx.env.model('label').create([{ name: 'red' }, { name: 'blue' }]);
  });

  const order = (id: StoredId, ...fields: string[]): Promise<unknown> => one(tx, 'order', id).read(fields).then(([row]) => row);
  const rows = async (model: string, ...fields: string[]): Promise<unknown> => (await tx.env.model(model).search({}, { order: ['id'] })).read(fields);

  test('new parents with new children of children: one INSERT a model, however many', async () => {
    const values = [0, 1, 2].map((n) => ({
      name: `o${String(n)}`, customer: 1,
      lines: [{ create: { product: 'a', price: 10, parts: [{ create: { name: 'x' } }, { create: { name: 'y' } }] } }, { create: { product: 'b', price: n, quantity: 2 } }],
      labels: [{ create: { name: `l${String(n)}` } }, { link: 1 }],
    }));
    // Orders, lines, parts, labels, and the pairs of orders and labels.
    expect(await counting(tx, () => tx.env.model('order').create(values))).toBe(5);
    expect(await order(3, 'lines', 'total', 'state', 'labels', 'labelNames')).toEqual({ id: 3, lines: [5, 6], total: 14, state: 'draft', labels: [5, 1], labelNames: 'l2,red' });
    await tx.commit();
    tx = await begin();
    expect(await rows('part', 'line', 'name')).toHaveLength(6);
    expect(await order(3, 'lines', 'total', 'labels')).toEqual({ id: 3, lines: [5, 6], total: 14, labels: [1, 5] });
    expect(await one(tx, 'customer', 1).read(['total', 'orders'])).toEqual([{ id: 1, total: 36, orders: [1, 2, 3] }]);
  });

  test('commands on the lists of existing records: create, update, delete, unlink, link, clear, set', async () => {
    await tx.env.model('order').create([
      { name: 'o', lines: [{ create: { product: 'a', price: 1 } }, { create: { product: 'b', price: 2 } }], notes: [{ create: { text: 'm' } }, { create: { text: 'n' } }] },
      { name: 'p', lines: [{ create: { product: 'c', price: 4 } }] },
    ]);
    await one(tx, 'order', 1).write({ lines: [{ create: { product: 'd', price: 8 } }, { update: [1, { price: 16 }] }, { delete: 2 }], notes: [{ unlink: 1 }] });
    expect(await order(1, 'lines', 'total', 'notes')).toEqual({ id: 1, lines: [1, 4], total: 24, notes: [2] });
    await one(tx, 'order', 2).write({ lines: [{ set: [1, 3] }], notes: [{ link: 1 }, { link: 2 }] });
    expect(await order(1, 'lines', 'total', 'notes')).toEqual({ id: 1, lines: [4], total: 8, notes: [] });
    expect(await order(2, 'lines', 'total', 'notes')).toEqual({ id: 2, lines: [3, 1], total: 20, notes: [1, 2] });
    await one(tx, 'order', 2).write({ lines: [{ clear: true }], notes: [{ clear: true }] });
    await tx.commit();
    tx = await begin();
    // Lines go with their order, notes stay without one.
    expect(await rows('line', 'order', 'product')).toEqual([{ id: 4, order: 1, product: 'd' }]);
    expect(await rows('note', 'order')).toEqual([{ id: 1, order: null }, { id: 2, order: null }]);
    expect(await order(2, 'lines', 'total')).toEqual({ id: 2, lines: [], total: 0 });
  });

  test('a plain list of ids or records is all that the list holds', async () => {
    await tx.env.model('note').create([{ text: 'm' }, { text: 'n' }]);
    await tx.env.model('order').create({ name: 'o', notes: [1], labels: tx.env.model('label').browse([1, 2]) });
    expect(await order(1, 'notes', 'labels')).toEqual({ id: 1, notes: [1], labels: [1, 2] });
    await one(tx, 'order', 1).write({ notes: [one(tx, 'note', 2)], labels: [] });
    expect(await order(1, 'notes', 'labels', 'labelNames')).toEqual({ id: 1, notes: [2], labels: [], labelNames: '' });
  });

  test('commands on a many2many: created for all, linked, unlinked and deleted', async () => {
    await tx.env.model('order').create([{ name: 'o', labels: [1] }, { name: 'p', labels: [2] }]);
    await tx.env.model('order').browse([1, 2]).write({ labels: [{ create: { name: 'new' } }, { link: 2 }, { unlink: 1 }, { update: [2, { name: 'navy' }] }] });
    expect(await order(1, 'labels', 'labelNames')).toEqual({ id: 1, labels: [3, 2], labelNames: 'navy,new' });
    await one(tx, 'order', 2).write({ labels: [{ delete: 2 }] });
    expect(await order(1, 'labels', 'labelNames')).toEqual({ id: 1, labels: [3], labelNames: 'new' });
    expect(await rows('label', 'orders')).toEqual([{ id: 1, orders: [] }, { id: 3, orders: [1, 2] }]);
  });

  test('a record leaves the list of its owner, and of nobody else', async () => {
    await tx.env.model('order').create([{ name: 'o', notes: [{ create: { text: 'm' } }] }, { name: 'p' }]);
    await tx.flush();
    tx.clear();
    await one(tx, 'order', 2).write({ notes: [{ unlink: 1 }] });
    expect(await order(1, 'notes')).toEqual({ id: 1, notes: [1] });
  });


  test('bad commands and bad values below them leave nothing', async () => {
    await tx.env.model('order').create({ name: 'o', lines: [{ create: { product: 'a', price: 1 } }] });
    await tx.flush();
    const refused: [unknown, string][] = [
      [[{ crate: {} }], 'TX_COMMAND_INVALID'], [[{ link: 1, unlink: 2 }], 'TX_COMMAND_INVALID'], [[{ clear: false }], 'TX_COMMAND_INVALID'], [[{ update: 1 }], 'TX_COMMAND_INVALID'],
      [GAP, 'FIELD_VALUE_INVALID'], [[{ set: GAP }], 'FIELD_VALUE_INVALID'], [Object.assign([], { 1: { clear: true } }), 'FIELD_VALUE_INVALID'],
      [[{ link: 'x' }], 'FIELD_VALUE_INVALID'], ['x', 'FIELD_VALUE_INVALID'], [[{ create: { product: 'b', prise: 2 } }], 'FIELD_UNKNOWN'], [[{ create: { price: 2 } }], 'TX_REQUIRED'],
      [[{ update: [1, { price: 'dear' }] }], 'FIELD_VALUE_INVALID'], [[{ update: [1, { order: null }] }], 'TX_REQUIRED'],
    ];
    for (const [lines, code] of refused) {
      expect(await counting(tx, () => expect(one(tx, 'order', 1).write({ name: 'p', lines })).rejects.toMatchObject({ code }))).toBe(0);
      await expect(tx.env.model('order').create([{ name: 'q' }, { name: 'p', lines }])).rejects.toMatchObject({ code });
    }
    expect(tx.towrite.size).toBe(0);
    expect(await rows('line', 'product', 'price')).toEqual([{ id: 1, product: 'a', price: 1 }]);
    expect(await rows('order', 'name')).toEqual([{ id: 1, name: 'o' }]);
  });

  test('a record that must have an owner, and would not go with it, is not taken from it', async () => {
    await expect(tx.env.model('order').create({ name: 'o', lines: [{ create: { product: 'a', order: null } }] })).rejects.toMatchObject({ code: 'TX_REQUIRED' });
  });

  test('a rollback to a savepoint takes created children, links and deletions back', async () => {
    await tx.env.model('order').create({ name: 'o', lines: [{ create: { product: 'a', price: 1 } }], labels: [1] });
    await one(tx, 'order', 1).load(['total', 'lines', 'labels']);
    await expect(tx.savepoint(async () => {
      await one(tx, 'order', 1).write({ lines: [{ delete: 1 }, { create: { product: 'b', price: 2 } }], labels: [{ create: { name: 'x' } }, { unlink: 1 }] });
      expect(await order(1, 'total', 'labelNames')).toEqual({ id: 1, total: 2, labelNames: 'x' });
      throw new Error('back');
    })).rejects.toThrow('back');
    expect(await order(1, 'lines', 'total', 'labels', 'labelNames')).toEqual({ id: 1, lines: [1], total: 1, labels: [1], labelNames: 'red' });
    await tx.commit();
    tx = await begin();
    expect(await order(1, 'lines', 'total', 'labels')).toEqual({ id: 1, lines: [1], total: 1, labels: [1] });
  });
});
