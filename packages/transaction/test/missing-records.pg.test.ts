import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { one } from './support/open';
import { shop } from './support/shop';

everywhere(shop.registry(), ({ begin, counting }) => {
  let tx: Transaction;

  beforeEach(async () => {
    tx = await begin();
    await tx.env.model('label').create({ name: 'red' });
    await tx.env.model('order').create([{ name: 'o', lines: [{ create: { product: 'a' } }], labels: [1] }, { name: 'p' }]);
    await tx.flush();
    tx.clear();
  });

  const missing = { code: 'TX_RECORD_MISSING', details: { model: 'order', ids: [9999] } };
  const order = (...ids: readonly number[]): RecordSet => tx.env.model('order').browse(ids.length > 0 ? ids : [9999]);

  test.each(['labels', 'lines'])('who reads %s of a record that is not there is told, in a run and after load', async (list) => {
    await expect(tx.run(() => (order().at(0)!.get(list) as RecordSet).length)).rejects.toMatchObject(missing);
    tx.clear();
    await order(2, 9999).load([list]);
    expect((order(2).at(0)!.get(list) as RecordSet).ids).toEqual([]);
    expect(() => order().at(0)!.get(list)).toThrow('order(9999) does not exist');
    tx.clear();
    await expect(order(2, 9999).read([list])).rejects.toMatchObject(missing);
    tx.clear();
    await expect(order(1, 9999).read([list, 'name'])).rejects.toMatchObject(missing);
  });

  test('it costs a statement where ids were named and nothing but empty lists came of them, and none elsewhere', async () => {
    const lengths = (orders: RecordSet) => (): unknown[] => [...orders].map((one) => (one.get('lines') as RecordSet).length);
    expect(await counting(tx, () => tx.run(lengths(order(1))))).toBe(1);
    tx.clear();
    expect(await counting(tx, () => tx.run(lengths(order(1, 2))))).toBe(1);
    tx.clear();
    expect(await counting(tx, () => tx.run(lengths(order(2))))).toBe(2);
    tx.clear();
    const found = await tx.env.model('order').search();
    expect(await counting(tx, () => tx.run(lengths(found)))).toBe(1);
    tx.clear();
    await order(1, 2).load(['name']);
    expect(await counting(tx, () => order(1, 2).load(['lines', 'labels']))).toBe(2);
  });

  test.each([
    ['an empty list', { labels: [] }], ['commands', { labels: [{ link: 1 }] }], ['a one2many', { lines: [] }], ['a new record', { lines: [{ create: { product: 'x' } }] }],
  ])('writing %s to a record that is not there is refused before anything is sent that changes', async (_, values) => {
    await expect(order().write(values)).rejects.toMatchObject(missing);
    expect([tx.towrite.size, tx.pairs.tables(), await tx.env.model('line').count()]).toEqual([0, [], 1]);
  });

  test('what memory knows to be missing is not referred to', async () => {
    for (const model of ['label', 'note', 'customer']) await one(tx, model, 77).load(['name']).catch(() => one(tx, model, 77).load(['text']));
    const details = (model: string): object => ({ code: 'TX_RECORD_MISSING', details: { model, ids: [77] }, message: expect.stringContaining('was to refer to it') as unknown });
    await expect(order(1).write({ labels: [{ link: 77 }] })).rejects.toMatchObject(details('label'));
    await expect(order(1).write({ notes: [77] })).rejects.toMatchObject(details('note'));
    await expect(order(1).write({ customer: 77 })).rejects.toMatchObject(details('customer'));
    await expect(tx.env.model('order').create({ name: 'q', customer: 77 })).rejects.toMatchObject(details('customer'));
    await expect(tx.env.model('order').create({ name: 'q', labels: [77] })).rejects.toMatchObject(details('label'));
    expect(tx.towrite.size).toBe(0);
  });

  test('what memory does not know to be missing, the database refuses, in words of the list', async () => {
    const inSavepoint = (work: () => Promise<unknown>): Promise<unknown> => tx.savepoint(async () => {
      await work();
      await tx.flush();
    });
    const refused = { code: 'STORAGE_FOREIGN_KEY', details: { model: 'order', field: 'labels', ids: [1, 9999] }, message: expect.stringContaining('order.labels was to hold label(1, 9999), of which not all exist') as unknown };
    await expect(inSavepoint(() => order(2).write({ labels: [{ link: 1 }, { link: 9999 }] }))).rejects.toMatchObject(refused);
    await expect(inSavepoint(() => tx.env.model('label').browse(1).write({ orders: [9999] }))).rejects.toMatchObject({ code: 'STORAGE_FOREIGN_KEY', details: { model: 'label', field: 'orders', ids: [9999] } });
    await expect(inSavepoint(() => order(2).write({ notes: [{ link: 9999 }] }))).rejects.toMatchObject({ code: 'TX_RECORD_MISSING', details: { model: 'note', ids: [9999] } });
    await expect(inSavepoint(() => order(2).write({ customer: 9999 }))).rejects.toMatchObject({ code: 'STORAGE_FOREIGN_KEY', details: { model: 'order', field: 'customer' } });
  });

  test.each(['lines', 'labels'])('what a command on %s deletes, none after it has, on records and drafts', async (list) => {
    const draft = tx.env.model('order').new({}, { origin: 1 });
    await draft.load([list]);
    for (const after of [{ link: 1 }, { set: [1] }, { update: [1, {}] }]) {
      const commands = { [list]: [{ delete: 1 }, after] };
      for (const record of [order(1), draft]) await expect(record.write(commands)).rejects.toMatchObject({ code: 'TX_COMMAND_INVALID', message: expect.stringContaining('of 1 comes after the command that deletes it') as unknown });
      await expect(tx.env.model('order').create({ name: 'q', ...commands })).rejects.toMatchObject({ code: 'TX_COMMAND_INVALID' });
    }
    await order(1).write({ [list]: [{ link: 1 }, { delete: 1 }, { unlink: 1 }, { delete: 1 }] });
    expect((await order(1).read([list]))[0]).toEqual({ id: 1, [list]: [] });
    expect(await tx.env.model(list === 'lines' ? 'line' : 'label').count()).toBe(0);
  });

  test('a record made in the list of one is not given to another', async () => {
    const refused = { code: 'TX_COMMAND_INVALID', message: expect.stringContaining('Leave order out') as unknown };
    for (const other of [2, order(2).at(0)]) {
      await expect(order(1).write({ lines: [{ create: { product: 'x', order: other } }] })).rejects.toMatchObject(refused);
      await expect(tx.env.model('order').create({ name: 'q', lines: [{ create: { product: 'x', order: other } }] })).rejects.toMatchObject(refused);
      expect(() => tx.env.model('order').new({ lines: [{ create: { product: 'x', order: other } }] })).toThrow(/Leave order out/);
    }
    await order(1).write({ lines: [{ create: { product: 'x', order: 1 } }] });
    expect((await order(1).read(['lines']))[0]).toEqual({ id: 1, lines: [1, 2] });
  });
});
