import { NewId, type StoredId } from '@ormolu/kernel';
import type { RecordSet, Transaction } from '../src/index';
import { everywhere } from './support/everywhere';
import { one } from './support/open';
import { shop } from './support/shop';

const registry = shop.registry();

everywhere(registry, ({ begin, counting }) => {
  let tx: Transaction;

  beforeEach(async () => {
    tx = await begin();
    await tx.env.model('customer').create([{ name: 'Ann' }, { name: 'Bob' }]);
    await tx.env.model('label').create([{ name: 'red' }, { name: 'blue' }]);
    await tx.env.model('order').create({ name: 'o1', customer: 1, labels: [1], lines: [{ create: { product: 'a', price: 3, quantity: 2 } }, { create: { product: 'b', price: 1 } }] });
    await tx.flush();
    tx.clear();
  });

  const idsOf = (record: RecordSet, field: string): readonly unknown[] => (record.get(field) as RecordSet).ids;
  const rows = async (model: string, ...fields: string[]): Promise<unknown> => (await tx.env.model(model).search({}, { order: ['id'] })).read(fields);
  const read = async (model: string, id: StoredId, ...fields: string[]): Promise<unknown> => (await one(tx, model, id).read(fields))[0];

  test('a draft has its values, defaults, nothing for the rest, and computes', () => {
    const draft = tx.env.model('order').new({ name: 'd', lines: [{ create: { product: 'x', price: 5, quantity: 2 } }, { create: { price: 1 } }] });
    expect(draft.id).toBeInstanceOf(NewId);
    expect([draft.get('name'), draft.get('state'), draft.get('customer'), draft.get('total')]).toEqual(['d', 'draft', null, 11]);
    const [first, second] = draft.get('lines') as RecordSet;
    expect([first?.get('subtotal'), second?.get('quantity'), second?.get('product')]).toEqual([10, 1, null]);
    expect((first?.get('order') as RecordSet).id).toBe(draft.id);
    expect(tx.towrite.size).toBe(0);
    expect(tx.tocompute.size).toBe(0);
  });

  test('what a draft is given is seen by what depends on it, on other drafts, and on no record of the database', async () => {
    await one(tx, 'customer', 1).load(['orders', 'total', 'name']);
    const draft = tx.env.model('order').new({ name: 'd', customer: 1, lines: [{ create: { product: 'x', price: 5 } }] });
    expect(draft.get('total')).toBe(5);
    const [line] = draft.get('lines') as RecordSet;
    line!.set('price', 7);
    expect(draft.get('total')).toBe(7);
    line!.set('order', null);
    expect([idsOf(draft, 'lines'), draft.get('total')]).toEqual([[], 0]);
    const other = tx.env.model('line').new({ price: 4, order: draft });
    expect(idsOf(draft, 'lines')).toEqual(other.ids);
    expect(draft.get('total')).toBe(4);
    expect([idsOf(one(tx, 'customer', 1), 'orders'), one(tx, 'customer', 1).get('total')]).toEqual([[1], 7]);
    expect((draft.get('customer') as RecordSet).get('name')).toBe('Ann');
    expect(tx.tocompute.size).toBe(0);
  });

  test.each(['clear', 'reset'] as const)('a draft that %s() has forgotten says so, and is not saved empty', async (call) => {
    const draft = tx.env.model('order').new({ name: 'd', lines: [{ create: { product: 'x', price: 5 } }] });
    const saved = tx.env.model('order').new({ name: 's' });
    await saved.save();
    const line = (draft.get('lines') as RecordSet).at(0)!;
    const customer = one(tx, 'customer', 1);
    await tx.savepoint(async () => {
      await tx[call]();
      throw new Error('taken back');
    }).catch(() => undefined);
    expect([draft.get('name'), draft.get('total'), line.get('price')]).toEqual(['d', 5, 5]);
    await tx[call]();
    const forgotten = { code: 'TX_DRAFT_FORGOTTEN', message: expect.stringMatching(/The draft (order|line)\(new#\d+\) was forgotten by clear\(\) or reset\(\)/) as unknown };
    const uses: readonly (() => unknown)[] = [
      () => draft.get('name'), () => draft.get('total'), () => line.get('price'), () => { draft.set('name', 'e'); }, () => tx.run(() => draft.get('total')),
      () => draft.load(['name', 'total']), () => draft.read(['name']), () => draft.write({ name: 'e' }), () => draft.save(), () => draft.mapped('name'),
      () => { customer.set('favourite', draft); }, () => tx.env.model('line').new({ order: draft }).save(),
    ];
    for (const use of uses) await expect(Promise.resolve().then(use)).rejects.toMatchObject(forgotten);
    expect(await tx.env.model('order').count()).toBe(2);
    expect((await saved.read(['name', 'lines']))[0]).toMatchObject({ name: 's', lines: [] });
  });

  test('a record that is not there is missing for copies, drafts made from it, and writes of lists alone', async () => {
    const missing = { code: 'TX_RECORD_MISSING' };
    await expect(one(tx, 'order', 9999).copy()).rejects.toMatchObject(missing);
    await expect(tx.env.model('order').browse([1, 9999]).copy()).rejects.toMatchObject(missing);
    const draft = tx.env.model('order').new({}, { origin: 9998 });
    await expect(tx.run(() => draft.get('name'))).rejects.toMatchObject(missing);
    await expect(tx.run(() => draft.get('total'))).rejects.toMatchObject({ code: 'TX_COMPUTE_FAILED', cause: missing });
    const order = one(tx, 'order', 1);
    await order.unlink();
    for (const values of [{ labels: [{ link: 1 }] }, { labels: [] }, { lines: [] }, { name: 'x' }]) await expect(order.write(values)).rejects.toMatchObject(missing);
    expect(await tx.env.model('order').count()).toBe(0);
  });

  test('a draft follows what it reads of records of the database', async () => {
    await tx.env.model('label').browse([1, 2]).load(['name']);
    const draft = tx.env.model('order').new({ labels: [1, 2] });
    expect(draft.get('labelNames')).toBe('blue,red');
    const shadow = (draft.get('labels') as RecordSet).at(0);
    expect([shadow?.id instanceof NewId, shadow?.get('name')]).toEqual([true, 'red']);
  });

  test('a draft with an origin reads through it, until it has a value of its own; the origin does not change', async () => {
    const draft = tx.env.model('order').new({}, { origin: 1, ref: 'form' });
    expect(String(draft.id)).toBe('new:form');
    expect(() => draft.get('name')).toThrow(/not loaded/);
    expect(await tx.run(() => [draft.get('name'), draft.get('total'), (draft.get('customer') as RecordSet).id])).toEqual(['o1', 7, 1]);
    const [line] = draft.get('lines') as RecordSet;
    expect((line?.id as NewId).origin).toBe(1);
    line!.set('price', 10);
    draft.set('name', 'changed');
    expect([draft.get('name'), draft.get('total')]).toEqual(['changed', 21]);
    expect([one(tx, 'order', 1).get('name'), await read('order', 1, 'total')]).toEqual(['o1', { id: 1, total: 7 }]);
    expect(await draft.read(['name', 'total'])).toMatchObject([{ name: 'changed', total: 21 }]);
  });

  test('saving inserts drafts and their new children, one INSERT a model, and the ids stand everywhere', async () => {
    const drafts = [1, 2, 3].map((n) => tx.env.model('order').new({ name: `d${String(n)}`, customer: n === 3 ? null : n, labels: [1, { create: { name: `l${String(n)}` } }], lines: [{ create: { product: 'x', price: n } }, { create: { product: 'y' } }] }));
    const [first, second] = drafts as [RecordSet, RecordSet];
    const lines = first.get('lines') as RecordSet;
    const set = tx.env.model('order').browse(drafts.flatMap(({ ids }) => ids));
    let saved = set;
    // Labels, orders, lines, and the pairs of orders and labels.
    expect(await counting(tx, async () => {
      saved = await set.save();
    })).toBe(4);
    expect(saved.ids).toEqual([2, 3, 4]);
    expect(idsOf(saved.at(0)!, 'lines')).toEqual([3, 4]);
    expect(idsOf(saved.at(1)!, 'labels')).toEqual([1, 4]);
    // Who still holds the drafts holds the records.
    expect([first.get('name'), idsOf(first, 'lines'), (lines.at(0)!.get('order') as RecordSet).id]).toEqual(['d1', [3, 4], 2]);
    second.set('name', 'renamed');
    await tx.commit();
    tx = await begin();
    expect(await rows('order', 'name', 'total', 'lines', 'labels', 'state')).toEqual([
      { id: 1, name: 'o1', total: 7, lines: [1, 2], labels: [1], state: 'draft' }, { id: 2, name: 'd1', total: 1, lines: [3, 4], labels: [1, 3], state: 'draft' },
      { id: 3, name: 'renamed', total: 2, lines: [5, 6], labels: [1, 4], state: 'draft' }, { id: 4, name: 'd3', total: 3, lines: [7, 8], labels: [1, 5], state: 'draft' },
    ]);
    expect(await rows('customer', 'orders', 'total')).toEqual([{ id: 1, orders: [1, 2], total: 8 }, { id: 2, orders: [3], total: 2 }]);
  });

  test('saving a draft with an origin writes what it changed, adds and removes children', async () => {
    const draft = tx.env.model('order').new({}, { origin: 1 });
    await draft.load(['total', 'labels']);
    const [first, second] = draft.get('lines') as RecordSet;
    first!.set('price', 10);
    await draft.write({ name: 'changed', lines: [{ delete: second!.id }, { create: { product: 'c', price: 5 } }], labels: [2] });
    expect([draft.get('total'), (draft.get('lines') as RecordSet).length]).toEqual([25, 2]);
    expect((await draft.save()).ids).toEqual([1]);
    expect(draft.get('name')).toBe('changed');
    await tx.commit();
    tx = await begin();
    expect(await rows('order', 'name', 'total', 'lines', 'labels', 'labelNames')).toEqual([{ id: 1, name: 'changed', total: 25, lines: [1, 3], labels: [2], labelNames: 'blue' }]);
    expect(await rows('line', 'product', 'price')).toEqual([{ id: 1, product: 'a', price: 10 }, { id: 3, product: 'c', price: 5 }]);
  });

  test('drafts that refer to each other in a circle are inserted, then completed', async () => {
    const customer = tx.env.model('customer').new({ name: 'Cy' });
    const order = tx.env.model('order').new({ name: 'd', customer });
    customer.set('favourite', order);
    const note = tx.env.model('note').new({ text: 'n', order });
    note.set('answers', note);
    const made = await counting(tx, () => note.save());
    // Three INSERTs, and an UPDATE for each reference that had to wait.
    expect(made).toBe(5);
    await tx.commit();
    tx = await begin();
    expect(await read('customer', 3, 'favourite', 'orders')).toEqual({ id: 3, favourite: 2, orders: [2] });
    expect(await read('note', 1, 'answers', 'order')).toEqual({ id: 1, answers: 1, order: 2 });
  });

  test('a record that was assigned a draft waits for it: flush says so, and writes it when the draft is saved', async () => {
    await one(tx, 'order', 1).load(['customer', 'name']);
    const draft = tx.env.model('customer').new({ name: 'Dee' });
    one(tx, 'order', 1).set('customer', draft);
    one(tx, 'order', 1).set('name', 'o2');
    expect(idsOf(draft, 'orders')).toEqual([1]);
    await expect(tx.flush()).rejects.toMatchObject({ code: 'TX_DRAFT_UNSAVED' });
    expect((await tx.session.read({ model: 'order', ids: [1], fields: ['name'] })).columns).toEqual([['o2']]);
    await draft.save();
    expect((one(tx, 'order', 1).get('customer') as RecordSet).id).toBe(3);
    await tx.commit();
    tx = await begin();
    expect(await read('customer', 3, 'orders', 'total')).toEqual({ id: 3, orders: [1], total: 7 });
    expect(await read('customer', 1, 'orders', 'total')).toEqual({ id: 1, orders: [], total: 0 });
  });

  test('a flush leaves drafts alone, and forgetting clean values does not lose what they were given', async () => {
    const draft = tx.env.model('order').new({ name: 'd', lines: [{ create: { product: 'x', price: 2 } }] });
    await tx.flush();
    tx.cache.invalidate();
    expect([draft.get('name'), draft.get('total')]).toEqual(['d', 2]);
    expect(await tx.env.model('order').count()).toBe(1);
  });

  test('a rollback to a savepoint makes saved drafts drafts again', async () => {
    const draft = tx.env.model('order').new({ name: 'd', customer: 1, lines: [{ create: { product: 'x', price: 2 } }] });
    await expect(tx.savepoint(async () => {
      await draft.save();
      throw new Error('back');
    })).rejects.toThrow('back');
    expect([draft.id instanceof NewId, draft.get('name'), draft.get('total')]).toEqual([true, 'd', 2]);
    const { ids } = await draft.save();
    await tx.commit();
    tx = await begin();
    expect(await read('order', ids[0] as StoredId, 'total', 'customer')).toMatchObject({ total: 2, customer: 1 });
    expect(await tx.env.model('order').count()).toBe(2);
  });

  test('a saved draft, and what its lists held, have the ids of the database for whoever holds them, until the save is taken back', async () => {
    const draft = tx.env.model('order').new({ name: 'd', lines: [{ create: { product: 'x', price: 5 } }, { create: { product: 'y', price: 1 } }] });
    const lines = draft.get('lines') as RecordSet;
    const [first] = lines;
    const others = tx.env.model('line').browse([lines.ids[1] ?? 0, 1]);
    await expect(tx.savepoint(async () => {
      const saved = await draft.save();
      expect([draft.id, first?.id]).toEqual([saved.id, idsOf(saved, 'lines')[0]]);
      expect([lines.ids, lines.at(1)?.id, others.ids]).toEqual([idsOf(saved, 'lines'), idsOf(saved, 'lines')[1], [idsOf(saved, 'lines')[1], 1]]);
      expect(lines.subtract(saved.get('lines') as RecordSet).length).toBe(0);
      expect(String(first)).toBe(`line(${String(first?.id)})`);
      throw new Error('back');
    })).rejects.toThrow('back');
    for (const id of [draft.id, first?.id, ...lines.ids]) expect(id).toBeInstanceOf(NewId);
  });

  test('a draft made inside a run that is begun again leaves nothing behind', async () => {
    const draft = await tx.run(() => {
      const made = tx.env.model('order').new({ name: 'd', customer: 1 });
      expect((made.get('customer') as RecordSet).get('name')).toBe('Ann');
      return made;
    });
    expect(tx.drafts.of('order')).toEqual(draft.ids);
  });

  test('misuse: what is required is asked for when a draft is saved, drafts are not deleted, lists of records take none', async () => {
    const draft = tx.env.model('order').new({ lines: [{ create: { price: 2 } }] });
    await expect(draft.save()).rejects.toMatchObject({ code: 'TX_REQUIRED' });
    draft.set('name', null);
    await expect(draft.save()).rejects.toMatchObject({ code: 'TX_REQUIRED' });
    await expect(draft.unlink()).rejects.toMatchObject({ code: 'TX_DRAFT_UNSAVED' });
    await expect(one(tx, 'label', 1).write({ orders: [draft] })).rejects.toMatchObject({ code: 'TX_DRAFT_UNSAVED' });
    await expect(tx.env.model('line').create({ product: 'x', order: draft })).rejects.toMatchObject({ code: 'TX_DRAFT_UNSAVED' });
    expect(() => tx.env.model('order').new({ total: 3 })).toThrow(/computed/);
    expect(() => tx.env.model('order').new({ nme: 'x' })).toThrow(/no field 'nme'/);
    expect(await tx.env.model('order').count()).toBe(1);
  });
});
