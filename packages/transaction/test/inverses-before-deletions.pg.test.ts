import { char, defineModels, many2many, many2one, one2many, related } from '@ormolu/registry';
import type { Transaction, Values } from '../src/index';
import { everywhere } from './support/everywhere';
import { one } from './support/open';

const models = defineModels({
  customer: { orders: one2many('order', 'customer'), lines: one2many('line', 'customer') },
  order: {
    name: char(), customer: many2one('customer', { onDelete: 'cascade' }), main: many2one('line', { onDelete: 'restrict' }), choice: many2one('line'), lines: one2many('line', 'order'),
    head: many2one('line', { readonly: false }), moveTo: many2one('order', { readonly: false }), mine: many2many('line', { readonly: false }), freed: char({ readonly: false }), loud: char({ readonly: false }),
  },
  line: {
    order: many2one('order', { onDelete: 'cascade' }), customer: many2one('customer'), code: char({ unique: true }), labels: many2many('label'),
    home: many2one('order', { readonly: false }), via: many2one('via'), viaOrder: related('via.order'), orderName: related('order.name'),
  },
  via: { order: many2one('order', { onDelete: 'cascade' }) },
  label: {},
})
  .compute('order', 'head', ['main'], (order) => order.main)
  .inverse('order', 'head', (order) => { order.main = order.head; })
  .compute('order', 'moveTo', [], () => null)
  .inverse('order', 'moveTo', (order) => { for (const line of order.lines) line.order = order.moveTo; })
  .compute('order', 'mine', ['lines'], (order) => order.lines)
  .inverse('order', 'mine', (order) => { for (const line of order.mine) line.order = order; })
  .compute('order', 'freed', [], () => null)
  .inverse('order', 'freed', (order) => { for (const line of order.lines) if (line.code === order.freed && line.customer === null) line.code = null; })
  .compute('order', 'loud', ['name'], (order) => (order.name ?? '').toUpperCase())
  .inverse('order', 'loud', (order) => { order.name = (order.loud ?? '').toLowerCase(); })
  .compute('line', 'home', ['order'], (line) => line.order)
  .inverse('line', 'home', (line) => { line.order = line.home; });

// What inverses do of a call's values they do before the call deletes anybody: who is moved away stays, who is let go may go, what is given to who goes is heard.
everywhere(models.registry(), ({ begin }) => {
  let tx: Transaction;

  beforeEach(async () => {
    tx = await begin();
    await tx.env.model('label').create({});
    await tx.env.model('customer').create({});
    await tx.env.model('order').create([{ name: 'one', customer: 1 }, { name: 'two', customer: 1 }]);
    await tx.env.model('via').create({ order: 1 });
    await tx.env.model('line').create([{ order: 1, code: 'A', customer: 1, via: 1 }, { order: 1, code: 'B' }, { order: 2, code: 'C' }]);
    await one(tx, 'order', 2).write({ main: 3 });
    await tx.flush();
    tx.clear();
  });

  const orders = [{ id: 1, name: 'one' }, { id: 2, name: 'two' }];
  test.each<[string, string, Values, Readonly<Record<string, readonly unknown[]>>]>([
    ['a member is moved by its own field', 'customer', { lines: [{ update: [1, { home: 2 }] }], orders: [{ delete: 1 }] }, { line: [{ id: 1, order: 2 }, { id: 3, order: 2 }], order: [orders[1]] }],
    ['members are moved by their owner', 'customer', { orders: [{ update: [1, { moveTo: 2 }] }, { delete: 1 }] }, { line: [1, 2, 3].map((id) => ({ id, order: 2 })), order: [orders[1]] }],
    ['members are taken into a whole list', 'customer', { orders: [{ update: [2, { mine: [1, 3] }] }, { delete: 1 }] }, { line: [{ id: 1, order: 2 }, { id: 3, order: 2 }], order: [orders[1]] }],
    ['a member is linked', 'customer', { orders: [{ update: [2, { mine: [{ link: 1 }] }] }, { delete: 1 }] }, { line: [{ id: 1, order: 2 }, { id: 3, order: 2 }], order: [orders[1]] }],
    ['what a related field shows is moved', 'customer', { lines: [{ update: [1, { viaOrder: 2 }] }], orders: [{ delete: 1 }] }, { via: [{ id: 1, order: 2 }], order: [orders[1]] }],
    ['members have left the list that is emptied', 'order', { moveTo: 2, lines: [{ clear: true }] }, { line: [1, 2, 3].map((id) => ({ id, order: 2 })) }],
    ['who holds a record back lets it go', 'order 2', { head: null, lines: [{ delete: 3 }] }, { line: [{ id: 1 }, { id: 2 }], order: [{ id: 1, main: null }, { id: 2, main: null }] }],
    ['a unique value is given up', 'order', { freed: 'B', lines: [{ update: [1, { code: 'B' }] }, { delete: 2 }] }, { line: [{ id: 1, code: 'B' }, { id: 3, code: 'C' }] }],
    ['who goes writes to who stays', 'order', { lines: [{ update: [1, { orderName: 'told' }] }, { delete: 1 }] }, { line: [{ id: 2 }, { id: 3 }], order: [{ id: 1, name: 'told' }, { id: 2, name: 'two' }] }],
    ['a reference to who goes', 'order', { loud: 'X', choice: 2, lines: [{ delete: 2 }] }, { order: [{ id: 1, name: 'x', choice: null }, { id: 2, name: 'two', choice: null }] }],
    ['lists of who goes', 'order', { loud: 'X', lines: [{ update: [2, { labels: [{ link: 1 }] }] }, { clear: true }] }, { line: [{ id: 3, labels: [] }], order: [{ id: 1, name: 'x' }, { id: 2, name: 'two' }] }],
    ['lists of who goes, plainly', 'order', { lines: [{ update: [2, { labels: [{ link: 1 }] }] }, { clear: true }] }, { line: [{ id: 3, labels: [] }], order: orders }],
    ['lists of who is deleted, plainly', 'order', { name: 'x', lines: [{ update: [2, { labels: [{ link: 1 }, { create: {} }] }] }, { delete: 2 }] }, { line: [{ id: 1, labels: [] }, { id: 3, labels: [] }], label: [{ id: 1 }, { id: 2 }] }],
  ])('%s', async (_, what, values, wanted) => {
    const [model = '', id = '1'] = what.split(' ');
    await one(tx, model, Number(id)).write(values);
    const expectAll = async (): Promise<void> => {
      for (const [of, rows] of Object.entries(wanted)) {
        const fields = Object.keys(rows[0] as object).filter((name) => name !== 'id');
        expect(await (await tx.env.model(of).search({}, { order: ['id'] })).read(fields)).toEqual(rows);
      }
    };
    await expectAll();
    await tx.flush();
    tx.clear();
    await expectAll();
  });
});
